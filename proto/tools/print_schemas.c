/* Writes proto's *.schema.json from the field tables and the routes. */

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "proto/bounds.h"
#include "proto/routes.h"
#include "proto/shape.h"

enum {
	LINE_MAX_BYTES = 72, /* what is shorter stands on one line */
	FILE_MAX_BYTES = 1024 * 1024,
};

static void
indent(struct buf *out, size_t depth)
{
	buf_addc(out, '\n');
	while (depth-- > 0)
		buf_adds(out, "  ");
}

/* Prints for people and for diffs, where json_print prints for wires. */
static void
pretty(const struct json *value, size_t depth, struct buf *out)
{
	bool is_list = json_type(value) == JSON_LIST;
	size_t start = out->size;

	json_print(value, out);
	if ((!is_list && json_type(value) != JSON_OBJECT) ||
	    out->size - start + 2 * depth <= LINE_MAX_BYTES)
		return;
	buf_truncate(out, start);
	buf_addc(out, is_list ? '[' : '{');
	for (const struct json *v = json_first(value); v; v = json_next(v)) {
		indent(out, depth + 1);
		if (!is_list)
			buf_addf(out, "\"%s\": ", json_key(v));
		pretty(v, depth + 1, out);
		if (json_next(v))
			buf_addc(out, ',');
	}
	indent(out, depth);
	buf_addc(out, is_list ? ']' : '}');
}

/* Starts a schema file's object; the caller ends it. */
static void
begin_file(struct json_out *json, struct buf *text, const char *name,
    const char *source)
{
	AUTO(buf_release)
	struct buf line;

	buf_init(&line);
	json_out_init(json, text);
	json_out_object(json, NULL);
	json_out_str(
	    json, "$schema", "https://json-schema.org/draft/2020-12/schema");
	buf_addf(&line, "%s.schema.json", name);
	json_out_str(json, "$id", line.data);
	buf_reset(&line);
	buf_addf(&line, "Generated from %s; do not edit.", source);
	json_out_str(json, "$comment", line.data);
}

static void
family_schema(const char *family, struct buf *text)
{
	AUTO(buf_release)
	struct buf part;
	struct json_out json;

	buf_init(&part);
	buf_addf(&part, "proto/%s.c", family);
	begin_file(&json, text, family, part.data);
	json_out_object(&json, "$defs");
	for (size_t i = 0; i < n_shapes; i++) {
		if (strcmp(shapes[i]->family, family) != 0)
			continue;
		buf_reset(&part);
		shape_schema(shapes[i], &part);
		json_out_raw(&json, shapes[i]->name, part.data, part.size);
	}
	json_out_object_end(&json);
	json_out_object_end(&json);
}

/*
 * The envelope has its own decoder (libcommon/envelope.c) and no struct that a
 * table could fill; these rows describe what that decoder asks for.
 */
#define ROW(of_key, of_type, how, lo, hi)                                      \
	{                                                                      \
		.key = (of_key), .type = (of_type), .flags = (how),            \
		.min = (lo), .max = (hi)                                       \
	}

static const char *error_codes[ERR_COUNT];

static const struct field error_fields[] = {
	{ .key = "code", .flags = FIELD_REQUIRED, .choices = error_codes },
	ROW("text", FIELD_STR, FIELD_REQUIRED, 0, ENVELOPE_MAX_BYTES),
	ROW("retry_after_ms", FIELD_INT, 0, 0, BOUND_INT),
};

static const struct shape error_shape = {
	.fields = error_fields,
	.n_fields = N_OF(error_fields),
};

static const struct field envelope_fields[] = {
	ROW("v", FIELD_INT, FIELD_REQUIRED, ENVELOPE_VERSION, ENVELOPE_VERSION),
	ROW("id", FIELD_STR, FIELD_REQUIRED | FIELD_ASCII, 1, ID_ULID_SIZE - 1),
	ROW("type", FIELD_STR, FIELD_REQUIRED | FIELD_ASCII, 1,
	    ENVELOPE_MAX_TYPE),
	ROW("from", FIELD_STR, FIELD_REQUIRED | FIELD_ASCII, 1,
	    ENVELOPE_MAX_FROM),
	ROW("at", FIELD_INT, FIELD_REQUIRED, 0, BOUND_INT),
	ROW("deadline", FIELD_INT, 0, 0, BOUND_INT),
	ROW("cause", FIELD_STR, FIELD_ASCII, 0, ENVELOPE_MAX_CAUSE),
	ROW("key", FIELD_STR, FIELD_ASCII, 0, ENVELOPE_MAX_KEY),
	ROW("ok", FIELD_BOOL, 0, 0, 0),
	{ .key = "error", .type = FIELD_OBJECT, .shape = &error_shape },
};

static const struct shape envelope_shape = {
	.fields = envelope_fields,
	.n_fields = N_OF(envelope_fields),
};

static void
required_out(struct json_out *json, const char *first, const char *second)
{
	json_out_list(json, "required");
	json_out_str(json, NULL, first);
	if (second)
		json_out_str(json, NULL, second);
	json_out_list_end(json);
}

static void
const_str_out(struct json_out *json, const char *key, const char *value)
{
	json_out_object(json, key);
	json_out_str(json, "const", value);
	json_out_object_end(json);
}

static void
const_bool_out(struct json_out *json, const char *key, bool value)
{
	json_out_object(json, key);
	json_out_bool(json, "const", value);
	json_out_object_end(json);
}

/* "then": the body has that shape; NULL: nothing of that kind exists. */
static void
body_out(struct json_out *json, const struct shape *shape)
{
	AUTO(buf_release)
	struct buf ref;

	buf_init(&ref);
	if (!shape) {
		json_out_bool(json, "then", false);
		return;
	}
	buf_addf(&ref, "%s.schema.json#/$defs/%s", shape->family, shape->name);
	json_out_object(json, "then");
	required_out(json, "body", NULL);
	json_out_object(json, "properties");
	json_out_object(json, "body");
	json_out_str(json, "$ref", ref.data);
	json_out_object_end(json);
	json_out_object_end(json);
	json_out_object_end(json);
}

/* An envelope with "ok" is a reply. */
static void
route_out(struct json_out *json, const struct route *r)
{
	json_out_object(json, NULL);
	json_out_object(json, "if");
	json_out_object(json, "properties");
	const_str_out(json, "type", r->type);
	json_out_object_end(json);
	json_out_object(json, "not");
	required_out(json, "ok", NULL);
	json_out_object_end(json);
	json_out_object_end(json);
	body_out(json, r->body);
	json_out_object_end(json);

	json_out_object(json, NULL);
	json_out_object(json, "if");
	json_out_object(json, "properties");
	const_str_out(json, "type", r->type);
	const_bool_out(json, "ok", true);
	json_out_object_end(json);
	required_out(json, "ok", NULL);
	json_out_object_end(json);
	body_out(json, r->reply);
	json_out_object_end(json);
}

static void
types_out(struct json_out *json)
{
	json_out_object(json, NULL);
	json_out_object(json, "properties");
	json_out_object(json, "type");
	json_out_list(json, "enum");
	for (size_t i = 0; i < n_routes; i++)
		json_out_str(json, NULL, routes[i].type);
	json_out_list_end(json);
	json_out_object_end(json);
	json_out_object_end(json);
	json_out_object_end(json);
}

static void
failure_out(struct json_out *json)
{
	json_out_object(json, NULL);
	json_out_object(json, "if");
	json_out_object(json, "properties");
	const_bool_out(json, "ok", false);
	json_out_object_end(json);
	required_out(json, "ok", NULL);
	json_out_object_end(json);
	json_out_object(json, "then");
	required_out(json, "error", NULL);
	json_out_object_end(json);
	json_out_object_end(json);
}

static void
envelope_schema(struct buf *text)
{
	AUTO(buf_release)
	struct buf head;
	struct json_out json;

	for (unsigned code = ERR_NONE + 1; code < ERR_COUNT; code++)
		error_codes[code - 1] = err_code_name(code);
	buf_init(&head);
	shape_schema(&envelope_shape, &head);
	begin_file(&json, text, "envelope", "proto/routes.c");
	json_out_list(&json, "allOf");
	json_out_raw(&json, NULL, head.data, head.size);
	types_out(&json);
	failure_out(&json);
	for (size_t i = 0; i < n_routes; i++)
		route_out(&json, &routes[i]);
	json_out_list_end(&json);
	json_out_object_end(&json);
}

/* Writes the file, or says whether it is what would be written. */
static int
deliver(const char *dir, const char *name, const struct buf *text,
    bool only_check, struct err *err)
{
	AUTO(buf_release)
	struct buf path;
	AUTO(buf_release)
	struct buf is;

	buf_init(&path);
	buf_init(&is);
	buf_addf(&path, "%s/%s.schema.json", dir, name);
	if (!only_check)
		return file_replace(
		    AT_FDCWD, path.data, text->data, text->size, 0644, err);
	if (file_read(&is, AT_FDCWD, path.data, FILE_MAX_BYTES, err) < 0)
		return -1;
	if (strcmp(is.data, text->data) != 0)
		return err_set(err, ERR_CONFLICT,
		    "%s is not what the tables say; write it anew with "
		    "`ninja -C <build directory> proto-schemas`",
		    path.data);
	return 0;
}

static int
make_file(const char *dir, const char *name, bool only_check, struct err *err)
{
	AUTO(json_free)
	struct json *tree = NULL;
	AUTO(buf_release)
	struct buf wire;
	AUTO(buf_release)
	struct buf text;

	buf_init(&wire);
	buf_init(&text);
	if (strcmp(name, "envelope") == 0)
		envelope_schema(&wire);
	else
		family_schema(name, &wire);
	if (json_parse(&tree, wire.data, wire.size, err) < 0)
		return err_prefix(err, "%s", name);
	pretty(tree, 0, &text);
	buf_addc(&text, '\n');
	return deliver(dir, name, &text, only_check, err);
}

int
main(int argc, char **argv)
{
	bool only_check = argc == 3 && strcmp(argv[1], "--check") == 0;
	const char *family = "envelope";
	struct err err;

	if (argc != 2 && !only_check)
		die(2, "usage: print-schemas [--check] DIRECTORY");
	if (make_file(argv[argc - 1], family, only_check, &err) < 0)
		die(1, "%s", err.text);
	for (size_t i = 0; i < n_shapes; i++) {
		if (strcmp(shapes[i]->family, family) == 0)
			continue;
		family = shapes[i]->family;
		if (make_file(argv[argc - 1], family, only_check, &err) < 0)
			die(1, "%s", err.text);
	}
	return 0;
}
