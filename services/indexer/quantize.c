/* Vectors in a byte for each dimension; pure. */

#include "services/indexer/quantize.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { STEPS = 127 };

size_t
quantize_size(size_t n_dimensions)
{
	return n_dimensions ? sizeof(float) + n_dimensions : 0;
}

static float
largest(const float *values, size_t n)
{
	float most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmaxf(most, fabsf(values[i]));
	return most;
}

void
quantize(unsigned char *out, const float *values, size_t n_dimensions)
{
	float most = largest(values, n_dimensions);
	float steps = most >= FLT_MIN ? STEPS / most : 0;
	double squares = 0;
	float scale;

	for (size_t i = 0; i < n_dimensions; i++) {
		int8_t step = (int8_t)lrintf(values[i] * steps);

		memcpy(out + sizeof(scale) + i, &step, 1);
		squares += step * step;
	}
	scale = squares > 0 ? (float)(1 / sqrt(squares)) : 0;
	memcpy(out, &scale, sizeof(scale));
}

/* Eight sums at once, which compilers make vector instructions of. */
double
quantize_cosine(
    const unsigned char *kept, const float *question, size_t n_dimensions)
{
	const int8_t *steps = (const int8_t *)kept + sizeof(float);
	float sums[8] = { 0 };
	float scale, sum = 0;
	size_t i = 0;

	memcpy(&scale, kept, sizeof(scale));
	for (; i + 8 <= n_dimensions; i += 8)
		for (size_t k = 0; k < 8; k++)
			sums[k] += (float)steps[i + k] * question[i + k];
	for (; i < n_dimensions; i++)
		sum += (float)steps[i] * question[i];
	for (size_t k = 0; k < 8; k++)
		sum += sums[k];
	return scale * sum;
}
