/* What an embedding endpoint may answer, and what becomes of it. */

#include "services/task-engine/llm/embeddings.h"

#include <math.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "tests/unit/unit.h"

#define ONE(numbers) "{\"data\":[{\"index\":0,\"embedding\":[" numbers "]}]}"

static void
what_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *name, *body, *why;
		size_t n_texts;
	} cases[] = {
		{ "nothing", "", "", 1 },
		{ "no JSON", "<html>", "", 1 },
		{ "a list", "[]", "no JSON object", 1 },
		{ "no data", "{}", "not one for each text", 1 },
		{ "data is none", "{\"data\":5}", "not one for each", 1 },
		{ "too few", ONE("1"), "not one for each text", 2 },
		{ "too many", ONE("1"), "not one for each text", 0 },
		{ "an item that is none", "{\"data\":[5]}", "no usable", 1 },
		{ "no embedding", "{\"data\":[{}]}", "no usable", 1 },
		{ "base64", "{\"data\":[{\"embedding\":\"AAAA\"}]}",
		    "no usable", 1 },
		{ "no dimensions", ONE(""), "no usable number", 1 },
		{ "text", ONE("\"1\""), "not a number", 1 },
		{ "null", ONE("null"), "not a number", 1 },
		{ "a list in it", ONE("[1]"), "not a number", 1 },
		{ "not finite", ONE("1e999"), "", 1 },
		{ "too large to be squared", ONE("1e200"), "direction", 1 },
		{ "too small to be squared", ONE("1e-161,1e-308"), "direction",
		    1 },
		{ "all zero", ONE("0,0"), "without a direction", 1 },
		{ "another's place",
		    "{\"data\":[{\"index\":1,\"embedding\":[1]}]}",
		    "not one for each text", 1 },
		{ "a place before the first",
		    "{\"data\":[{\"index\":-1,\"embedding\":[1]}]}",
		    "not one for each text", 1 },
		{ "one place twice",
		    "{\"data\":[{\"index\":0,\"embedding\":[1]},"
		    "{\"index\":0,\"embedding\":[1]}]}",
		    "not one for each text", 2 },
		{ "mixed dimensions",
		    "{\"data\":[{\"index\":0,\"embedding\":[1]},"
		    "{\"index\":1,\"embedding\":[1,2]}]}",
		    "different dimensions", 2 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1 << 20);
		struct embeddings out;
		struct err err;

		if (embeddings_parse(&out, cases[i].body, strlen(cases[i].body),
			cases[i].n_texts, arena, &err) == 0)
			fail_msg("%s: taken", cases[i].name);
		if (err.code != ERR_INVALID || !strstr(err.text, cases[i].why))
			fail_msg("%s: %s", cases[i].name, err.text);
	}
}

static void
vectors_have_the_length_1_and_their_places(void **state)
{
	static const char body[] =
	    "{\"data\":[{\"index\":1,\"embedding\":[3,4]},"
	    "{\"index\":0,\"embedding\":[-2,0]}],"
	    "\"usage\":{\"prompt_tokens\":12}}";
	static const double wanted[] = { -1, 0, 0.6, 0.8 };
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	struct embeddings out;
	struct err err;

	(void)state;
	assert_int_equal(
	    embeddings_parse(&out, body, strlen(body), 2, arena, &err), 0);
	assert_int_equal(out.n_dimensions, 2);
	assert_int_equal(out.n_tokens, 12);
	for (size_t i = 0; i < N_OF(wanted); i++)
		assert_true(fabs((double)out.values[i] - wanted[i]) < 1e-6);
}

static void
what_is_said_of_tokens_is_believed_within_reason(void **state)
{
	static const struct {
		const char *usage;
		int64_t n_tokens;
	} cases[] = {
		{ "{}", 0 },
		{ "[]", 0 },
		{ "{\"prompt_tokens\":-5}", 0 },
		{ "{\"prompt_tokens\":\"5\"}", 0 },
		{ "{\"prompt_tokens\":5}", 5 },
		{ "{\"prompt_tokens\":900000000000}", 10 * 1000 * 1000 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1 << 20);
		const char *body = arena_printf(arena,
		    "{\"data\":[{\"embedding\":[1]}],\"usage\":%s}",
		    cases[i].usage);
		struct embeddings out;
		struct err err;

		assert_int_equal(
		    embeddings_parse(&out, body, strlen(body), 1, arena, &err),
		    0);
		assert_int_equal(out.n_tokens, cases[i].n_tokens);
	}
}

static void
a_request_names_the_model_and_the_texts(void **state)
{
	static const char *const texts[] = { "one", "\"two\"\n" };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	embeddings_request("minilm", texts, 2, &out);
	assert_string_equal(out.data,
	    "{\"model\":\"minilm\",\"input\":[\"one\",\"\\\"two\\\"\\n\"]}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(vectors_have_the_length_1_and_their_places),
		cmocka_unit_test(
		    what_is_said_of_tokens_is_believed_within_reason),
		cmocka_unit_test(a_request_names_the_model_and_the_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
