#ifndef API_HTTP_JSON_H
#define API_HTTP_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"
#include "proto/shape.h"

struct arena;
struct buf;
struct err;

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

/* The shape without the rows that only we may say, so that none can be filled:
 * of bodies and queries. */
struct shape http_client_shape(const struct shape *shape, struct arena *arena);

/*
 * Appends an answer: what shape_show writes, and behind a list of items the
 * count of those shown, as the predecessor's had it.
 */
void
http_answer_print(const struct shape *shape, const void *in, struct buf *out);
/* The shape that this is of. */
struct shape http_answer_shape(const struct shape *shape, struct arena *arena);

#endif
