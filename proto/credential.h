#ifndef PROTO_CREDENTIAL_H
#define PROTO_CREDENTIAL_H

#include <stdint.h>

#include "proto/shape.h"

/*
 * Who stands at the api's listener, as far as the api can tell. The engine
 * alone knows who that is. Part of every body that the api sends.
 */
struct credential {
	const char *listener;	  /* "public" "admin" "local" */
	const char *token_sha256; /* hex; "" without a token */
	int64_t peer_uid;	  /* of a unix socket; -1: not known */
	const char *subject;	  /* of a client certificate */
};
PROTO_MESSAGE(credential);

/* access.check: may this one use a route that the engine does not serve? */
struct access_check {
	struct credential credential;
	const char *operation; /* the policy table's name: "heartbeat.read" */
};
PROTO_MESSAGE(access_check);

struct access_granted {
	const char *actor; /* "local", "tool:<name>" */
};
PROTO_MESSAGE(access_granted);

#endif
