/* Bodies to structs and back, by field tables. */

#include "proto/shape.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"

/* Where in the body a value stands, as a chain from the value outwards. */
struct place {
	const struct place *outer;
	const char *key; /* NULL: an item of the list that is outer */
	size_t index;
};

struct decoder {
	struct arena *arena;
	struct err *err;
};

static void
place_print(const struct place *at, struct buf *out)
{
	if (at->outer)
		place_print(at->outer, out);
	if (!at->key)
		buf_addf(out, "[%zu]", at->index);
	else if (at->outer)
		buf_addf(out, ".%s", at->key);
	else
		buf_adds(out, at->key);
}

static int PRINTF(3, 4) refuse(
    const struct decoder *d, const struct place *at, const char *fmt, ...)
{
	AUTO(buf_release)
	struct buf where;
	char why[192];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	buf_init(&where);
	place_print(at, &where);
	return err_set(d->err, ERR_INVALID, "%s: %s", where.data, why);
}

static const char *
type_name(const struct json *value)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",
		[JSON_BOOL] = "a boolean",
		[JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string",
		[JSON_LIST] = "a list",
		[JSON_OBJECT] = "an object",
	};

	return names[json_type(value)];
}

static int
expect(const struct decoder *d, const struct place *at,
    const struct json *value, enum json_type type, const char *name)
{
	if (json_type(value) == type)
		return 0;
	return refuse(d, at, "must be %s, not %s", name, type_name(value));
}

/* C0, DEL and, as they look in UTF-8, C1. */
static bool
has_control(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p; p++)
		if (*p < 0x20 || *p == 0x7f ||
		    (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
			return true;
	return false;
}

static bool
is_visible_ascii(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static int
check_choice(const struct decoder *d, const struct place *at,
    const char *const *choices, const char *text)
{
	AUTO(buf_release)
	struct buf allowed;
	size_t shown = utf8_cut(text, strlen(text), 32);

	buf_init(&allowed);
	for (const char *const *c = choices; *c; c++) {
		if (strcmp(*c, text) == 0)
			return 0;
		buf_addf(&allowed, "%s%s", c == choices ? "" : ", ", *c);
	}
	return refuse(
	    d, at, "\"%.*s\" is none of %s", (int)shown, text, allowed.data);
}

static int
check_text(const struct decoder *d, const struct place *at,
    const struct field *f, const char *text)
{
	if ((f->flags & FIELD_ASCII) && !is_visible_ascii(text))
		return refuse(d, at, "must be visible ASCII without spaces");
	if ((f->flags & FIELD_TOKEN) && has_control(text))
		return refuse(d, at, "must not contain control characters");
	return f->choices ? check_choice(d, at, f->choices, text) : 0;
}

/* Copies a string of at most max bytes into the arena. */
static int
take_text(const struct decoder *d, const struct place *at,
    const struct json *value, int64_t max, const char **out)
{
	const char *text;
	size_t size;

	if (expect(d, at, value, JSON_STRING, "a string") < 0)
		return -1;
	text = json_str(value, "");
	size = strlen(text);
	if ((int64_t)size > max)
		return refuse(
		    d, at, "has %zu bytes, at most %" PRId64, size, max);
	*out = arena_strndup(d->arena, text, size);
	return 0;
}

static int
decode_str(const struct decoder *d, const struct place *at,
    const struct field *f, const struct json *value, char *base)
{
	const char **out = (const char **)(void *)(base + f->offset);

	if (take_text(d, at, value, f->max, out) < 0)
		return -1;
	if (**out == '\0' && !(f->flags & FIELD_REQUIRED))
		return 0;
	if ((int64_t)strlen(*out) < f->min)
		return refuse(d, at, "has %zu bytes, at least %" PRId64,
		    strlen(*out), f->min);
	return check_text(d, at, f, *out);
}

static int
decode_int(const struct decoder *d, const struct place *at,
    const struct field *f, const struct json *value, char *base)
{
	int64_t n = json_int(value, 0);

	if (expect(d, at, value, JSON_NUMBER, "a whole number") < 0)
		return -1;
	if (!json_is_int(value))
		return refuse(d, at, "must be a whole number");
	if (n == 0 && !(f->flags & FIELD_REQUIRED))
		return 0;
	if (n < f->min || n > f->max)
		return refuse(d, at,
		    "%" PRId64 " is not from %" PRId64 " to %" PRId64, n,
		    f->min, f->max);
	*(int64_t *)(void *)(base + f->offset) = n;
	return 0;
}

static int
decode_bool(const struct decoder *d, const struct place *at,
    const struct field *f, const struct json *value, char *base)
{
	if (expect(d, at, value, JSON_BOOL, "true or false") < 0)
		return -1;
	*(bool *)(void *)(base + f->offset) = json_bool(value, false);
	return 0;
}

static int
decode_real(const struct decoder *d, const struct place *at,
    const struct field *f, const struct json *value, char *base)
{
	double n = json_real(value, 0);

	if (expect(d, at, value, JSON_NUMBER, "a number") < 0)
		return -1;
	if (n == 0 && !(f->flags & FIELD_REQUIRED))
		return 0;
	if (n < (double)f->min || n > (double)f->max)
		return refuse(d, at, "%g is not from %" PRId64 " to %" PRId64,
		    n, f->min, f->max);
	*(double *)(void *)(base + f->offset) = n;
	return 0;
}

static int decode_fields(const struct decoder *d, const struct place *at,
    const struct shape *shape, const struct json *object, char *base);

static int
decode_object(const struct decoder *d, const struct place *at,
    const struct field *f, const struct json *value, char *base)
{
	if (expect(d, at, value, JSON_OBJECT, "an object") < 0)
		return -1;
	return decode_fields(d, at, f->shape, value, base + f->offset);
}

/* Checks the list and makes room for its items; 1: it has none. */
static int
take_list(const struct decoder *d, const struct place *at,
    const struct field *f, const struct json *value, size_t item_size,
    char *base)
{
	size_t n;

	if (expect(d, at, value, JSON_LIST, "a list") < 0)
		return -1;
	n = json_count(value);
	if ((int64_t)n > f->max)
		return refuse(
		    d, at, "has %zu items, at most %" PRId64, n, f->max);
	if (n == 0)
		return 1;
	*(void **)(void *)(base + f->offset) =
	    arena_alloc(d->arena, n * item_size);
	*(size_t *)(void *)(base + f->count_offset) = n;
	return 0;
}

static int
decode_list(const struct decoder *d, const struct place *at,
    const struct field *f, const struct json *value, char *base)
{
	int rc = take_list(d, at, f, value, f->shape->size, base);
	struct place item_at = { .outer = at };
	char *item;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	item = *(char **)(void *)(base + f->offset);
	for (const struct json *v = json_first(value); v; v = json_next(v)) {
		if (expect(d, &item_at, v, JSON_OBJECT, "an object") < 0)
			return -1;
		if (decode_fields(d, &item_at, f->shape, v, item) < 0)
			return -1;
		item += f->shape->size;
		item_at.index++;
	}
	return 0;
}

static int
decode_strs(const struct decoder *d, const struct place *at,
    const struct field *f, const struct json *value, char *base)
{
	int rc = take_list(d, at, f, value, sizeof(char *), base);
	struct place item_at = { .outer = at };
	const char **items;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	items = *(const char ***)(void *)(base + f->offset);
	for (const struct json *v = json_first(value); v; v = json_next(v)) {
		const char **item = &items[item_at.index];

		if (take_text(d, &item_at, v, f->item_max, item) < 0)
			return -1;
		item_at.index++;
	}
	return 0;
}

typedef int (*decode_fn)(const struct decoder *d, const struct place *at,
    const struct field *f, const struct json *value, char *base);

static const decode_fn decoders[] = {
	[FIELD_STR] = decode_str,
	[FIELD_INT] = decode_int,
	[FIELD_BOOL] = decode_bool,
	[FIELD_REAL] = decode_real,
	[FIELD_OBJECT] = decode_object,
	[FIELD_LIST] = decode_list,
	[FIELD_STRS] = decode_strs,
};

/* Strings are never NULL, in objects that are absent neither. */
static void
set_empty(const struct shape *shape, char *base)
{
	memset(base, 0, shape->size);
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct field *f = &shape->fields[i];

		if (f->type == FIELD_STR)
			*(const char **)(void *)(base + f->offset) = "";
		else if (f->type == FIELD_OBJECT)
			set_empty(f->shape, base + f->offset);
	}
}

static int
decode_fields(const struct decoder *d, const struct place *outer,
    const struct shape *shape, const struct json *object, char *base)
{
	set_empty(shape, base);
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct field *f = &shape->fields[i];
		const struct json *value = json_get(object, f->key);
		struct place at = { .outer = outer, .key = f->key };

		if (!value && (f->flags & FIELD_REQUIRED))
			return refuse(d, &at, "is required");
		if (!value || (json_type(value) == JSON_NULL &&
				  !(f->flags & FIELD_REQUIRED)))
			continue;
		if (decoders[f->type](d, &at, f, value, base) < 0)
			return -1;
	}
	return 0;
}

int
shape_decode(const struct shape *shape, void *out, const struct json *object,
    struct arena *arena, struct err *err)
{
	struct decoder d = { .arena = arena, .err = err };

	if (!object || json_type(object) != JSON_OBJECT)
		return err_set(err, ERR_INVALID, "must be an object");
	return decode_fields(&d, NULL, shape, object, out);
}
