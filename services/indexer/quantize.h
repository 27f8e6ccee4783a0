#ifndef INDEXER_QUANTIZE_H
#define INDEXER_QUANTIZE_H

#include <stddef.h>

/*
 * Vectors as the index keeps them: a signed byte for each dimension, and before
 * them the float that makes their length 1 again: a quarter of what a search had
 * to read of floats, and a cosine differs by some thousandths at most. Of this
 * machine's byte order: an index does not travel.
 */
size_t quantize_size(size_t n_dimensions); /* nothing of none */
/* Of finite values, at least one; out has quantize_size() bytes. What has no
 * direction is near to nothing. */
void quantize(unsigned char *out, const float *values, size_t n_dimensions);
/* question: of length 1. kept may lie anywhere. */
double quantize_cosine(
    const unsigned char *kept, const float *question, size_t n_dimensions);

#endif
