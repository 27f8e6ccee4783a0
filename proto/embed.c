/* Texts to vectors, and what must not be sent for them. */

#include "proto/embed.h"

#include <fnmatch.h>
#include <string.h>

#include "libcommon/err.h"
#include "proto/bounds.h"

static const struct field embed_text_fields[] = {
	F_STR(struct embed_text, path, 0, 1, BOUND_PATH),
	F_STR(struct embed_text, text, FIELD_REQUIRED, 1, BOUND_EMBED_TEXT),
};
SHAPE(embed, embed_text, embed_text_fields);

static const struct field embed_request_fields[] = {
	F_STR(struct embed_request, workspace_id, FIELD_TOKEN, 0, BOUND_ID),
	F_LIST(struct embed_request, texts, 0, embed_text, BOUND_EMBED_TEXTS),
};
SHAPE(embed, embed_request, embed_request_fields);

static const struct field embed_vectors_fields[] = {
	F_STR(struct embed_vectors, model, FIELD_TOKEN, 0, BOUND_NAME),
	F_INT(struct embed_vectors, n_dimensions, 0, 0, BOUND_DIMENSIONS),
	F_STRS(
	    struct embed_vectors, vectors, 0, BOUND_EMBED_TEXTS, BOUND_VECTOR),
};
SHAPE(embed, embed_vectors, embed_vectors_fields);

enum { GLOB_BYTES = 256 };

static const char *
next_part(const char *at)
{
	at += strcspn(at, "/");
	return at + (*at == '/');
}

static bool
is_any_parts(const char *glob)
{
	return strcspn(glob, "/") == 2 && strncmp(glob, "**", 2) == 0;
}

/* The first parts of both, which may be too long to be compared. */
static bool
covers_part(const char *glob, const char *path)
{
	char pattern[GLOB_BYTES], name[GLOB_BYTES];
	size_t glob_size = strcspn(glob, "/"), size = strcspn(path, "/");

	if (glob_size >= sizeof(pattern) || size >= sizeof(name))
		return true;
	memcpy(pattern, glob, glob_size);
	pattern[glob_size] = '\0';
	memcpy(name, path, size);
	name[size] = '\0';
	return fnmatch(pattern, name, 0) == 0;
}

/* Part for part; the last two asterisks take as many as the rest needs. */
static bool
covers_parts(const char *glob, const char *path)
{
	const char *rest = NULL, *tried = NULL;

	while (*path) {
		if (*glob && is_any_parts(glob)) {
			rest = glob = next_part(glob);
			tried = path;
		} else if (*glob && covers_part(glob, path)) {
			glob = next_part(glob);
			path = next_part(path);
		} else if (rest) {
			path = tried = next_part(tried);
			glob = rest;
		} else {
			return false;
		}
		/* "drafts/" and "drafts/" with two asterisks are the same. */
		if (*glob == '\0' && (glob[-1] == '/' || glob == rest))
			return true;
	}
	return *glob == '\0';
}

static bool
covers(const char *glob, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!strchr(glob, '/') && slash)
		path = slash + 1;
	return covers_parts(glob, path);
}

bool
embed_excludes(const char *globs, const char *path)
{
	while (*globs) {
		size_t size = strcspn(globs, ",");
		char glob[GLOB_BYTES];
		size_t skip = strncmp(globs, "./", 2) == 0 ? 2
			      : *globs == '/'		   ? 1
							   : 0;

		/* Too long to be understood: rather nothing is sent. */
		if (size >= sizeof(glob))
			return true;
		memcpy(glob, globs + skip, size - skip);
		glob[size - skip] = '\0';
		if (*glob && covers(glob, path))
			return true;
		globs += size + (globs[size] == ',');
	}
	return false;
}
