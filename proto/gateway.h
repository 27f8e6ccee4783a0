#ifndef PROTO_GATEWAY_H
#define PROTO_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/shape.h"

/*
 * gateway.hello: a connector started. The cursor that comes back was stored
 * with the last event that the engine committed for this instance.
 */
struct gateway_hello {
	const char *version;
};
PROTO_MESSAGE(gateway_hello);

struct gateway_welcome {
	const char *cursor; /* opaque to the engine, at most 1 KiB */
	bool was_clean_stop;
};
PROTO_MESSAGE(gateway_welcome);

/* gateway.cursor: move the cursor when events carried nothing; say goodbye. */
struct gateway_cursor {
	const char *cursor;
	bool is_goodbye;
};
PROTO_MESSAGE(gateway_cursor);

#endif
