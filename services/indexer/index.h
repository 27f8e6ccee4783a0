#ifndef INDEXER_INDEX_H
#define INDEXER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct search_hits;
struct search_query;
struct stat;

/*
 * The full-text index of one workspace: a file that may be lost at any time,
 * since everything in it can be read from the Markdown again. Only this
 * process writes it.
 *
 * Changes are collected in one transaction until index_commit; searches see
 * them at once. A change that fails takes all that were collected with it.
 * What is returned lives in the arena that was passed in.
 */
struct index;

enum {
	INDEX_MAX_FILE_BYTES = 1024 * 1024,
	INDEX_MAX_PATH_BYTES = 1024,
	INDEX_SNIPPET_BYTES = 300,
	INDEX_SHORT_ID_SIZE = 66, /* "#", at most 64 digits */
};

/*
 * Opens dir/index.sqlite. What is missing, damaged or of another format is
 * made anew: the return value is 1 then, and the index is empty.
 */
int index_open(
    struct index **index_out, const char *dir, struct err *err) MUST_CHECK;
void index_close(struct index **index);
/* Deletes dir, of an index that is not open, with everything in it. */
void index_delete(const char *dir);

/* False once the file turned out damaged or was deleted under us: close it and
 * open it again. */
bool index_is_usable(struct index *index);

/* By which a changed file is recognised without reading it. */
struct index_stamp {
	int64_t size, mtime_ns, ctime_ns, inode;
};
struct index_stamp index_stamp_of(const struct stat *st);
bool
index_stamp_equal(const struct index_stamp *a, const struct index_stamp *b);

struct index_file {
	const char *path; /* beneath the workspace */
	struct index_stamp stamp;
	/* "": text holds it; "large", "not-utf8": noted, never found. */
	const char *skipped;
	const char *text;
	size_t text_size;
	bool is_told; /* the engine need not hear of it */
};

/* Adds the file or replaces what was known of it. */
int index_put(struct index *index, const struct index_file *file,
    struct err *err) MUST_CHECK;
/* Forgets the document. */
int index_remove(struct index *index, int64_t id, struct err *err) MUST_CHECK;
int index_commit(struct index *index, struct err *err) MUST_CHECK;
/* Joins some of the parts that single changes have left behind, each of which
 * every search has to look into; to be called before the commit of the last of
 * several changes. */
int index_join_parts(struct index *index, struct err *err) MUST_CHECK;
/* How many changes wait for index_commit. */
int64_t index_uncommitted(const struct index *index);

struct index_document {
	int64_t id;
	const char *path;
	const char *short_id;
	struct index_stamp stamp;
};

/* Both return 1 when there is none. index_next walks all by ascending id. */
int
index_find(struct index *index, const char *path, struct index_document *out,
    struct arena *arena, struct err *err) MUST_CHECK;
int
index_next(struct index *index, int64_t after_id, struct index_document *out,
    struct arena *arena, struct err *err) MUST_CHECK;
/* Returns 1 when no document has that short id ("#a1b2c3"). */
int index_find_short_id(struct index *index, const char *short_id,
    const char **path_out, struct arena *arena, struct err *err) MUST_CHECK;

/*
 * What happened to documents and the engine did not confirm to know. It may
 * be told of what it knows, when the confirmation was lost or came late.
 */
enum index_change_kind {
	INDEX_APPEARED,
	INDEX_CHANGED,
	INDEX_VANISHED,
	INDEX_CHANGE_COUNT
};
struct index_change {
	enum index_change_kind kind;
	const char *path;
	const char *sha256; /* "": it is gone, or too large to be read */
};
/* At most max of them. */
int index_changes(struct index *index, struct index_change *out, size_t max,
    size_t *n_out, struct arena *arena, struct err *err) MUST_CHECK;
int index_changes_told(struct index *index, const struct index_change *changes,
    size_t n_changes, struct err *err) MUST_CHECK;

struct index_totals {
	int64_t n_documents;
	int64_t n_large;
	int64_t n_not_utf8;
};
int index_totals(
    struct index *index, struct index_totals *out, struct err *err) MUST_CHECK;

/* What a question means: of length 1. Nothing is found by it where the vectors
 * are of another model. */
struct index_meaning {
	const char *model;
	const float *values;
	size_t n_dimensions;
};

/*
 * The best section of each document within the scope, best first: by its
 * words, and with a meaning (NULL: none) by how near its vector is, too.
 */
int index_search(struct index *index, const struct search_query *query,
    const struct index_meaning *meaning, struct search_hits *out,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
