#ifndef LIBCOMMON_JSON_H
#define LIBCOMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "libcommon/utf8.h"

struct buf;
struct err;

/*
 * Strict JSON (RFC 8259) over cJSON. json_parse refuses what cJSON lets pass:
 * trailing bytes, a byte order mark, invalid UTF-8, \u0000, lone surrogates,
 * raw control characters, leading zeros, duplicate keys, more than
 * JSON_MAX_DEPTH levels, more than JSON_MAX_VALUES values, numbers that are not
 * finite, and integers beyond 2^53-1 either way. Keys are compared
 * case-sensitively.
 */
enum {
	JSON_MAX_DEPTH = 32,
	/* 4 MiB of "[0,0,..." would otherwise take 160 MiB of tree. */
	JSON_MAX_VALUES = 250000,
	JSON_MAX_NUMBER = 60, /* characters of one number */
};

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_LIST,
	JSON_OBJECT
};

/* A parsed value; children belong to it. Readers accept NULL: "absent". */
struct json;

int json_parse(struct json **json_out, const char *text, size_t size,
    struct err *err) MUST_CHECK;
void json_free(struct json **json);

/*
 * For senders that are right but for a piece of text in between: \u0000 and
 * surrogates that stand alone become \ufffd, NUL and bytes that are no UTF-8 '?'.
 * In place, as all of them keep their length. What else is wrong stays wrong.
 */
void json_mend(char *text, size_t size);

enum json_type json_type(const struct json *value);
const char *json_key(const struct json *member); /* of an object's member */
const struct json *json_get(const struct json *object, const char *key);
size_t json_count(const struct json *list_or_object);
const struct json *json_first(const struct json *list_or_object);
const struct json *json_next(const struct json *value);

/* The value, or the fallback when value is NULL or of another type. */
const char *json_str(const struct json *value, const char *fallback);
int64_t json_int(const struct json *value, int64_t fallback);
double json_real(const struct json *value, double fallback);
bool json_bool(const struct json *value, bool fallback);
/* A whole number within +-(2^53-1), which is what json_int reads. */
bool json_is_int(const struct json *value);

/* Appends the value as compact JSON. */
void json_print(const struct json *value, struct buf *out);

/*
 * Writing. key is NULL inside a list and at the top. Strings are written as
 * valid UTF-8 whatever comes in: wrong bytes become U+FFFD.
 */
struct json_out {
	struct buf *buf;
	bool needs_comma;
};

void json_out_init(struct json_out *out, struct buf *buf);
void json_out_object(struct json_out *out, const char *key);
void json_out_object_end(struct json_out *out);
void json_out_list(struct json_out *out, const char *key);
void json_out_list_end(struct json_out *out);
void json_out_str(struct json_out *out, const char *key, const char *value);
void json_out_strn(
    struct json_out *out, const char *key, const char *value, size_t size);
void json_out_int(struct json_out *out, const char *key, int64_t value);
void json_out_real(struct json_out *out, const char *key, double value);
void json_out_bool(struct json_out *out, const char *key, bool value);
void json_out_null(struct json_out *out, const char *key);
/* text must be one JSON value; it is copied as it is. */
void json_out_raw(
    struct json_out *out, const char *key, const char *text, size_t size);

#endif
