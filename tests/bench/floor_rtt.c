/*
 * The floor under every request: one nng round trip between two processes. With
 * a database also under an answer that is stored: one durable commit after it,
 * as a request does them.
 */

#include <nng/nng.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "tests/bench/floor_row.h"
#include "tests/bench/floor_trip.h"
#include "tests/bench/took.h"

enum { WARM = 200 };

int
main(int argc, char **argv)
{
	struct floor_rows *rows = NULL;
	nng_socket s;

	if (argc != 3 && argc != 5) {
		fprintf(
		    stderr, "usage: floor_rtt SOCKET ROUNDS [DATABASE TEXT]\n");
		return 2;
	}
	pid_t child = floor_trip_serve(argv[1]);
	int rounds = atoi(argv[2]);
	int64_t *took_ns = xcalloc((size_t)rounds, sizeof(*took_ns));

	if (argc == 5)
		rows = floor_rows_open(argv[3]);
	floor_trip_dial(&s, argv[1]);
	for (int i = -WARM; i < rounds; i++) {
		int64_t at_ns = clock_mono_ns();

		floor_trip(s);
		if (rows != NULL)
			floor_rows_add(rows, WARM + i, argv[4]);
		if (i >= 0)
			took_ns[i] = clock_mono_ns() - at_ns;
	}
	printf("{\"p50_us\": %.1f}\n", took_us(took_ns, (size_t)rounds, 50));
	fflush(stdout);
	kill(child, SIGKILL);
	_exit(0); /* closing a socket of nng 1.5.2 can hang */
}
