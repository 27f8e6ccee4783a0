/* One nng round trip between two processes. */

#include "tests/bench/floor_trip.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { BODY_BYTES = 1024, URL_SIZE = 256, REDIAL_MS = 10, ANSWER_MS = 5000 };

static void
check(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "floor_trip: %s: %s\n", what, nng_strerror(rc));
	exit(1);
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

pid_t
floor_trip_serve(const char *socket_path)
{
	char url[URL_SIZE];
	pid_t child = fork();

	snprintf(url, sizeof(url), "ipc://%s", socket_path);
	if (child == 0)
		serve(url);
	if (child < 0) {
		perror("fork");
		exit(1);
	}
	return child;
}

void
floor_trip_dial(nng_socket *out, const char *socket_path)
{
	char url[URL_SIZE];

	snprintf(url, sizeof(url), "ipc://%s", socket_path);
	check(nng_req0_open(out), "req");
	nng_socket_set_ms(*out, NNG_OPT_RECONNMINT, REDIAL_MS);
	nng_socket_set_ms(*out, NNG_OPT_RECVTIMEO, ANSWER_MS);
	check(nng_dial(*out, url, NULL, NNG_FLAG_NONBLOCK), "dial");
}

void
floor_trip(nng_socket socket)
{
	static const char body[BODY_BYTES];
	nng_msg *msg;

	check(nng_msg_alloc(&msg, 0), "message");
	check(nng_msg_append(msg, body, sizeof(body)), "message");
	check(nng_sendmsg(socket, msg, 0), "send");
	check(nng_recvmsg(socket, &msg, 0), "receive");
	nng_msg_free(msg);
}
