#ifndef GATEWAY_DISCORD_ADDRESS_H
#define GATEWAY_DISCORD_ADDRESS_H

#include <stdbool.h>

#include "libcommon/defs.h"

struct err;

/*
 * Where a WebSocket server is, from its URL. What follows the path is left
 * out: which version and encoding are spoken is ours to say. Pure.
 */
enum { ADDRESS_HOST_SIZE = 256, ADDRESS_PATH_SIZE = 256 };

struct address {
	bool is_tls;
	int port;
	char host[ADDRESS_HOST_SIZE];
	char path[ADDRESS_PATH_SIZE]; /* begins with '/' */
};

int
address_parse(struct address *out, const char *url, struct err *err) MUST_CHECK;

#endif
