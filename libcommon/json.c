/* Reading JSON: cJSON behind a strict front. */

#include "libcommon/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json_check.h"

/* struct json is never defined: a pointer to one is a pointer to a cJSON. */
static const cJSON *
node(const struct json *value)
{
	return (const cJSON *)value;
}

static const struct json *
face(const cJSON *value)
{
	return (const struct json *)value;
}

/*
 * cJSON takes a node, a key and a text at a time, some sixty for a message,
 * and would give each of them back. A tree has an arena instead, which is
 * known by the root: a root has no neighbours, so its prev is free.
 */
static struct arena *growing;

/* Emptied ones, as many as messages often are in hand at a time. */
static struct arena *spare[32];
static size_t n_spare;

static void *
take_memory(size_t size)
{
	return arena_alloc(growing, size);
}

static void
leave_memory(void *memory)
{
	(void)memory;
}

static struct arena *
arena_take(void)
{
	return n_spare > 0 ? spare[--n_spare] : arena_new(SIZE_MAX);
}

static void
arena_give(struct arena **slot)
{
	struct arena *arena = STEAL(*slot);

	if (arena == NULL)
		return;
	if (n_spare == N_OF(spare)) {
		arena_free(&arena);
		return;
	}
	arena_reset(arena);
	spare[n_spare++] = arena;
}

static cJSON *
grow_tree(struct arena *arena, const char *text, size_t size)
{
	cJSON_Hooks hooks = { take_memory, leave_memory };
	cJSON *tree;

	growing = arena;
	cJSON_InitHooks(&hooks);
	tree = cJSON_ParseWithLength(text, size);
	cJSON_InitHooks(NULL);
	growing = NULL;
	return tree;
}

int
json_parse(
    struct json **json_out, const char *text, size_t size, struct err *err)
{
	AUTO(arena_give)
	struct arena *arena = NULL;
	cJSON *tree;

	if (json_check_text(text, size, err) < 0)
		return -1;
	arena = arena_take();
	tree = grow_tree(arena, text, size);
	if (tree == NULL)
		return err_set(err, ERR_INTERNAL, "cJSON refused valid JSON");
	if (json_check_keys(tree, err) < 0)
		return -1;
	tree->prev = (cJSON *)(void *)STEAL(arena);
	*json_out = (struct json *)tree;
	return 0;
}

void
json_free(struct json **json)
{
	struct arena *arena =
	    *json ? (struct arena *)(void *)((cJSON *)*json)->prev : NULL;

	arena_give(&arena);
	*json = NULL;
}

enum json_type
json_type(const struct json *value)
{
	const cJSON *item = node(value);

	if (cJSON_IsBool(item))
		return JSON_BOOL;
	if (cJSON_IsNumber(item))
		return JSON_NUMBER;
	if (cJSON_IsString(item))
		return JSON_STRING;
	if (cJSON_IsArray(item))
		return JSON_LIST;
	if (cJSON_IsObject(item))
		return JSON_OBJECT;
	return JSON_NULL;
}

const char *
json_key(const struct json *member)
{
	return node(member)->string;
}

const struct json *
json_get(const struct json *object, const char *key)
{
	if (!cJSON_IsObject(node(object)))
		return NULL;
	return face(cJSON_GetObjectItemCaseSensitive(node(object), key));
}

size_t
json_count(const struct json *list_or_object)
{
	size_t n = 0;

	for (const struct json *item = json_first(list_or_object); item != NULL;
	     item = json_next(item))
		n++;
	return n;
}

const struct json *
json_first(const struct json *list_or_object)
{
	return list_or_object != NULL ? face(node(list_or_object)->child)
				      : NULL;
}

const struct json *
json_next(const struct json *value)
{
	return face(node(value)->next);
}

const char *
json_str(const struct json *value, const char *fallback)
{
	return cJSON_IsString(node(value)) ? node(value)->valuestring
					   : fallback;
}

bool
json_is_int(const struct json *value)
{
	double number;

	if (!cJSON_IsNumber(node(value)))
		return false;
	number = node(value)->valuedouble;
	return fabs(number) <= 9007199254740991.0 &&
	       (double)(int64_t)number == number;
}

int64_t
json_int(const struct json *value, int64_t fallback)
{
	return json_is_int(value) ? (int64_t)node(value)->valuedouble
				  : fallback;
}

double
json_real(const struct json *value, double fallback)
{
	return cJSON_IsNumber(node(value)) ? node(value)->valuedouble
					   : fallback;
}

bool
json_bool(const struct json *value, bool fallback)
{
	return cJSON_IsBool(node(value)) ? cJSON_IsTrue(node(value)) : fallback;
}

static void
print_value(const struct json *value, const char *key, struct json_out *out);

static void
print_children(const struct json *value, struct json_out *out)
{
	for (const struct json *child = json_first(value); child != NULL;
	     child = json_next(child))
		print_value(child, json_key(child), out);
}

static void
print_number(const struct json *value, const char *key, struct json_out *out)
{
	if (json_is_int(value))
		json_out_int(out, key, json_int(value, 0));
	else
		json_out_real(out, key, json_real(value, 0));
}

static void
print_value(const struct json *value, const char *key, struct json_out *out)
{
	switch (json_type(value)) {
	case JSON_NULL:
		json_out_null(out, key);
		break;
	case JSON_BOOL:
		json_out_bool(out, key, json_bool(value, false));
		break;
	case JSON_NUMBER:
		print_number(value, key, out);
		break;
	case JSON_STRING:
		json_out_str(out, key, json_str(value, ""));
		break;
	case JSON_LIST:
		json_out_list(out, key);
		print_children(value, out);
		json_out_list_end(out);
		break;
	case JSON_OBJECT:
		json_out_object(out, key);
		print_children(value, out);
		json_out_object_end(out);
		break;
	}
}

void
json_print(const struct json *value, struct buf *out)
{
	struct json_out writer;

	/* A member's key belongs to its object: the value alone is printed. */
	json_out_init(&writer, out);
	print_value(value, NULL, &writer);
}
