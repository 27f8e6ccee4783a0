#ifndef INDEXER_CANDIDATE_H
#define INDEXER_CANDIDATE_H

#include <stddef.h>
#include <stdint.h>

/* A section that may be shown: the best so far of its document. */
struct candidate {
	int64_t rowid;
	double score;
};

/* For qsort: best first. */
int candidate_order(const void *a, const void *b);
/* Of at least one: which has the lowest score. */
size_t candidate_worst(const struct candidate *best, size_t n_best);

#endif
