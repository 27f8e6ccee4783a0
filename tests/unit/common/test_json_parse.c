/* Which texts json_parse takes, and which it refuses for what reason. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"

struct text_case {
	const char *name;
	const char *text;
	const char *refusal; /* part of the error; NULL: accepted */
};

static const struct text_case cases[] = {
	{ "empty", "", "a value is expected" },
	{ "only_space", " \n\t\r ", "a value is expected" },
	{ "null", "null", NULL },
	{ "true", "true", NULL },
	{ "false", "false", NULL },
	{ "space_around", " \n\t\r[ 1 , 2 ] \n", NULL },
	{ "other_space", "\v1", "a value is expected" },
	{ "no_break_space",
	    "\xc2\xa0"
	    "1",
	    "a value is expected" },
	{ "half_a_word", "tru", "a value is expected" },
	{ "word_in_capitals", "True", "a value is expected" },
	{ "word_goes_on", "nullx", "something follows" },
	{ "nan", "NaN", "a value is expected" },
	{ "infinity", "Infinity", "a value is expected" },
	{ "minus_infinity", "-Infinity", "a value is expected" },
	{ "comment", "/* */ 1", "a value is expected" },
	{ "byte_order_mark", "\xef\xbb\xbf{}", "a value is expected" },

	{ "trailing_value", "{} {}", "something follows" },
	{ "trailing_brace", "{}}", "something follows" },
	{ "trailing_comma", "[1,]", "a value is expected" },
	{ "trailing_comma_in_object", "{\"a\":1,}", "a string is expected" },
	{ "leading_comma", "[,1]", "a value is expected" },
	{ "no_comma", "[1 2]", "',' or ']'" },
	{ "no_comma_in_object", "{\"a\":1 \"b\":2}", "',' or '}'" },
	{ "no_colon", "{\"a\" 1}", "':' is expected" },
	{ "no_member_value", "{\"a\":}", "a value is expected" },
	{ "key_without_quotes", "{a:1}", "a string is expected" },
	{ "single_quotes", "['a']", "a value is expected" },
	{ "open_list", "[1", "',' or ']'" },
	{ "open_object", "{\"a\":1", "',' or '}'" },
	{ "wrong_closing", "[1}", "',' or ']'" },
	{ "empty_list", "[]", NULL },
	{ "empty_list_with_space", "[ ]", NULL },
	{ "empty_object", "{}", NULL },
	{ "empty_key", "{\"\":1}", NULL },

	{ "same_key_twice", "{\"a\":1,\"a\":1}", "\"a\" stands twice" },
	{ "same_key_escaped", "{\"a\":1,\"\\u0061\":1}", "\"a\" stands twice" },
	{ "same_key_apart", "{\"a\":1,\"b\":2,\"c\":3,\"a\":4}", "twice" },
	{ "same_key_deep", "[{\"x\":[{\"a\":1,\"a\":2}]}]", "twice" },
	{ "same_empty_key", "{\"\":1,\"\":2}", "twice" },
	{ "same_key_in_two_objects", "[{\"a\":1},{\"a\":1}]", NULL },
	{ "same_key_in_child", "{\"a\":{\"a\":1}}", NULL },
	{ "keys_in_other_case", "{\"a\":1,\"A\":2}", NULL },

	{ "zero", "0", NULL },
	{ "minus_zero", "-0", NULL },
	{ "real", "-1.5", NULL },
	{ "exponents", "[1e3,1E3,1e+3,1e-3,1.5e3]", NULL },
	{ "leading_zero", "01", "begin with 0" },
	{ "leading_zero_negative", "-01", "begin with 0" },
	{ "leading_plus", "+1", "a value is expected" },
	{ "only_minus", "-", "a value is expected" },
	{ "point_first", ".5", "a value is expected" },
	{ "point_last", "5.", "digits must follow" },
	{ "point_then_exponent", "5.e3", "digits must follow" },
	{ "exponent_without_digits", "1e", "digits must follow" },
	{ "exponent_sign_only", "1e+", "digits must follow" },
	{ "two_exponent_signs", "1e+-3", "digits must follow" },
	{ "hexadecimal", "0x10", "something follows" },
	{ "largest_integer", "9007199254740991", NULL },
	{ "smallest_integer", "-9007199254740991", NULL },
	{ "integer_too_large", "9007199254740992", "send a string" },
	{ "integer_too_small", "-9007199254740992", "send a string" },
	{ "integer_far_too_large", "123456789012345678901", "send a string" },
	{ "large_real", "1e300", NULL },
	{ "too_large_real", "1e309", "too large" },
	{ "too_small_real_is_zero", "1e-400", NULL },
	{ "long_number",
	    "0.1234567890123456789012345678901234567890123456789012345678",
	    NULL },
	{ "too_long_number",
	    "0.12345678901234567890123456789012345678901234567890123456789",
	    "60 characters" },

	{ "every_escape", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", NULL },
	{ "unknown_escape", "\"\\x41\"", "unknown escape" },
	{ "escape_at_end", "\"\\", "unknown escape" },
	{ "open_string", "\"abc", "has no end" },
	{ "quote_escaped_at_end", "\"abc\\\"", "has no end" },
	{ "short_hex", "\"\\u12\"", "four hex digits" },
	{ "hex_at_end", "\"\\u123", "four hex digits" },
	{ "no_hex", "\"\\u12g4\"", "four hex digits" },
	{ "escaped_nul", "\"a\\u0000b\"", "\\u0000 is not allowed" },
	{ "escaped_nul_in_key", "{\"\\u0000\":1}", "\\u0000 is not allowed" },
	{ "surrogate_pair", "\"\\ud83d\\uDE00\"", NULL },
	{ "high_surrogate_alone", "\"\\ud83d\"", "stands alone" },
	{ "high_surrogate_then_text", "\"\\ud83dabcdef\"", "stands alone" },
	{ "high_surrogate_then_newline", "\"\\ud83d\\n\"", "stands alone" },
	{ "two_high_surrogates", "\"\\ud83d\\ud83d\"", "stands alone" },
	{ "low_surrogate_alone", "\"\\ude00\"", "stands alone" },
	{ "newline_in_string", "\"a\nb\"", "control character" },
	{ "tab_in_string", "\"a\tb\"", "control character" },
	{ "delete_in_string", "\"a\x7f\"", NULL },

	{ "utf8_in_string", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", NULL },
	{ "latin1", "\"\xe9\"", "UTF-8" },
	{ "overlong_slash", "\"\xc0\xaf\"", "UTF-8" },
	{ "overlong_nul", "\"\xc0\x80\"", "UTF-8" },
	{ "utf8_surrogate", "\"\xed\xa0\x80\"", "UTF-8" },
	{ "beyond_unicode", "\"\xf4\x90\x80\x80\"", "UTF-8" },
	{ "half_a_code_point", "\"\xe2\x82\"", "UTF-8" },
};

static int
parse(struct json **json, const char *text, size_t size, struct err *err)
{
	/* A copy of the exact size lets ASan see a read behind the text. */
	char *copy = malloc(size > 0 ? size : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, text, size);
	rc = json_parse(json, copy, size, err);
	free(copy);
	return rc;
}

static void
check_case(const struct text_case *c)
{
	struct json *json = NULL;
	struct err err = { 0 };
	int rc = parse(&json, c->text, strlen(c->text), &err);

	if (c->refusal == NULL && rc < 0)
		fail_msg("%s: refused: %s", c->name, err.text);
	if (c->refusal != NULL && rc == 0)
		fail_msg("%s: accepted", c->name);
	if (c->refusal != NULL && strstr(err.text, c->refusal) == NULL)
		fail_msg("%s: refused with: %s", c->name, err.text);
	if (c->refusal != NULL && err.code != ERR_INVALID)
		fail_msg("%s: wrong code", c->name);
	json_free(&json);
}

static void
every_text_is_taken_or_refused_as_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++)
		check_case(&cases[i]);
}

static void
a_nul_byte_is_refused(void **state)
{
	struct json *json;
	struct err err;

	(void)state;
	assert_int_equal(parse(&json, "\"a\0b\"", 5, &err), -1);
	assert_int_equal(parse(&json, "1\0", 2, &err), -1);
}

static void
nest(struct buf *buf, int levels)
{
	for (int i = 0; i < levels; i++)
		buf_adds(buf, i % 2 == 0 ? "[" : "{\"a\":");
	buf_adds(buf, "1");
	for (int i = levels; i-- > 0;)
		buf_adds(buf, i % 2 == 0 ? "]" : "}");
}

static void
depth_ends_at_the_limit(void **state)
{
	struct json *json = NULL;
	struct err err;
	struct buf text;

	(void)state;
	buf_init(&text);
	nest(&text, JSON_MAX_DEPTH);
	assert_int_equal(parse(&json, text.data, text.size, &err), 0);
	json_free(&json);
	buf_reset(&text);
	nest(&text, JSON_MAX_DEPTH + 1);
	assert_int_equal(parse(&json, text.data, text.size, &err), -1);
	assert_non_null(strstr(err.text, "32 levels"));
	buf_release(&text);
}

static void
a_million_open_brackets_cost_nothing(void **state)
{
	struct json *json;
	struct err err;
	struct buf text;

	(void)state;
	buf_init(&text);
	memset(buf_grow(&text, 1000000), '[', 1000000);
	assert_int_equal(parse(&json, text.data, text.size, &err), -1);
	buf_release(&text);
}

static void
list_of_zeros(struct buf *text, int n)
{
	buf_adds(text, "[");
	for (int i = 0; i < n; i++)
		buf_adds(text, i > 0 ? ",0" : "0");
	buf_adds(text, "]");
}

static void
values_end_at_the_limit(void **state)
{
	struct json *json = NULL;
	struct err err;
	struct buf text;

	(void)state;
	buf_init(&text);
	list_of_zeros(&text, JSON_MAX_VALUES - 1);
	assert_int_equal(parse(&json, text.data, text.size, &err), 0);
	assert_int_equal(json_count(json), JSON_MAX_VALUES - 1);
	json_free(&json);
	buf_reset(&text);
	list_of_zeros(&text, JSON_MAX_VALUES);
	assert_int_equal(parse(&json, text.data, text.size, &err), -1);
	assert_non_null(strstr(err.text, "250000 values"));
	buf_release(&text);
}

/* Looking for equal keys two by two would take minutes here. */
static void
two_hundred_thousand_keys_are_compared_quickly(void **state)
{
	struct json *json = NULL;
	struct err err;
	struct buf text;

	(void)state;
	buf_init(&text);
	buf_adds(&text, "{");
	for (int i = 0; i < 200000; i++)
		buf_addf(&text, "\"k%d\":0,", i);
	buf_adds(&text, "\"k\":0}");
	assert_int_equal(parse(&json, text.data, text.size, &err), 0);
	json_free(&json);
	buf_truncate(&text, text.size - 1);
	buf_adds(&text, ",\"k77777\":0}");
	assert_int_equal(parse(&json, text.data, text.size, &err), -1);
	assert_non_null(strstr(err.text, "\"k77777\" stands twice"));
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_is_taken_or_refused_as_named),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(depth_ends_at_the_limit),
		cmocka_unit_test(a_million_open_brackets_cost_nothing),
		cmocka_unit_test(values_end_at_the_limit),
		cmocka_unit_test(
		    two_hundred_thousand_keys_are_compared_quickly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
