#ifndef TESTS_BENCH_FLOOR_TRIP_H
#define TESTS_BENCH_FLOOR_TRIP_H

/*
 * The floor under every request: one nng round trip between two processes. By
 * nng itself, since what libcommon/bus adds is what it is compared with. What
 * goes wrong ends the program.
 */

#include <sys/types.h>

struct nng_socket_s;

/* A child that sends back what comes; before the first call of nng here, as
 * that has threads. It ends with this process, which kills it sooner. */
pid_t floor_trip_serve(const char *socket_path);

void floor_trip_dial(struct nng_socket_s *out, const char *socket_path);

/* There and back; 1 KiB. The socket is not to be closed: nng 1.5 can hang. */
void floor_trip(struct nng_socket_s socket);

#endif
