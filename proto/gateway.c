/* Connectors that start and stop. */

#include "proto/gateway.h"

#include "proto/bounds.h"

static const struct field gateway_hello_fields[] = {
	F_STR(struct gateway_hello, version, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
};
SHAPE(gateway, gateway_hello, gateway_hello_fields);

static const struct field gateway_welcome_fields[] = {
	F_STR(struct gateway_welcome, cursor, 0, 0, BOUND_CURSOR),
	F_BOOL(struct gateway_welcome, was_clean_stop, 0),
};
SHAPE(gateway, gateway_welcome, gateway_welcome_fields);

static const struct field gateway_cursor_fields[] = {
	F_STR(struct gateway_cursor, cursor, 0, 0, BOUND_CURSOR),
	F_BOOL(struct gateway_cursor, is_goodbye, 0),
};
SHAPE(gateway, gateway_cursor, gateway_cursor_fields);
