/* OpenAI-compatible embeddings: request out, response in; pure. */

#include "services/task-engine/llm/embeddings.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/bounds.h"

/* What no text of ours can take: an endpoint that says more is not believed. */
enum { MAX_TOKENS = 10 * 1000 * 1000 };

void
embeddings_request(const char *model, const char *const *texts, size_t n_texts,
    struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "model", model);
	json_out_list(&json, "input");
	for (size_t i = 0; i < n_texts; i++)
		json_out_str(&json, NULL, texts[i]);
	json_out_list_end(&json);
	json_out_object_end(&json);
}

static int
bad(struct err *err, const char *what)
{
	return err_set(err, ERR_INVALID, "the endpoint's embeddings: %s", what);
}

/* Writes it with the length 1. */
static int
read_vector(float *out, size_t n, const struct json *numbers, struct err *err)
{
	double sum = 0;
	size_t i = 0;

	for (const struct json *x = json_first(numbers); x;
	     x = json_next(x), i++) {
		double value = json_real(x, NAN);

		if (json_type(x) != JSON_NUMBER || !isfinite(value))
			return bad(err, "not a number");
		sum += value * value;
	}
	/* Below that a double has few digits left. */
	if (!isfinite(sum) || sum < DBL_MIN)
		return bad(err, "a vector without a direction");
	i = 0;
	for (const struct json *x = json_first(numbers); x && i < n;
	     x = json_next(x))
		out[i++] = (float)(json_real(x, 0) / sqrt(sum));
	return 0;
}

static bool
is_list(const struct json *value)
{
	return value && json_type(value) == JSON_LIST;
}

static const struct json *
numbers_of(const struct json *item)
{
	const struct json *numbers =
	    json_type(item) == JSON_OBJECT ? json_get(item, "embedding") : NULL;

	return is_list(numbers) ? numbers : NULL;
}

/* Where it belongs; most say it, and in their order. */
static size_t
place_of(const struct json *item, size_t at)
{
	return (size_t)json_int(json_get(item, "index"), (int64_t)at);
}

static int
read_items(struct embeddings *out, const struct json *data, size_t n_texts,
    struct arena *arena, struct err *err)
{
	bool *is_there = arena_alloc(arena, n_texts * sizeof(*is_there));
	size_t at = 0;

	memset(is_there, 0, n_texts * sizeof(*is_there));
	for (const struct json *item = json_first(data); item;
	     item = json_next(item), at++) {
		const struct json *numbers = numbers_of(item);
		size_t place = numbers ? place_of(item, at) : n_texts;

		if (place >= n_texts || is_there[place])
			return bad(err, "not one for each text");
		if (json_count(numbers) != out->n_dimensions)
			return bad(err, "of different dimensions");
		is_there[place] = true;
		if (read_vector(&out->values[place * out->n_dimensions],
			out->n_dimensions, numbers, err) < 0)
			return -1;
	}
	return 0;
}

static int
read_data(struct embeddings *out, const struct json *data, size_t n_texts,
    struct arena *arena, struct err *err)
{
	const struct json *first;

	if (!is_list(data) || json_count(data) != n_texts || n_texts == 0)
		return bad(err, "not one for each text");
	first = numbers_of(json_first(data));
	out->n_dimensions = first ? json_count(first) : 0;
	if (out->n_dimensions < 1 || out->n_dimensions > BOUND_DIMENSIONS)
		return bad(err, "of no usable number of dimensions");
	out->values = arena_alloc(
	    arena, n_texts * out->n_dimensions * sizeof(*out->values));
	return read_items(out, data, n_texts, arena, err);
}

static int64_t
tokens_of(const struct json *root)
{
	const struct json *usage = json_get(root, "usage");
	int64_t n = usage && json_type(usage) == JSON_OBJECT
			? json_int(json_get(usage, "prompt_tokens"), 0)
			: 0;

	return n < 0 ? 0 : n > MAX_TOKENS ? MAX_TOKENS : n;
}

int
embeddings_parse(struct embeddings *out, const char *body, size_t size,
    size_t n_texts, struct arena *arena, struct err *err)
{
	AUTO(json_free)
	struct json *root = NULL;

	*out = (struct embeddings){ 0 };
	if (json_parse(&root, body, size, err) < 0)
		return err_prefix(err, "the endpoint's embeddings");
	if (json_type(root) != JSON_OBJECT)
		return bad(err, "no JSON object");
	if (read_data(out, json_get(root, "data"), n_texts, arena, err) < 0)
		return -1;
	out->n_tokens = tokens_of(root);
	return 0;
}
