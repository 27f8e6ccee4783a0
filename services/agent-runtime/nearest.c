/* Which known name was probably meant. Pure. */

#include "services/agent-runtime/nearest.h"

#include <string.h>

static size_t
min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The optimal string alignment distance, keeping three rows of its table: a
 * swap looks back two.
 */
size_t
nearest_distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX_BYTES + 1];
	size_t n_a = strlen(a), n_b = strlen(b);

	if (n_a > NEAREST_MAX_BYTES || n_b > NEAREST_MAX_BYTES)
		return NEAREST_MAX_BYTES;
	for (size_t j = 0; j <= n_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3];
		const size_t *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			size_t change = a[i - 1] != b[j - 1];

			row[j] = min(above[j - 1] + change,
			    min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
	}
	return rows[n_a % 3][n_b];
}

const char *
nearest_of(const char *name, const char *(*next)(void *arg), void *arg)
{
	/* One slip, and one more for each four letters. */
	size_t limit = 1 + strlen(name) / 4;
	const char *best = NULL;
	const char *candidate;

	while ((candidate = next(arg)) != NULL) {
		size_t distance = nearest_distance(name, candidate);

		if (distance <= limit) {
			best = candidate;
			limit = distance - (distance > 0);
		}
	}
	return best;
}
