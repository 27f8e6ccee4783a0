#ifndef TESTS_BENCH_TOOK_H
#define TESTS_BENCH_TOOK_H

/* What a bench's rounds took. */

#include <stddef.h>
#include <stdint.h>

/* Sorts the times and says which of them so many per cent are below; n of them,
 * at least one. */
double took_us(int64_t *took_ns, size_t n, unsigned percent);

#endif
