/* Structs to bodies and to what clients see, by field tables. */

#include "proto/shape.h"

#include <assert.h>
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

typedef void (*encode_fn)(const struct field *f, const char *base,
    bool is_shown, struct json_out *out);

static const encode_fn encoders[FIELD_STRS + 1];

static void
encode_members(const struct shape *shape, const char *base, bool is_shown,
    struct json_out *out)
{
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct field *f = &shape->fields[i];
		bool is_kept = is_shown ? !(f->flags & FIELD_SPARSE)
					: (f->flags & FIELD_REQUIRED) != 0;

		if (is_kept || !is_empty(f, base))
			encoders[f->type](f, base, is_shown, out);
	}
}

static void
encode_object(const struct shape *shape, const char *key, const char *base,
    bool is_shown, struct json_out *out)
{
	json_out_object(out, key);
	encode_members(shape, base, is_shown, out);
	json_out_object_end(out);
}

static void
encode_str(const struct field *f, const char *base, bool is_shown,
    struct json_out *out)
{
	(void)is_shown;
	json_out_str(out, f->key, str_at(f, base));
}

static void
encode_int(const struct field *f, const char *base, bool is_shown,
    struct json_out *out)
{
	(void)is_shown;
	json_out_int(out, f->key, int_at(f, base));
}

static void
encode_bool(const struct field *f, const char *base, bool is_shown,
    struct json_out *out)
{
	(void)is_shown;
	json_out_bool(out, f->key, bool_at(f, base));
}

static void
encode_real(const struct field *f, const char *base, bool is_shown,
    struct json_out *out)
{
	(void)is_shown;
	json_out_real(out, f->key, real_at(f, base));
}

static void
encode_member(const struct field *f, const char *base, bool is_shown,
    struct json_out *out)
{
	encode_object(f->shape, f->key, base + f->offset, is_shown, out);
}

static const char *
item_at(const struct field *f, const char *base, size_t i)
{
	return *(const char *const *)(const void *)(base + f->offset) +
	       i * f->shape->size;
}

static void
show_named(const struct field *f, const char *base, struct json_out *out)
{
	struct field value = f->shape->fields[1];

	assert(f->shape->fields[0].type == FIELD_STR);
	json_out_object(out, f->key);
	for (size_t i = 0; i < count_at(f, base); i++) {
		const char *item = item_at(f, base, i);

		value.key = str_at(&f->shape->fields[0], item);
		encoders[value.type](&value, item, true, out);
	}
	json_out_object_end(out);
}

static void
encode_list(const struct field *f, const char *base, bool is_shown,
    struct json_out *out)
{
	if (is_shown && (f->flags & FIELD_NAMED)) {
		show_named(f, base, out);
		return;
	}
	json_out_list(out, f->key);
	for (size_t i = 0; i < count_at(f, base); i++)
		encode_object(
		    f->shape, NULL, item_at(f, base, i), is_shown, out);
	json_out_list_end(out);
}

static void
encode_strs(const struct field *f, const char *base, bool is_shown,
    struct json_out *out)
{
	const char *const *items =
	    *(const char *const *const *)(const void *)(base + f->offset);

	(void)is_shown;
	json_out_list(out, f->key);
	for (size_t i = 0; i < count_at(f, base); i++)
		json_out_str(out, NULL, items[i]);
	json_out_list_end(out);
}

static const encode_fn encoders[FIELD_STRS + 1] = {
	[FIELD_STR] = encode_str,
	[FIELD_INT] = encode_int,
	[FIELD_BOOL] = encode_bool,
	[FIELD_REAL] = encode_real,
	[FIELD_OBJECT] = encode_member,
	[FIELD_LIST] = encode_list,
	[FIELD_STRS] = encode_strs,
};

void
shape_encode(const struct shape *shape, const void *in, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	encode_object(shape, NULL, in, false, &json);
}

void
shape_show(const struct shape *shape, const void *in, struct json_out *out)
{
	encode_members(shape, in, true, out);
}
