#ifndef INDEXER_NEAR_H
#define INDEXER_NEAR_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "proto/bounds.h"
#include "services/indexer/candidate.h"

struct err;
struct index;
struct index_meaning;
struct scope_set;

struct near_document {
	struct candidate section; /* its nearest; the score is the document's */
	double similarity;	  /* of that section */
};

/* The documents within the scope whose vectors are nearest to a question's,
 * best first. */
struct near {
	const struct scope_set *scope;
	const struct scope_set *left_out;
	struct near_document best[BOUND_HITS];
	size_t n_best;
	/* A similarity below it says nothing: most sections have as much. */
	double least;

	/* Of the sections so far; private to near.c. */
	struct {
		int64_t nearest; /* its rowid */
		double similarity, second;
		int64_t n;
	} document; /* the one whose turn it is */
	struct {
		double sum, sum_of_squares;
		int64_t n;
	} all;
};

/* A section's cosine; those of one document come one behind the other. Pure. */
void near_section(struct near *near, int64_t rowid, double similarity);
/* Behind the last one. Pure. */
void near_end(struct near *near);

/* Looks at every vector; what it fills was zero but for the two scopes. */
int index_nearest(struct index *index, const struct index_meaning *meaning,
    struct near *near, struct err *err) MUST_CHECK;

#endif
