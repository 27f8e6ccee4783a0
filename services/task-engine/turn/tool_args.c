/* Arguments of tools: their schema, and what a model made of it. Pure. */

#include "services/task-engine/turn/tool_args.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "services/task-engine/approvals/canonical.h"

/* of a name that a model made up */
enum { MAX_NAMED_BYTES = 64 };

static const char *const type_names[] = {
	[TOOL_TEXT] = "string",
	[TOOL_INT] = "integer",
	[TOOL_BOOL] = "boolean",
	[TOOL_OBJECT] = "object",
	[TOOL_TEXTS] = "array",
};

static void
add_bounds(const struct tool_field *field, struct json_out *json)
{
	bool is_number = field->type == TOOL_INT;

	json_out_int(json, is_number ? "minimum" : "minLength", field->min);
	json_out_int(json, is_number ? "maximum" : "maxLength", field->max);
}

static void
add_items(const struct tool_field *field, struct json_out *json)
{
	json_out_int(json, "minItems", 1);
	json_out_int(json, "maxItems", TOOL_MAX_ITEMS);
	json_out_object(json, "items");
	json_out_str(json, "type", type_names[TOOL_TEXT]);
	add_bounds(field, json);
	json_out_object_end(json);
}

static void
add_field(const struct tool_field *field, struct json_out *json)
{
	json_out_object(json, field->name);
	json_out_str(json, "type", type_names[field->type]);
	json_out_str(json, "description", field->help);
	if (field->choices) {
		json_out_list(json, "enum");
		for (const char *const *c = field->choices; *c; c++)
			json_out_str(json, NULL, *c);
		json_out_list_end(json);
	} else if (field->type == TOOL_TEXTS) {
		add_items(field, json);
	} else if (field->type == TOOL_TEXT || field->type == TOOL_INT) {
		add_bounds(field, json);
	}
	json_out_object_end(json);
}

void
tool_schema(const struct tool_field *fields, size_t n, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "type", "object");
	json_out_object(&json, "properties");
	for (size_t i = 0; i < n; i++)
		add_field(&fields[i], &json);
	json_out_object_end(&json);
	json_out_list(&json, "required");
	for (size_t i = 0; i < n; i++)
		if (fields[i].is_required)
			json_out_str(&json, NULL, fields[i].name);
	json_out_list_end(&json);
	json_out_bool(&json, "additionalProperties", false);
	json_out_object_end(&json);
}

static int
wrong_type(const struct tool_field *field, enum tool_type type, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s must be of type %s", field->name,
	    type_names[type]);
}

static int
check_choice(const struct tool_field *field, const char *text, struct err *err)
{
	for (const char *const *c = field->choices; *c; c++)
		if (strcmp(*c, text) == 0)
			return 0;
	return err_set(err, ERR_INVALID,
	    "%s must be one of those that its schema names", field->name);
}

static int
read_text(const struct tool_field *field, const struct json *value,
    struct arena *arena, const char **out, struct err *err)
{
	size_t size;

	if (json_type(value) != JSON_STRING)
		return wrong_type(field, TOOL_TEXT, err);
	*out = arena_strdup(arena, json_str(value, ""));
	if (field->choices)
		return check_choice(field, *out, err);
	size = strlen(*out);
	if ((int64_t)size >= field->min && (int64_t)size <= field->max)
		return 0;
	return err_set(err, ERR_INVALID,
	    "%s must have %" PRId64 " to %" PRId64 " bytes, not %zu",
	    field->name, field->min, field->max, size);
}

static int
read_number(const struct tool_field *field, const struct json *value,
    struct tool_value *out, struct err *err)
{
	if (!json_is_int(value))
		return wrong_type(field, field->type, err);
	out->number = json_int(value, 0);
	if (out->number >= field->min && out->number <= field->max)
		return 0;
	return err_set(err, ERR_INVALID, "%s must be %" PRId64 " to %" PRId64,
	    field->name, field->min, field->max);
}

static int
read_object(const struct tool_field *field, const struct json *value,
    struct arena *arena, struct tool_value *out, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	if (json_type(value) != JSON_OBJECT)
		return wrong_type(field, field->type, err);
	buf_init(&text);
	json_print(value, &text);
	out->text = arena_strndup(arena, text.data, text.size);
	return 0;
}

static int
read_texts(const struct tool_field *field, const struct json *value,
    struct arena *arena, struct tool_value *out, struct err *err)
{
	const char **items =
	    arena_alloc(arena, TOOL_MAX_ITEMS * sizeof(*items));
	size_t n = 0;

	if (json_type(value) != JSON_LIST)
		return wrong_type(field, field->type, err);
	for (const struct json *m = json_first(value); m; m = json_next(m)) {
		if (n == TOOL_MAX_ITEMS)
			break;
		if (read_text(field, m, arena, &items[n++], err) < 0)
			return -1;
	}
	if (n == 0 || json_count(value) > TOOL_MAX_ITEMS)
		return err_set(err, ERR_INVALID, "%s must have 1 to %d items",
		    field->name, TOOL_MAX_ITEMS);
	out->items = items;
	out->n_items = n;
	return 0;
}

static int
read_value(const struct tool_field *field, const struct json *value,
    struct arena *arena, struct tool_value *out, struct err *err)
{
	out->is_given = true;
	switch (field->type) {
	case TOOL_TEXT:
		return read_text(field, value, arena, &out->text, err);
	case TOOL_INT:
		return read_number(field, value, out, err);
	case TOOL_BOOL:
		if (json_type(value) != JSON_BOOL)
			return wrong_type(field, field->type, err);
		out->number = json_bool(value, false);
		return 0;
	case TOOL_OBJECT:
		return read_object(field, value, arena, out, err);
	case TOOL_TEXTS:
		return read_texts(field, value, arena, out, err);
	}
	return 0;
}

/* null says the same as nothing: some models fill in every key. */
static const struct json *
value_of(const struct json *root, const struct tool_field *field)
{
	const struct json *value = json_get(root, field->name);

	return value && json_type(value) == JSON_NULL ? NULL : value;
}

static int
unknown(const char *key, struct err *err)
{
	size_t size = utf8_cut(key, strlen(key), MAX_NAMED_BYTES);

	return err_set(
	    err, ERR_INVALID, "there is no argument \"%.*s\"", (int)size, key);
}

static int
check_keys(const struct tool_field *fields, size_t n, const struct json *root,
    struct err *err)
{
	for (const struct json *m = json_first(root); m; m = json_next(m)) {
		size_t i = 0;

		while (i < n && strcmp(fields[i].name, json_key(m)) != 0)
			i++;
		if (i == n)
			return unknown(json_key(m), err);
	}
	return 0;
}

static int
read_all(const struct tool_field *fields, size_t n, const struct json *root,
    struct arena *arena, struct tool_value *values, struct err *err)
{
	if (check_keys(fields, n, root, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct json *value = value_of(root, &fields[i]);

		values[i] = (struct tool_value){ .text = "" };
		if (value &&
		    read_value(&fields[i], value, arena, &values[i], err) < 0)
			return -1;
		if (!value && fields[i].is_required)
			return err_set(
			    err, ERR_INVALID, "%s is missing", fields[i].name);
	}
	return 0;
}

int
tool_read_args(const struct tool_field *fields, size_t n, const char *text,
    struct arena *arena, struct tool_value *values, struct err *err)
{
	AUTO(json_free)
	struct json *root = NULL;

	if (text[strspn(text, " \t\r\n")] == '\0')
		text = "{}";
	if (json_parse(&root, text, strlen(text), err) < 0)
		return err_prefix(err, "the arguments are no JSON");
	if (json_type(root) != JSON_OBJECT)
		return err_set(
		    err, ERR_INVALID, "the arguments are no JSON object");
	return read_all(fields, n, root, arena, values, err);
}

void
tool_canonical_args(const char *text, struct buf *out)
{
	AUTO(json_free)
	struct json *root = NULL;
	struct err err;

	if (json_parse(&root, text, strlen(text), &err) == 0)
		canonical_json(out, root);
	else
		buf_adds(out, text);
}
