#ifndef INDEXER_INDEX_VECTORS_H
#define INDEXER_INDEX_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct index;

/*
 * The vectors of an index's sections, all of one model: with another one they
 * are made anew. A section that only moves, or comes back, keeps its vector:
 * it is found by the hash of the text.
 */
enum {
	INDEX_EMBED_BYTES = 2000, /* of a section; models read little more */
	/* Beyond it sections are found by their words alone. */
	INDEX_MAX_VECTORS = 100000,
	INDEX_HASH_BYTES = 16,
};

/* A section without a vector. */
struct index_text {
	int64_t id;
	const char *path;
	const char *text; /* what to make it of */
	unsigned char hash[INDEX_HASH_BYTES];
};

/*
 * The next at most max ones, of documents that are not excluded (globs as of
 * embed_excludes). Looks at a few hundred sections at most: returns 1 when
 * none of the index is left, 0 with none found when there is more to look at.
 */
int index_vectors_wanted(struct index *index, const char *model,
    const char *globs, struct index_text *out, size_t max, size_t *n_out,
    struct arena *arena, struct err *err) MUST_CHECK;

/*
 * values: one vector behind the other. What changed meanwhile is passed over,
 * and all of them where there are those of another model.
 * ERR_CONFLICT: the model made vectors of another number of dimensions before.
 */
int index_vectors_put(struct index *index, const char *model,
    const struct index_text *texts, size_t n_texts, const float *values,
    size_t n_dimensions, struct err *err) MUST_CHECK;

/* No vector of that text can be had: it is not wanted any more. */
int index_vectors_pass(struct index *index, const char *model,
    const struct index_text *text, struct err *err) MUST_CHECK;
/* What was passed or excluded so far is wanted again, if it may be sent, and
 * of documents that are gone nothing waits any longer. */
int index_vectors_retry(struct index *index, struct err *err) MUST_CHECK;

/* Forgets all of them. */
int index_vectors_clear(struct index *index, struct err *err) MUST_CHECK;

struct index_vector_totals {
	int64_t n_vectors;
	int64_t n_sections;
};
int index_vector_totals(struct index *index, struct index_vector_totals *out,
    struct err *err) MUST_CHECK;

#endif
