#ifndef API_HTTP_GUARD_H
#define API_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"

struct err;

/*
 * What a request's headers and our listening address may look like. Pure:
 * text in, verdict out.
 */

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (every address). */
struct listen_address {
	char host[64]; /* numeric; "0.0.0.0" for every address */
	int port;      /* 0: the kernel chooses */
	bool is_ipv6;
	bool is_loopback;
};
int listen_address_parse(
    struct listen_address *out, const char *text, struct err *err) MUST_CHECK;

/*
 * The host part of a Host header ("name", "name:port", "[::1]:port") in lower
 * case and without brackets. -1 when it is anything else.
 */
enum { GUARD_HOST_SIZE = 256 };
int guard_host_parse(char out[GUARD_HOST_SIZE], const char *header) MUST_CHECK;

/* A loopback name or address: what a browser that was rebound never sends. */
bool guard_host_is_loopback(const char *host);

/* Whether an Origin names the very host and port that Host names. */
bool guard_origin_is_same(const char *origin, const char *host_header);

/* application/json, with any parameters but another charset than UTF-8. */
bool guard_is_json(const char *content_type);

/* 1 to 128 visible ASCII characters. */
bool guard_is_key(const char *key);

/*
 * "Bearer <token>": where the token begins; NULL when the header is of another
 * form or the token is not 1 to 512 visible ASCII characters.
 */
const char *guard_bearer(const char *authorization);

/* A field name as RFC 9110 has it; anything else is a smuggler's. */
bool guard_is_field_name(const char *name, size_t size);

#endif
