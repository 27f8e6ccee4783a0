/* The floor under every durable answer: plain SQLite, one row a commit. */

#include <stdio.h>
#include <stdlib.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "tests/bench/floor_row.h"
#include "tests/bench/took.h"

int
main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: floor_commit DATABASE ROWS TEXT\n");
		return 2;
	}
	struct floor_rows *rows = floor_rows_open(argv[1]);
	int n = atoi(argv[2]);
	int64_t *took_ns = xcalloc((size_t)n, sizeof(*took_ns));
	int64_t began_ns = clock_mono_ns();

	for (int i = 0; i < n; i++) {
		int64_t at_ns = clock_mono_ns();

		floor_rows_add(rows, i, argv[3]);
		took_ns[i] = clock_mono_ns() - at_ns;
	}
	double seconds = (double)(clock_mono_ns() - began_ns) / 1e9;
	printf("{\"rows_per_s\": %.0f, \"p50_us\": %.1f}\n", n / seconds,
	    took_us(took_ns, (size_t)n, 50));
	floor_rows_close(&rows);
	free(took_ns);
	return 0;
}
