#ifndef INDEXER_FUSE_H
#define INDEXER_FUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "proto/bounds.h"

struct err;
struct index;
struct index_meaning;
struct scope_set;

/* A section that may be shown: the best so far of its document. */
struct candidate {
	int64_t rowid;
	double score;
};
/* For qsort: best first. */
int candidate_order(const void *a, const void *b);
/* Of at least one: which has the lowest score. */
size_t candidate_worst(const struct candidate *best, size_t n_best);

/* The sections whose vectors are nearest to a question's: one of each document
 * within the scope, best first. */
struct near {
	const struct scope_set *scope;
	const struct scope_set *left_out;
	struct candidate best[BOUND_HITS];
	size_t n_best;
	/* A similarity below it says nothing: most sections have as much. */
	double least;
};

/* Looks at every vector; fills all but the two scopes. */
int index_nearest(struct index *index, const struct index_meaning *meaning,
    struct near *near, struct err *err) MUST_CHECK;

/*
 * Reciprocal rank fusion: a document has the more, the further in front it is
 * in either ranking, and 1 when it is the first of both. What only its vector
 * speaks for must be nearer than near->least. Pure; both are best first.
 * Returns how many there are, at most 2 * BOUND_HITS.
 */
struct fused {
	struct candidate section; /* the words' one, if there is one */
	bool has_words;
};
size_t fuse(const struct candidate *words, size_t n_words,
    const struct near *near, struct fused *out);

#endif
