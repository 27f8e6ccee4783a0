/* What a bench's rounds took. */

#include "tests/bench/took.h"

#include <stdlib.h>

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

double
took_us(int64_t *took_ns, size_t n, unsigned percent)
{
	qsort(took_ns, n, sizeof(*took_ns), by_value);
	return (double)took_ns[n * percent / 100] / 1e3;
}
