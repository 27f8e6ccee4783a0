/* Which section goes before which. */

#include "services/indexer/candidate.h"

int
candidate_order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return (x->rowid > y->rowid) - (x->rowid < y->rowid);
}

size_t
candidate_worst(const struct candidate *best, size_t n_best)
{
	size_t worst = 0;

	for (size_t i = 1; i < n_best; i++)
		if (best[i].score < best[worst].score)
			worst = i;
	return worst;
}
