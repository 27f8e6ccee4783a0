/* The floor under every request: one nng round trip between two processes.
 * By nng itself, since what libcommon/bus adds is what it is compared with. */

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static void
check(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "floor_rtt: %s: %s\n", what, nng_strerror(rc));
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
serve(const char *url)
{
	nng_socket s;
	nng_msg *msg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	check(nng_rep0_open(&s), "rep");
	check(nng_listen(s, url, NULL, 0), url);
	for (;;) {
		check(nng_recvmsg(s, &msg, 0), "receive");
		check(nng_sendmsg(s, msg, 0), "send");
	}
}

int
main(int argc, char **argv)
{
	char body[1024] = { 0 };
	nng_socket s;

	if (argc != 3) {
		fprintf(stderr, "usage: floor_rtt SOCKET ROUNDS\n");
		return 2;
	}
	char url[256];
	snprintf(url, sizeof(url), "ipc://%s", argv[1]);
	pid_t child = fork(); /* before the first nng call of this process */
	if (child == 0)
		serve(url);
	check(nng_req0_open(&s), "req");
	nng_socket_set_ms(s, NNG_OPT_RECONNMINT, 10);
	nng_socket_set_ms(s, NNG_OPT_RECVTIMEO, 5000);
	check(nng_dial(s, url, NULL, NNG_FLAG_NONBLOCK), "dial");

	int rounds = atoi(argv[2]), warm = 200;
	int64_t *took = calloc((size_t)rounds, sizeof(*took));
	for (int i = -warm; i < rounds; i++) {
		nng_msg *msg;
		int64_t at = now_ns();

		check(nng_msg_alloc(&msg, 0), "message");
		check(nng_msg_append(msg, body, sizeof(body)), "message");
		check(nng_sendmsg(s, msg, 0), "send");
		check(nng_recvmsg(s, &msg, 0), "receive");
		nng_msg_free(msg);
		if (i >= 0)
			took[i] = now_ns() - at;
	}
	qsort(took, (size_t)rounds, sizeof(*took), by_value);
	printf("{\"p50_us\": %.1f}\n", (double)took[rounds / 2] / 1e3);
	fflush(stdout);
	kill(child, SIGKILL);
	_exit(0); /* closing a socket of nng 1.5.2 can hang */
}
