/* HTTP bodies and queries to structs, structs to answers, by the shapes. */

#include "services/api/http_json.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/shape.h"

static bool
is_ours(const struct field *field)
{
	return strcmp(field->key, "credential") == 0 ||
	       strcmp(field->key, "key") == 0;
}

static const struct field *
find_field(const struct shape *shape, const char *key)
{
	for (size_t i = 0; i < shape->n_fields; i++)
		if (strcmp(shape->fields[i].key, key) == 0)
			return is_ours(&shape->fields[i]) ? NULL
							  : &shape->fields[i];
	return NULL;
}

struct shape
http_client_shape(const struct shape *shape, struct arena *arena)
{
	struct field *rows =
	    arena_alloc(arena, shape->n_fields * sizeof(*rows));
	struct shape out = *shape;

	out.n_fields = 0;
	for (size_t i = 0; i < shape->n_fields; i++)
		if (!is_ours(&shape->fields[i]))
			rows[out.n_fields++] = shape->fields[i];
	out.fields = rows;
	return out;
}

static int
unknown_key(const struct shape *shape, const char *key, struct err *err)
{
	AUTO(buf_release)
	struct buf known;
	size_t shown = utf8_cut(key, strlen(key), 64);

	buf_init(&known);
	for (size_t i = 0; i < shape->n_fields; i++)
		if (!is_ours(&shape->fields[i]))
			buf_addf(&known, "%s%s", known.size > 0 ? ", " : "",
			    shape->fields[i].key);
	return err_set(err, ERR_INVALID, "unknown key \"%.*s\"; known are %s",
	    (int)shown, key, known.data);
}

static int
refuse_unknown(
    const struct shape *shape, const struct json *object, struct err *err)
{
	for (const struct json *member = json_first(object); member != NULL;
	     member = json_next(member))
		if (find_field(shape, json_key(member)) == NULL)
			return unknown_key(shape, json_key(member), err);
	return 0;
}

int
http_body_decode(const struct shape *shape, void *out, const char *text,
    size_t size, bool is_strict, struct arena *arena, struct err *err)
{
	AUTO(json_free)
	struct json *root = NULL;
	struct shape rows = http_client_shape(shape, arena);

	if (json_parse(&root, text, size, err) < 0)
		return err_prefix(err, "invalid payload");
	if (json_type(root) != JSON_OBJECT)
		return err_set(err, ERR_INVALID,
		    "invalid payload: the body must be a JSON object");
	if (is_strict && refuse_unknown(shape, root, err) < 0)
		return -1;
	return shape_decode(&rows, out, root, arena, err);
}

/* A pair as the JSON that shape_decode takes, so that there is one judge. */
static int
pair_print(struct json_out *out, const struct field *field, const char *value,
    struct err *err)
{
	size_t digits = strspn(value, "0123456789");
	int64_t number;

	if (field->type == FIELD_STR) {
		json_out_str(out, field->key, value);
		return 0;
	}
	number = digits < 16 ? strtoll(value, NULL, 10) : -1;
	if (value[digits] != '\0' || number < 1)
		return err_set(err, ERR_INVALID,
		    "%s must be a positive integer", field->key);
	json_out_int(
	    out, field->key, number < field->max ? number : field->max);
	return 0;
}

static bool
is_repeated(const struct http_pair *pairs, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(pairs[i].key, pairs[at].key) == 0)
			return true;
	return false;
}

int
http_query_decode(const struct shape *shape, void *out,
    const struct http_pair *pairs, size_t n_pairs, struct arena *arena,
    struct err *err)
{
	AUTO(buf_release)
	struct buf text;
	struct json_out json;

	buf_init(&text);
	json_out_init(&json, &text);
	json_out_object(&json, NULL);
	for (size_t i = 0; i < n_pairs; i++) {
		const struct field *field = find_field(shape, pairs[i].key);

		if (field == NULL)
			return unknown_key(shape, pairs[i].key, err);
		if (is_repeated(pairs, i))
			return err_set(err, ERR_INVALID,
			    "%s is given more than once", field->key);
		if (pair_print(&json, field, pairs[i].value, err) < 0)
			return -1;
	}
	json_out_object_end(&json);
	return http_body_decode(
	    shape, out, text.data, text.size, true, arena, err);
}

static const struct field *
find_items(const struct shape *shape)
{
	const struct field *field = find_field(shape, "items");

	return field != NULL && field->type == FIELD_LIST ? field : NULL;
}

void
http_answer_print(const struct shape *shape, const void *in, struct buf *out)
{
	const struct field *items = find_items(shape);
	struct json_out json;
	size_t n;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	shape_show(shape, in, &json);
	if (items != NULL) {
		memcpy(&n, (const char *)in + items->count_offset, sizeof(n));
		json_out_int(&json, "count", (int64_t)n);
	}
	json_out_object_end(&json);
}

struct shape
http_answer_shape(const struct shape *shape, struct arena *arena)
{
	const struct field *items = find_items(shape);
	struct shape out = *shape;
	struct field *rows;

	if (items == NULL)
		return out;
	rows = arena_alloc(arena, (shape->n_fields + 1) * sizeof(*rows));
	memcpy(rows, shape->fields, shape->n_fields * sizeof(*rows));
	rows[out.n_fields++] = (struct field){
		.key = "count",
		.type = FIELD_INT,
		.flags = FIELD_REQUIRED,
		.max = items->max,
	};
	out.fields = rows;
	return out;
}
