/* The JSON Schema of a shape. */

#include "proto/shape.h"

#include "libcommon/buf.h"
#include "libcommon/json.h"

static bool
is_required(const struct field *f)
{
	return f->flags & FIELD_REQUIRED;
}

/* Whether the key has to be there. */
static bool
is_kept(const struct field *f, const struct schema_style *style)
{
	return style->is_shown ? !(f->flags & FIELD_SPARSE) : is_required(f);
}

/* What is not required may also be null, which says the same as absent. It is
 * never shown so. */
static bool
may_be_null(const struct field *f, const struct schema_style *style)
{
	return !style->is_shown && !is_required(f);
}

static void
type_out(const struct field *f, const char *type,
    const struct schema_style *style, struct json_out *out)
{
	if (!may_be_null(f, style)) {
		json_out_str(out, "type", type);
		return;
	}
	json_out_list(out, "type");
	json_out_str(out, NULL, type);
	json_out_str(out, NULL, "null");
	json_out_list_end(out);
}

static void
choices_out(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	json_out_list(out, "enum");
	for (const char *const *c = f->choices; *c; c++)
		json_out_str(out, NULL, *c);
	if (!is_required(f))
		json_out_str(out, NULL, "");
	if (may_be_null(f, style))
		json_out_null(out, NULL);
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
str_out(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	type_out(f, "string", style, out);
	if (f->choices) {
		choices_out(f, style, out);
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
number_out(const struct field *f, const char *type,
    const struct schema_style *style, struct json_out *out)
{
	bool may_be_0 = !is_required(f);

	type_out(f, type, style, out);
	json_out_int(out, "minimum", may_be_0 && f->min > 0 ? 0 : f->min);
	json_out_int(out, "maximum", may_be_0 && f->max < 0 ? 0 : f->max);
}

static void
int_out(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	number_out(f, "integer", style, out);
}

static void
bool_out(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	type_out(f, "boolean", style, out);
}

static void
real_out(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	number_out(f, "number", style, out);
}

static void
ref_out(const struct shape *shape, const struct schema_style *style,
    struct json_out *out)
{
	AUTO(buf_release)
	struct buf ref;

	buf_init(&ref);
	buf_addf(&ref, "%s%s", style->refs, shape->name);
	json_out_strn(out, "$ref", ref.data, ref.size);
}

static void
member_out(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	if (style->refs) {
		ref_out(f->shape, style, out);
		return;
	}
	type_out(f, "object", style, out);
	shape_schema_print(f->shape, style, out);
}

static void
named_out(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	json_out_str(out, "type", "object");
	json_out_object(out, "additionalProperties");
	shape_field_schema(&f->shape->fields[1], style, out);
	json_out_object_end(out);
}

static void
list_out(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	if (style->is_shown && (f->flags & FIELD_NAMED)) {
		named_out(f, style, out);
		return;
	}
	type_out(f, "array", style, out);
	json_out_int(out, "maxItems", f->max);
	json_out_object(out, "items");
	if (style->refs) {
		ref_out(f->shape, style, out);
	} else {
		json_out_str(out, "type", "object");
		shape_schema_print(f->shape, style, out);
	}
	json_out_object_end(out);
}

static void
strs_out(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	type_out(f, "array", style, out);
	json_out_int(out, "maxItems", f->max);
	json_out_object(out, "items");
	json_out_str(out, "type", "string");
	json_out_int(out, "maxLength", f->item_max);
	json_out_int(out, "maxBytes", f->item_max);
	json_out_object_end(out);
}

void
shape_field_schema(const struct field *f, const struct schema_style *style,
    struct json_out *out)
{
	static void (*const writers[])(const struct field *,
	    const struct schema_style *, struct json_out *) = {
		[FIELD_STR] = str_out,
		[FIELD_INT] = int_out,
		[FIELD_BOOL] = bool_out,
		[FIELD_REAL] = real_out,
		[FIELD_OBJECT] = member_out,
		[FIELD_LIST] = list_out,
		[FIELD_STRS] = strs_out,
	};

	writers[f->type](f, style, out);
}

static void
required_out(const struct shape *shape, const struct schema_style *style,
    struct json_out *out)
{
	bool is_begun = false;

	for (size_t i = 0; i < shape->n_fields; i++) {
		if (!is_kept(&shape->fields[i], style))
			continue;
		if (!is_begun)
			json_out_list(out, "required");
		is_begun = true;
		json_out_str(out, NULL, shape->fields[i].key);
	}
	if (is_begun)
		json_out_list_end(out);
}

void
shape_schema_print(const struct shape *shape, const struct schema_style *style,
    struct json_out *out)
{
	json_out_object(out, "properties");
	for (size_t i = 0; i < shape->n_fields; i++) {
		json_out_object(out, shape->fields[i].key);
		shape_field_schema(&shape->fields[i], style, out);
		json_out_object_end(out);
	}
	json_out_object_end(out);
	required_out(shape, style, out);
	if (style->is_closed)
		json_out_bool(out, "additionalProperties", false);
}

void
shape_schema(const struct shape *shape, struct buf *out)
{
	static const struct schema_style decoded = { 0 };
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "type", "object");
	shape_schema_print(shape, &decoded, &json);
	json_out_object_end(&json);
}
