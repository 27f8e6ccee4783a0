#ifndef LIBCOMMON_ENVELOPE_H
#define LIBCOMMON_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/id.h"

struct arena;
struct buf;
struct json;

/*
 * What travels on the bus; proto/README.md describes each field. Strings live
 * in the arena or in the parsed text and are never NULL: absent ones are "".
 * body is an object and belongs to the envelope; a reply that is not ok has
 * none (NULL). error.code is never ERR_NONE in such a reply.
 */
enum {
	ENVELOPE_VERSION = 1,
	ENVELOPE_MAX_BYTES = 256 * 1024,
	ENVELOPE_MAX_LARGE_BYTES = 4 * 1024 * 1024,
	ENVELOPE_MAX_TYPE = 64,
	ENVELOPE_MAX_FROM = 96,
	ENVELOPE_MAX_CAUSE = 64,
	ENVELOPE_MAX_KEY = 128,
};

struct envelope {
	const char *id;
	const char *type;
	const char *from; /* "gateway-telegram.main" */
	const char *cause;
	const char *key; /* the door's key; never logged */
	int64_t at_ms;
	int64_t deadline_ms; /* 0: none */
	const struct json *body;
	bool is_reply;
	bool ok;
	struct err error; /* of a reply that is not ok */
	int64_t retry_after_ms;
	struct json *root;
};

/*
 * Strict: wrong types, a missing field, an unknown version, an id that is no
 * ULID are ERR_INVALID. What is decoded lives until envelope_release.
 */
int envelope_decode(struct envelope *out, const char *text, size_t size,
    struct err *err) MUST_CHECK;
void envelope_release(struct envelope *envelope);

struct envelope_head {
	const char *id;
	const char *type;
	const char *from;
	const char *cause;
	const char *key;
	int64_t at_ms;
	int64_t deadline_ms;
};

/*
 * body is one JSON object as text; NULL or empty stands for {}. In the head
 * NULL and "" leave a text out, 0 a deadline.
 */
void envelope_encode(
    struct buf *out, const struct envelope_head *head, const struct buf *body);
void envelope_encode_ok(
    struct buf *out, const struct envelope_head *head, const struct buf *body);
void envelope_encode_error(struct buf *out, const struct envelope_head *head,
    const struct err *error, int64_t retry_after_ms);

#endif
