#ifndef API_HTTP_JSON_H
#define API_HTTP_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;
struct json_out;
struct shape;

/*
 * HTTP bodies and queries to the structs of the bus, and structs back to JSON,
 * both by the shapes of proto/. Pure.
 *
 * What only we may say of a request, its credential and its idempotency key,
 * is no key of a body or a query: there it is an unknown key.
 */

/*
 * A JSON object to the struct of shape, whose credential and key stay empty.
 * is_strict: an unknown key is ERR_INVALID and named; otherwise ignored.
 */
int http_body_decode(const struct shape *shape, void *out, const char *text,
    size_t size, bool is_strict, struct arena *arena,
    struct err *err) MUST_CHECK;

/*
 * A query into the struct of shape: strings and whole numbers. Unknown and
 * repeated keys and bad values are ERR_INVALID; a number above its bound is
 * taken for the bound, as the predecessor did with limits.
 */
struct http_pair {
	const char *key, *value;
};
int http_query_decode(const struct shape *shape, void *out,
    const struct http_pair *pairs, size_t n_pairs, struct arena *arena,
    struct err *err) MUST_CHECK;

/*
 * Writes the struct with every key, empty ones as well: HTTP clients expect
 * them. Keys in skip (NULL-terminated, or NULL) are left out.
 */
void http_struct_print(struct json_out *out, const char *key,
    const struct shape *shape, const void *in, const char *const *skip);
/* The members alone, into an object that is open. */
void http_members_print(struct json_out *out, const struct shape *shape,
    const void *in, const char *const *skip);

#endif
