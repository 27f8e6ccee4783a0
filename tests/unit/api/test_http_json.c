/* HTTP bodies and queries to structs, and structs to JSON. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/chat.h"
#include "proto/engine.h"
#include "proto/task.h"
#include "services/api/answers.h"
#include "services/api/http_json.h"

static int
set_up(void **state)
{
	*state = arena_new(1024 * 1024);
	return 0;
}

static int
tear_down(void **state)
{
	struct arena *arena = *state;

	arena_free(&arena);
	return 0;
}

static int
decode_chat(struct arena *arena, const char *text, bool is_strict,
    struct chat_turn *out, struct err *err)
{
	return http_body_decode(
	    &chat_turn_shape, out, text, strlen(text), is_strict, arena, err);
}

static void
a_chat_body_becomes_a_turn(void **state)
{
	struct chat_turn turn;
	struct err err;

	assert_int_equal(
	    decode_chat(*state,
		"{\"text\":\"hi\",\"connector\":\"codex\",\"external_id\":"
		"null}",
		true, &turn, &err),
	    0);
	assert_string_equal(turn.text, "hi");
	assert_string_equal(turn.connector, "codex");
	assert_string_equal(turn.external_id, "");
}

static const struct {
	const char *name, *text, *want;
} bad_bodies[] = {
	{ "an unknown key", "{\"text\":\"a\",\"txet\":1}",
	    "unknown key \"txet\"" },
	{ "our credential", "{\"text\":\"a\",\"credential\":{}}",
	    "unknown key \"credential\"" },
	{ "our key", "{\"text\":\"a\",\"key\":\"k\"}", "unknown key \"key\"" },
	{ "no text", "{}", "text" },
	{ "null text", "{\"text\":null}", "text" },
	{ "a wrong type", "{\"text\":5}", "text: must be a string" },
	{ "a list", "[]", "must be a JSON object" },
	{ "a string", "\"x\"", "must be a JSON object" },
	{ "nothing", "", "invalid payload" },
	{ "two values", "{\"text\":\"a\"}{}", "invalid payload" },
	{ "a key twice", "{\"text\":\"a\",\"text\":\"b\"}", "stands twice" },
	{ "another case", "{\"Text\":\"a\"}", "unknown key \"Text\"" },
};

static void
bad_bodies_are_refused_by_name(void **state)
{
	for (size_t i = 0; i < N_OF(bad_bodies); i++) {
		struct chat_turn turn;
		struct err err;

		if (decode_chat(
			*state, bad_bodies[i].text, true, &turn, &err) == 0)
			fail_msg("%s was taken", bad_bodies[i].name);
		assert_int_equal(err.code, ERR_INVALID);
		if (strstr(err.text, bad_bodies[i].want) == NULL)
			fail_msg("%s: %s", bad_bodies[i].name, err.text);
	}
}

static void
a_lenient_body_still_cannot_say_who_asks(void **state)
{
	struct chat_turn turn;
	struct err err;

	assert_int_equal(
	    decode_chat(*state,
		"{\"text\":\"a\",\"credential\":{\"listener\":\"local\","
		"\"peer_uid\":0},\"key\":\"k\",\"more\":[1]}",
		false, &turn, &err),
	    0);
	assert_null(turn.credential.listener);
	assert_null(turn.key);
}

static void
a_query_becomes_a_struct(void **state)
{
	static const struct http_pair pairs[] = {
		{ "workspace_id", "w \"1\"" },
		{ "limit", "5" },
	};
	struct task_query query;
	struct err err;

	assert_int_equal(http_query_decode(&task_query_shape, &query, pairs,
			     N_OF(pairs), *state, &err),
	    0);
	assert_string_equal(query.workspace_id, "w \"1\"");
	assert_int_equal(query.limit, 5);
	assert_string_equal(query.status, "");
}

static void
a_limit_has_a_limit(void **state)
{
	static const struct http_pair pair = { "limit", "999999999999999" };
	struct task_query query;
	struct err err;

	assert_int_equal(http_query_decode(
			     &task_query_shape, &query, &pair, 1, *state, &err),
	    0);
	assert_int_equal(query.limit, 500);
}

static const struct {
	const char *name;
	struct http_pair pairs[2];
	size_t n;
	const char *want;
} bad_queries[] = {
	{ "zero", { { "limit", "0" } }, 1, "limit must be a positive" },
	{ "a sign", { { "limit", "+5" } }, 1, "limit must be a positive" },
	{ "no digits", { { "limit", "" } }, 1, "limit must be a positive" },
	{ "an exponent", { { "limit", "1e2" } }, 1, "must be a positive" },
	{ "far too much", { { "limit", "99999999999999999999" } }, 1,
	    "must be a positive" },
	{ "a wrong word", { { "status", "done" } }, 1, "none of" },
	{ "an unknown key", { { "workspace", "w" } }, 1, "unknown key" },
	{ "our key", { { "credential", "w" } }, 1, "unknown key" },
	{ "twice", { { "kind", "a" }, { "kind", "b" } }, 2, "more than once" },
	{ "a control character", { { "kind", "a\nb" } }, 1, "control" },
};

static void
bad_queries_are_refused_by_name(void **state)
{
	for (size_t i = 0; i < N_OF(bad_queries); i++) {
		struct task_query query;
		struct err err;

		if (http_query_decode(&task_query_shape, &query,
			bad_queries[i].pairs, bad_queries[i].n, *state,
			&err) == 0)
			fail_msg("%s was taken", bad_queries[i].name);
		assert_int_equal(err.code, ERR_INVALID);
		if (strstr(err.text, bad_queries[i].want) == NULL)
			fail_msg("%s: %s", bad_queries[i].name, err.text);
	}
}

/* Clients of the predecessor look for every key of a task. */
static void
empty_keys_are_written(void **state)
{
	struct task task = { .id = "t", .title = "a \"b\"" };
	struct json *json;
	struct buf text;
	struct err err;

	(void)state;
	buf_init(&text);
	http_answer_print(&task_shape, &task, &text);
	assert_int_equal(json_parse(&json, text.data, text.size, &err), 0);
	assert_int_equal(json_count(json), task_shape.n_fields);
	assert_string_equal(json_str(json_get(json, "title"), "?"), "a \"b\"");
	assert_string_equal(json_str(json_get(json, "due_at"), "-"), "-");
	assert_int_equal(json_int(json_get(json, "due_at_unix"), -1), 0);
	assert_string_equal(json_str(json_get(json, "kind"), "?"), "");
	json_free(&json);
	buf_release(&text);
}

static void
lists_are_written(void **state)
{
	struct task tasks[2] = { { .id = "a" }, { .id = "b" } };
	struct task_list list = { .items = tasks, .n_items = 2 };
	const struct json *items;
	struct json *json;
	struct buf text;
	struct err err;

	(void)state;
	buf_init(&text);
	http_answer_print(&task_list_shape, &list, &text);
	assert_int_equal(json_parse(&json, text.data, text.size, &err), 0);
	items = json_get(json, "items");
	assert_int_equal(json_count(items), 2);
	assert_string_equal(
	    json_str(json_get(json_next(json_first(items)), "id"), "?"), "b");
	assert_int_equal(json_int(json_get(json, "count"), -1), 2);
	json_free(&json);
	buf_release(&text);
}

static void
assert_answer(const struct shape *shape, const void *in, const char *want)
{
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	http_answer_print(shape, in, &text);
	assert_string_equal(text.data, want);
}

static void
sparse_keys_are_left_out_when_empty(void **state)
{
	struct standing standing = { .status = "ok" };

	(void)state;
	assert_answer(&standing_shape, &standing, "{\"status\":\"ok\"}");
	standing.error = "no";
	assert_answer(
	    &standing_shape, &standing, "{\"status\":\"ok\",\"error\":\"no\"}");
}

static void
named_values_are_an_object(void **state)
{
	struct beat_counter counts[] = { { "a.b", 1 }, { "c", -2 } };
	struct engine_status status = { .counts = counts, .n_counts = 2 };

	(void)state;
	assert_answer(&engine_status_shape, &status,
	    "{\"version\":\"\",\"data_dir\":\"\",\"command_line_folder\":\"\","
	    "\"model\":\"\",\"counts\":{\"a.b\":1,\"c\":-2}}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chat_body_becomes_a_turn),
		cmocka_unit_test(bad_bodies_are_refused_by_name),
		cmocka_unit_test(a_lenient_body_still_cannot_say_who_asks),
		cmocka_unit_test(a_query_becomes_a_struct),
		cmocka_unit_test(a_limit_has_a_limit),
		cmocka_unit_test(bad_queries_are_refused_by_name),
		cmocka_unit_test(empty_keys_are_written),
		cmocka_unit_test(lists_are_written),
		cmocka_unit_test(sparse_keys_are_left_out_when_empty),
		cmocka_unit_test(named_values_are_an_object),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
