/* Arguments of tools: what a model is told of them, and what it may write. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/turn/tool_args.h"

static const char *const colours[] = { "red", "green", NULL };

enum { NAME, COUNT, COLOUR, FLAG, REST, LIST, FIELDS };
static const struct tool_field fields[FIELDS] = {
	[NAME] = { "name", TOOL_TEXT, true, 1, 5, NULL, "whose" },
	[COUNT] = { "count", TOOL_INT, false, 1, 10, NULL, "how many" },
	[COLOUR] = { "colour", TOOL_TEXT, false, 0, 0, colours, "which" },
	[FLAG] = { "flag", TOOL_BOOL, false, 0, 0, NULL, "whether" },
	[REST] = { "rest", TOOL_OBJECT, false, 0, 0, NULL, "more" },
	[LIST] = { "list", TOOL_TEXTS, false, 1, 3, NULL, "several" },
};

static void
the_schema_says_what_is_checked(void **state)
{
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	tool_schema(fields, 3, &out);
	assert_string_equal(out.data,
	    "{\"type\":\"object\",\"properties\":{"
	    "\"name\":{\"type\":\"string\",\"description\":\"whose\","
	    "\"minLength\":1,\"maxLength\":5},"
	    "\"count\":{\"type\":\"integer\",\"description\":\"how many\","
	    "\"minimum\":1,\"maximum\":10},"
	    "\"colour\":{\"type\":\"string\",\"description\":\"which\","
	    "\"enum\":[\"red\",\"green\"]}},"
	    "\"required\":[\"name\"],\"additionalProperties\":false}");
}

static void
the_schema_of_a_list_bounds_its_items(void **state)
{
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	tool_schema(&fields[LIST], 1, &out);
	assert_non_null(strstr(out.data,
	    "\"list\":{\"type\":\"array\",\"description\":\"several\","
	    "\"minItems\":1,\"maxItems\":20,\"items\":{\"type\":\"string\","
	    "\"minLength\":1,\"maxLength\":3}}"));
}

#define ONES "\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\""

static const struct {
	const char *text;
	const char *fault; /* NULL: good */
} cases[] = {
	{ "{\"name\":\"a\"}", NULL },
	{ "{\"name\":\"a\",\"count\":10,\"colour\":\"red\",\"flag\":true,"
	  "\"rest\":{\"x\":[1]},\"list\":[\"x\",\"y\"]}",
	    NULL },
	{ "{\"name\":\"a\",\"count\":null}", NULL },
	{ " \n", "name is missing" },
	{ "", "name is missing" },
	{ "{}", "name is missing" },
	{ "{\"name\":null}", "name is missing" },
	{ "{\"name\":\"\"}", "1 to 5 bytes" },
	{ "{\"name\":\"abcdef\"}", "1 to 5 bytes" },
	{ "{\"name\":7}", "name must be of type string" },
	{ "{\"name\":\"a\",\"count\":0}", "count must be 1 to 10" },
	{ "{\"name\":\"a\",\"count\":1.5}", "count must be of type integer" },
	{ "{\"name\":\"a\",\"count\":\"3\"}", "count must be of type integer" },
	{ "{\"name\":\"a\",\"colour\":\"blue\"}", "colour must be one" },
	{ "{\"name\":\"a\",\"flag\":1}", "flag must be of type boolean" },
	{ "{\"name\":\"a\",\"rest\":[]}", "rest must be of type object" },
	{ "{\"name\":\"a\",\"list\":[" ONES "," ONES "]}", NULL },
	{ "{\"name\":\"a\",\"list\":[" ONES "," ONES ",\"1\"]}",
	    "1 to 20 items" },
	{ "{\"name\":\"a\",\"list\":[]}", "1 to 20 items" },
	{ "{\"name\":\"a\",\"list\":\"x\"}", "must be of type array" },
	{ "{\"name\":\"a\",\"list\":[\"x\",1]}", "list must be of type" },
	{ "{\"name\":\"a\",\"list\":[\"\"]}", "1 to 3 bytes" },
	{ "{\"name\":\"a\",\"other\":1}", "no argument \"other\"" },
	{ "{\"name\":\"a\",\"name\":\"b\"}", "no JSON" },
	{ "{\"name\":\"a\"} trailing", "no JSON" },
	{ "[]", "no JSON object" },
	{ "nonsense", "no JSON" },
};

static void
arguments_are_checked(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct tool_value values[TOOL_MAX_FIELDS];
		struct err err = { .code = ERR_NONE };
		int rc = tool_read_args(
		    fields, FIELDS, cases[i].text, arena, values, &err);

		if ((rc == 0) != (cases[i].fault == NULL))
			fail_msg("%s: %d %s", cases[i].text, rc, err.text);
		if (rc < 0 && (!strstr(err.text, cases[i].fault) ||
				  err.code != ERR_INVALID))
			fail_msg("%s: %s", cases[i].text, err.text);
	}
}

static void
values_are_read(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);
	struct tool_value values[TOOL_MAX_FIELDS];
	struct err err;

	(void)state;
	assert_int_equal(
	    tool_read_args(fields, FIELDS, cases[1].text, arena, values, &err),
	    0);
	assert_string_equal(values[NAME].text, "a");
	assert_int_equal(values[COUNT].number, 10);
	assert_int_equal(values[FLAG].number, 1);
	assert_string_equal(values[REST].text, "{\"x\":[1]}");
	assert_int_equal(values[LIST].n_items, 2);
	assert_string_equal(values[LIST].items[1], "y");
	assert_int_equal(
	    tool_read_args(fields, FIELDS, cases[0].text, arena, values, &err),
	    0);
	assert_false(values[COUNT].is_given);
	assert_string_equal(values[COLOUR].text, "");
}

static void
one_meaning_has_one_form(void **state)
{
	AUTO(buf_release)
	struct buf a, b;

	(void)state;
	buf_init(&a);
	buf_init(&b);
	tool_canonical_args("{ \"x\": 1, \"a\": \"y\" }", &a);
	tool_canonical_args("{\"a\":\"y\",\"x\":1}", &b);
	assert_string_equal(a.data, b.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schema_says_what_is_checked),
		cmocka_unit_test(the_schema_of_a_list_bounds_its_items),
		cmocka_unit_test(arguments_are_checked),
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(one_meaning_has_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
