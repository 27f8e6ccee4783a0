#ifndef INDEXER_FUSE_H
#define INDEXER_FUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "services/indexer/candidate.h"

struct near;

struct fused {
	struct candidate section; /* the words' one, if there is one */
	bool has_words;
};

/*
 * Reciprocal rank fusion: a document has the more, the further in front it is
 * in either ranking, and 1 when it is the first of both. The meaning of a
 * question counts more than its words; one or two words are looked up as they
 * are, and there words go first. What only its vector speaks for must be nearer
 * than near->least. Pure; both are best first. Returns how many there are, at
 * most 2 * BOUND_HITS.
 */
size_t fuse(const struct candidate *words, size_t n_words,
    const struct near *near, bool is_question, struct fused *out);

#endif
