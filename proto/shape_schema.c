/* The JSON Schema of a shape. Only tools and tests link this. */

#include "proto/shape.h"

#include <stdbool.h>

#include "libcommon/buf.h"
#include "libcommon/json.h"

static bool
is_required(const struct field *f)
{
	return f->flags & FIELD_REQUIRED;
}

/* What is not required may also be null, which says the same as absent. */
static void
type_out(const struct field *f, const char *type, struct json_out *out)
{
	if (is_required(f)) {
		json_out_str(out, "type", type);
		return;
	}
	json_out_list(out, "type");
	json_out_str(out, NULL, type);
	json_out_str(out, NULL, "null");
	json_out_list_end(out);
}

static void
choices_out(const struct field *f, struct json_out *out)
{
	json_out_list(out, "enum");
	for (const char *const *c = f->choices; *c; c++)
		json_out_str(out, NULL, *c);
	if (!is_required(f)) {
		json_out_str(out, NULL, "");
		json_out_null(out, NULL);
	}
	json_out_list_end(out);
}

/* Not as "^[^…]*$": in some languages $ also stands before a last newline. */
static void
without_out(const char *pattern, struct json_out *out)
{
	json_out_object(out, "not");
	json_out_str(out, "type", "string");
	json_out_str(out, "pattern", pattern);
	json_out_object_end(out);
}

/*
 * Schemas count code points and we count bytes: no schema refuses what the
 * decoder accepts, and the exact bound is told as maxBytes.
 */
static void
str_out(const struct field *f, struct json_out *out)
{
	type_out(f, "string", out);
	if (f->choices) {
		choices_out(f, out);
		return;
	}
	if (is_required(f) && f->min > 0)
		json_out_int(out, "minLength", 1);
	json_out_int(out, "maxLength", f->max);
	json_out_int(out, "maxBytes", f->max);
	if (f->flags & FIELD_ASCII)
		without_out("[^!-~]", out);
	else if (f->flags & FIELD_TOKEN)
		without_out("[\\u0000-\\u001f\\u007f-\\u009f]", out);
}

/* 0 of an optional number means absent, so no bound may exclude it. */
static void
number_out(const struct field *f, const char *type, struct json_out *out)
{
	bool may_be_0 = !is_required(f);

	type_out(f, type, out);
	json_out_int(out, "minimum", may_be_0 && f->min > 0 ? 0 : f->min);
	json_out_int(out, "maximum", may_be_0 && f->max < 0 ? 0 : f->max);
}

static void object_out(const struct shape *shape, struct json_out *out);

static void
int_out(const struct field *f, struct json_out *out)
{
	number_out(f, "integer", out);
}

static void
bool_out(const struct field *f, struct json_out *out)
{
	type_out(f, "boolean", out);
}

static void
real_out(const struct field *f, struct json_out *out)
{
	number_out(f, "number", out);
}

static void
member_out(const struct field *f, struct json_out *out)
{
	type_out(f, "object", out);
	object_out(f->shape, out);
}

static void
list_out(const struct field *f, struct json_out *out)
{
	type_out(f, "array", out);
	json_out_int(out, "maxItems", f->max);
	json_out_object(out, "items");
	json_out_str(out, "type", "object");
	object_out(f->shape, out);
	json_out_object_end(out);
}

static void
strs_out(const struct field *f, struct json_out *out)
{
	type_out(f, "array", out);
	json_out_int(out, "maxItems", f->max);
	json_out_object(out, "items");
	json_out_str(out, "type", "string");
	json_out_int(out, "maxLength", f->item_max);
	json_out_int(out, "maxBytes", f->item_max);
	json_out_object_end(out);
}

typedef void (*schema_fn)(const struct field *f, struct json_out *out);

static const schema_fn writers[] = {
	[FIELD_STR] = str_out,
	[FIELD_INT] = int_out,
	[FIELD_BOOL] = bool_out,
	[FIELD_REAL] = real_out,
	[FIELD_OBJECT] = member_out,
	[FIELD_LIST] = list_out,
	[FIELD_STRS] = strs_out,
};

static void
object_out(const struct shape *shape, struct json_out *out)
{
	bool has_required = false;

	json_out_object(out, "properties");
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct field *f = &shape->fields[i];

		json_out_object(out, f->key);
		writers[f->type](f, out);
		json_out_object_end(out);
		has_required |= is_required(f);
	}
	json_out_object_end(out);
	if (!has_required)
		return;
	json_out_list(out, "required");
	for (size_t i = 0; i < shape->n_fields; i++)
		if (is_required(&shape->fields[i]))
			json_out_str(out, NULL, shape->fields[i].key);
	json_out_list_end(out);
}

void
shape_schema(const struct shape *shape, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "type", "object");
	object_out(shape, &json);
	json_out_object_end(&json);
}
