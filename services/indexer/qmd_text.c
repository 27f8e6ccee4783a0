/* qmd's arguments and output as text; pure. */

#include "services/indexer/qmd_text.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "services/indexer/index.h"

enum {
	QUERY_BYTES = 4096,
	TITLE_BYTES = 256,
	NAME_BYTES = 64,
	GLOB_BYTES = 256,
	/* The one whose output this reads. */
	MAJOR = 2,
	LEAST_MINOR = 8,
};

/* Words with single spaces between them, at most that many bytes. */
static const char *
one_line(const char *text, size_t limit, struct arena *arena)
{
	AUTO(buf_release)
	struct buf line;

	buf_init(&line);
	while (*text && line.size <= limit) {
		size_t n = strcspn(text, " \t\r\n\v\f");

		if (n > 0 && line.size > 0)
			buf_addc(&line, ' ');
		buf_add(&line, text, n);
		text += n;
		text += strspn(text, " \t\r\n\v\f");
	}
	return arena_strndup(
	    arena, line.data, utf8_cut(line.data, line.size, limit));
}

/* Without "@@ -2,3 @@ (1 before, 0 after)", which tells where it stood. */
static const char *
without_place(const char *snippet)
{
	const char *end = strchr(snippet, '\n');

	if (strncmp(snippet, "@@ ", 3) != 0)
		return snippet;
	return end ? end + 1 : "";
}

/* "qmd://workspace/docs/a.md?index=agent-runtime" to "docs/a.md". */
static const char *
path_of(const char *file, const char *collection, const char *index,
    struct arena *arena)
{
	const char *before = arena_printf(arena, "qmd://%s/", collection);
	const char *after = arena_printf(arena, "?index=%s", index);
	size_t size = strlen(file), n_before = strlen(before);
	size_t n_after = strlen(after);

	if (strncmp(file, before, n_before) != 0)
		return NULL;
	if (size >= n_before + n_after &&
	    strcmp(file + size - n_after, after) == 0)
		size -= n_after;
	return arena_strndup(arena, file + n_before, size - n_before);
}

static double
share(double score)
{
	if (score < 0)
		return 0;
	return score > 1 ? 1 : score;
}

static int
hit_parse(struct qmd_hit *hit, const struct json *item, const char *collection,
    const char *index, struct arena *arena, struct err *err)
{
	const char *file = json_str(json_get(item, "file"), "");
	int64_t line = json_int(json_get(item, "line"), 1);

	if (json_type(item) != JSON_OBJECT)
		return err_set(err, ERR_INVALID, "a result is no object");
	hit->path = path_of(file, collection, index, arena);
	if (!hit->path)
		return err_set(err, ERR_INVALID,
		    "a result is not of the collection %s", collection);
	hit->title =
	    one_line(json_str(json_get(item, "title"), ""), TITLE_BYTES, arena);
	hit->snippet =
	    one_line(without_place(json_str(json_get(item, "snippet"), "")),
		INDEX_SNIPPET_BYTES, arena);
	hit->score = share(json_real(json_get(item, "score"), 0));
	hit->line = line > 0 ? line : 1;
	return 0;
}

int
qmd_hits_parse(struct qmd_hits *out, const struct buf *text,
    const char *collection, const char *index, struct arena *arena,
    struct err *err)
{
	char *copy = arena_strndup(arena, text->data, text->size);
	const struct json *item;
	AUTO(json_free)
	struct json *list = NULL;

	/* A snippet that was cut within a character ends in half of one, and a
	 * file may hold a NUL: neither should cost the answer. */
	json_mend(copy, text->size);
	if (json_parse(&list, copy, text->size, err) < 0)
		return err_prefix(err, "no JSON");
	if (json_type(list) != JSON_LIST)
		return err_set(err, ERR_INVALID, "no list of results");
	*out = (struct qmd_hits){ 0 };
	out->hits =
	    arena_alloc(arena, (json_count(list) + 1) * sizeof(*out->hits));
	for (item = json_first(list); item; item = json_next(item))
		if (hit_parse(&out->hits[out->n_hits++], item, collection,
			index, arena, err) < 0)
			return -1;
	return 0;
}

/* "2.8.3 (facd35e)" to its three numbers; false when they are not there. */
static bool
read_numbers(const char *text, unsigned long numbers[3])
{
	for (int i = 0; i < 3; i++) {
		char *end;

		if (!isdigit((unsigned char)*text))
			return false;
		numbers[i] = strtoul(text, &end, 10);
		if (i < 2 && *end++ != '.')
			return false;
		text = end;
	}
	return true;
}

int
qmd_version_parse(const char **version_out, const char *text,
    struct arena *arena, struct err *err)
{
	static const char name[] = "qmd ";
	unsigned long n[3];

	if (strlen(text) > NAME_BYTES ||
	    strncmp(text, name, strlen(name)) != 0 ||
	    !read_numbers(text + strlen(name), n))
		return err_set(err, ERR_INVALID,
		    "it does not say its version as qmd does");
	if (n[0] != MAJOR || n[1] < LEAST_MINOR)
		return err_set(err, ERR_INVALID,
		    "version %lu.%lu.%lu; 2.8 or a later 2.x is needed", n[0],
		    n[1], n[2]);
	*version_out = arena_printf(arena, "%lu.%lu.%lu", n[0], n[1], n[2]);
	return 0;
}

const char *
qmd_query(const char *query, struct arena *arena)
{
	char *copy = arena_strdup(arena, query);

	for (char *p = copy; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = ' ';
	return one_line(copy, QUERY_BYTES, arena);
}

bool
qmd_is_name(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size > NAME_BYTES || *name == '-' || *name == '.')
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

/* Two asterisks for the last name cover everything, and the folder. */
static bool
glob_covers(const char *glob, const char *path)
{
	size_t size;

	if (strncmp(glob, "./", 2) == 0)
		glob += 2;
	else if (*glob == '/')
		glob++;
	size = strlen(glob);
	if (size < 3 || strcmp(glob + size - 3, "/**") != 0)
		return fnmatch(glob, path, FNM_PATHNAME) == 0;
	size -= 3;
	return strncmp(path, glob, size) == 0 &&
	       (path[size] == '/' || path[size] == '\0');
}

bool
qmd_is_excluded(const char *globs, const char *path)
{
	while (*globs) {
		char glob[GLOB_BYTES];
		size_t n = strcspn(globs, ",");

		if (n < sizeof(glob)) {
			memcpy(glob, globs, n);
			glob[n] = '\0';
			if (glob_covers(glob, path))
				return true;
		}
		globs += n + (globs[n] == ',');
	}
	return false;
}
