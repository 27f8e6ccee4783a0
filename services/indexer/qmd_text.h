#ifndef INDEXER_QMD_TEXT_H
#define INDEXER_QMD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;

/* What qmd is told, and what it prints, as text. Pure. */

struct qmd_hit {
	const char *path; /* beneath the workspace; not looked at */
	const char *title;
	const char *snippet; /* one line */
	double score;	     /* 0 to 1 */
	int64_t line;	     /* from 1 */
};

struct qmd_hits {
	struct qmd_hit *hits;
	size_t n_hits;
};

/*
 * What `qmd search --format json` prints about one collection of one index.
 * Anything else is refused as a whole.
 */
int qmd_hits_parse(struct qmd_hits *out, const struct buf *text,
    const char *collection, const char *index, struct arena *arena,
    struct err *err) MUST_CHECK;

/* "qmd 2.8.3 (facd35e)" to "2.8.3"; a version that we do not drive is refused
 * with its number. */
int qmd_version_parse(const char **version_out, const char *text,
    struct arena *arena, struct err *err) MUST_CHECK;

/* The query as one argument: a line without control characters; "": there is
 * nothing to look for. */
const char *qmd_query(const char *query, struct arena *arena);

/* May be a name of an index or a collection: plain, and no option. */
bool qmd_is_name(const char *name);

/* Whether one of the globs, with commas between them, covers the path. */
bool qmd_is_excluded(const char *globs, const char *path);

#endif
