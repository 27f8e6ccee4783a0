/* Structs to bodies, by field tables. */

#include "proto/shape.h"

#include <stdbool.h>

#include "libcommon/buf.h"
#include "libcommon/json.h"

static const char *
str_at(const struct field *f, const char *base)
{
	const char *text =
	    *(const char *const *)(const void *)(base + f->offset);

	return text ? text : "";
}

static int64_t
int_at(const struct field *f, const char *base)
{
	return *(const int64_t *)(const void *)(base + f->offset);
}

static bool
bool_at(const struct field *f, const char *base)
{
	return *(const bool *)(const void *)(base + f->offset);
}

static double
real_at(const struct field *f, const char *base)
{
	return *(const double *)(const void *)(base + f->offset);
}

static size_t
count_at(const struct field *f, const char *base)
{
	return *(const size_t *)(const void *)(base + f->count_offset);
}

static bool
is_empty(const struct field *f, const char *base)
{
	switch (f->type) {
	case FIELD_STR:
		return *str_at(f, base) == '\0';
	case FIELD_INT:
		return int_at(f, base) == 0;
	case FIELD_BOOL:
		return !bool_at(f, base);
	case FIELD_REAL:
		return real_at(f, base) == 0;
	case FIELD_LIST:
	case FIELD_STRS:
		return count_at(f, base) == 0;
	case FIELD_OBJECT:
		for (size_t i = 0; i < f->shape->n_fields; i++)
			if (!is_empty(&f->shape->fields[i], base + f->offset))
				return false;
		return true;
	}
	return false;
}

static void encode_object(const struct shape *shape, const char *key,
    const char *base, struct json_out *out);

static void
encode_str(const struct field *f, const char *base, struct json_out *out)
{
	json_out_str(out, f->key, str_at(f, base));
}

static void
encode_int(const struct field *f, const char *base, struct json_out *out)
{
	json_out_int(out, f->key, int_at(f, base));
}

static void
encode_bool(const struct field *f, const char *base, struct json_out *out)
{
	json_out_bool(out, f->key, bool_at(f, base));
}

static void
encode_real(const struct field *f, const char *base, struct json_out *out)
{
	json_out_real(out, f->key, real_at(f, base));
}

static void
encode_member(const struct field *f, const char *base, struct json_out *out)
{
	encode_object(f->shape, f->key, base + f->offset, out);
}

static void
encode_list(const struct field *f, const char *base, struct json_out *out)
{
	const char *item =
	    *(const char *const *)(const void *)(base + f->offset);

	json_out_list(out, f->key);
	for (size_t i = 0; i < count_at(f, base); i++)
		encode_object(f->shape, NULL, item + i * f->shape->size, out);
	json_out_list_end(out);
}

static void
encode_strs(const struct field *f, const char *base, struct json_out *out)
{
	const char *const *items =
	    *(const char *const *const *)(const void *)(base + f->offset);

	json_out_list(out, f->key);
	for (size_t i = 0; i < count_at(f, base); i++)
		json_out_str(out, NULL, items[i]);
	json_out_list_end(out);
}

typedef void (*encode_fn)(
    const struct field *f, const char *base, struct json_out *out);

static const encode_fn encoders[] = {
	[FIELD_STR] = encode_str,
	[FIELD_INT] = encode_int,
	[FIELD_BOOL] = encode_bool,
	[FIELD_REAL] = encode_real,
	[FIELD_OBJECT] = encode_member,
	[FIELD_LIST] = encode_list,
	[FIELD_STRS] = encode_strs,
};

static void
encode_object(const struct shape *shape, const char *key, const char *base,
    struct json_out *out)
{
	json_out_object(out, key);
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct field *f = &shape->fields[i];

		if ((f->flags & FIELD_REQUIRED) || !is_empty(f, base))
			encoders[f->type](f, base, out);
	}
	json_out_object_end(out);
}

void
shape_encode(const struct shape *shape, const void *in, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	encode_object(shape, NULL, in, &json);
}
