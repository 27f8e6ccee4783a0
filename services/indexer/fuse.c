/* What is found by its words and what by its meaning, in one order; pure. */

#include "services/indexer/fuse.h"

#include <stdlib.h>

#include "services/indexer/near.h"
#include "services/indexer/rank.h"

/*
 * What was found good on the labelled queries of tests/retrieval, where any
 * value nearby is as good: how little the first places differ, and how much
 * more than its words the meaning of a question counts.
 */
#define FUSE_OFFSET 30.0
#define FUSE_MEANING 1.2

static double
share(size_t place, double weight, double of)
{
	return weight / of * (FUSE_OFFSET + 1) /
	       (FUSE_OFFSET + 1 + (double)place);
}

static struct fused *
find(struct fused *all, size_t n, int64_t rowid)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].section.rowid >> RANK_SECTION_BITS ==
		    rowid >> RANK_SECTION_BITS)
			return &all[i];
	return NULL;
}

static int
by_fused_score(const void *a, const void *b)
{
	const struct fused *x = a, *y = b;

	/* At the same place, what has the words. */
	if (x->section.score == y->section.score &&
	    x->has_words != y->has_words)
		return x->has_words ? -1 : 1;
	return candidate_order(&x->section, &y->section);
}

size_t
fuse(const struct candidate *words, size_t n_words, const struct near *near,
    bool is_question, struct fused *out)
{
	double meaning = is_question ? FUSE_MEANING : 1, both = 1 + meaning;
	size_t n = 0;

	for (; n < n_words; n++)
		out[n] = (struct fused){ { words[n].rowid, share(n, 1, both) },
			true };
	for (size_t i = 0; i < near->n_best; i++) {
		const struct near_document *found = &near->best[i];
		double worth = share(i, meaning, both);
		struct fused *known = find(out, n_words, found->section.rowid);

		if (known)
			known->section.score += worth;
		else if (found->similarity >= near->least)
			out[n++] =
			    (struct fused){ { found->section.rowid, worth },
				    false };
	}
	qsort(out, n, sizeof(out[0]), by_fused_score);
	return n;
}
