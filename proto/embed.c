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

static bool
covers(const char *glob, const char *path)
{
	size_t size = strlen(glob);
	const char *slash = strrchr(path, '/');

	if (size >= 3 && strcmp(glob + size - 3, "/**") == 0)
		return strncmp(path, glob, size - 3) == 0 &&
		       (path[size - 3] == '/' || path[size - 3] == '\0');
	if (!strchr(glob, '/') && slash)
		path = slash + 1;
	return fnmatch(glob, path, FNM_PATHNAME) == 0;
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
