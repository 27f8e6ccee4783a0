/* One kept-alive HTTP client that sends the same request and takes times. */

#include <stdio.h>
#include <stdlib.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "tests/bench/http_client.h"
#include "tests/bench/took.h"

enum { WARM = 20 };

int
main(int argc, char **argv)
{
	static char request[128 * 1024];

	if (argc < 6) {
		fprintf(stderr, "usage: http_load PORT ROUNDS METHOD PATH BODY"
				" [HEADER…]\n");
		return 2;
	}
	int rounds = atoi(argv[2]), fd = http_client_dial(atoi(argv[1]));
	int64_t *took_ns = xcalloc((size_t)rounds, sizeof(*took_ns));
	size_t size = http_client_request(request, sizeof(request), argv[3],
	    argv[4], argv[5], argv + 6, argc - 6);

	for (int i = -WARM; i < rounds; i++) {
		int64_t at_ns = clock_mono_ns();

		http_client_ask(fd, request, size);
		if (i >= 0)
			took_ns[i] = clock_mono_ns() - at_ns;
	}
	printf("{\"p50_us\": %.1f, \"p99_us\": %.1f}\n",
	    took_us(took_ns, (size_t)rounds, 50),
	    took_us(took_ns, (size_t)rounds, 99));
	free(took_ns);
	return 0;
}
