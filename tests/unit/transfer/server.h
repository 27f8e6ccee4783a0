#ifndef TESTS_UNIT_TRANSFER_SERVER_H
#define TESTS_UNIT_TRANSFER_SERVER_H

#include <sys/types.h>

/*
 * A server that misbehaves, in a child process: what it does is the path of
 * the request.
 */
struct server {
	pid_t pid;
	int port;	      /* on 127.0.0.1 */
	char socket_path[64]; /* the same on a unix socket */
};

void server_start(struct server *server);
void server_stop(struct server *server);

#endif
