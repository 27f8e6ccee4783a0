/* Reading values, printing them, and writing JSON. */

#include "tests/unit/unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"

static struct json *
must_parse(const char *text)
{
	struct json *json = NULL;
	struct err err;

	if (json_parse(&json, text, strlen(text), &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return json;
}

static void
values_are_read_by_type(void **state)
{
	AUTO(json_free)
	struct json *json = must_parse("{\"s\":\"x\",\"i\":-7,\"r\":1.5,"
				       "\"b\":true,\"n\":null,\"l\":[1,2],"
				       "\"o\":{\"k\":1}}");

	(void)state;
	assert_int_equal(json_type(json), JSON_OBJECT);
	assert_int_equal(json_count(json), 7);
	assert_int_equal(json_type(json_get(json, "s")), JSON_STRING);
	assert_int_equal(json_type(json_get(json, "i")), JSON_NUMBER);
	assert_int_equal(json_type(json_get(json, "b")), JSON_BOOL);
	assert_int_equal(json_type(json_get(json, "n")), JSON_NULL);
	assert_int_equal(json_type(json_get(json, "l")), JSON_LIST);
	assert_int_equal(json_type(json_get(json, "o")), JSON_OBJECT);
	assert_string_equal(json_str(json_get(json, "s"), "?"), "x");
	assert_int_equal(json_int(json_get(json, "i"), 0), -7);
	assert_true(json_real(json_get(json, "r"), 0) == 1.5);
	assert_true(json_bool(json_get(json, "b"), false));
	assert_int_equal(json_count(json_get(json, "l")), 2);
	assert_string_equal(json_key(json_first(json_get(json, "o"))), "k");
	assert_null(json_key(json));
}

static void
other_types_and_absent_values_give_the_fallback(void **state)
{
	AUTO(json_free)
	struct json *json = must_parse("{\"s\":\"1\",\"i\":1}");
	const struct json *s = json_get(json, "s");
	const struct json *i = json_get(json, "i");

	(void)state;
	assert_string_equal(json_str(i, "?"), "?");
	assert_int_equal(json_int(s, 9), 9);
	assert_true(json_real(s, 9) == 9);
	assert_true(json_bool(i, true));
	assert_null(json_get(json, "S"));
	assert_null(json_get(s, "x"));
	assert_null(json_get(NULL, "x"));
	assert_null(json_first(NULL));
	assert_int_equal(json_count(NULL), 0);
	assert_int_equal(json_type(NULL), JSON_NULL);
	assert_string_equal(json_str(NULL, "?"), "?");
	assert_int_equal(json_int(NULL, 9), 9);
	assert_true(json_real(NULL, 9) == 9);
	assert_false(json_bool(NULL, false));
	assert_false(json_is_int(NULL));
}

static void
a_list_is_not_searched_by_key(void **state)
{
	AUTO(json_free)
	struct json *json = must_parse("[{\"a\":1}]");

	(void)state;
	assert_null(json_get(json, "a"));
}

static const struct {
	const char *text;
	bool is_int;
	int64_t value;
} numbers[] = {
	{ "0", true, 0 },
	{ "-0", true, 0 },
	{ "1e3", true, 1000 },
	{ "1.0", true, 1 },
	{ "1.5", false, 0 },
	{ "-0.1", false, 0 },
	{ "9007199254740991", true, 9007199254740991 },
	{ "-9007199254740991", true, -9007199254740991 },
	{ "9007199254740990", true, 9007199254740990 },
	{ "9007199254740992.0", false, 0 },
	{ "1e300", false, 0 },
	{ "1e-400", true, 0 },
};

static void
whole_numbers_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(numbers); i++) {
		AUTO(json_free)
		struct json *json = must_parse(numbers[i].text);

		if (json_is_int(json) != numbers[i].is_int)
			fail_msg("%s", numbers[i].text);
		if (numbers[i].is_int)
			assert_true(json_int(json, 1) == numbers[i].value);
		else
			assert_true(json_int(json, -77) == -77);
	}
}

static const struct {
	const char *text, *printed; /* NULL: as it was */
} prints[] = {
	{ "null", NULL },
	{ "[true,false]", NULL },
	{ "{}", NULL },
	{ "[]", NULL },
	{ "[[],{},[{}]]", NULL },
	{ "{\"a\":{\"b\":[1,2,{\"c\":\"d\"}]},\"e\":null}", NULL },
	{ " { \"a\" : 1 } ", "{\"a\":1}" },
	{ "9007199254740991", NULL },
	{ "-9007199254740991", NULL },
	{ "1763906400123456", NULL },
	{ "1e3", "1000" },
	{ "-0", "0" },
	{ "0.1", NULL },
	{ "0.30000000000000004", NULL },
	{ "1.5e-7", "1.5e-07" },
	{ "1e300", "1e+300" },
	{ "9007489007199926.0", NULL },
	{ "9007489007199925.9", "9007489007199926.0" },
	{ "\"\\u0041\\/\\n\\t\\u001f\"", "\"A/\\n\\t\\u001f\"" },
	{ "\"\\ud83d\\ude00\xc3\xa9\"", "\"\xf0\x9f\x98\x80\xc3\xa9\"" },
	{ "{\"a\\\"b\":1}", NULL },
	{ "\"\x7f\"", "\"\\u007f\"" },
};

static void
values_print_as_they_were(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(prints); i++) {
		AUTO(json_free)
		struct json *json = must_parse(prints[i].text);
		const char *want = prints[i].printed;
		struct buf out;

		buf_init(&out);
		json_print(json, &out);
		assert_string_equal(
		    out.data, want != NULL ? want : prints[i].text);
		buf_release(&out);
	}
}

static void
a_member_prints_without_its_key(void **state)
{
	AUTO(json_free)
	struct json *json = must_parse("{\"a\":[1],\"b\":2}");
	struct buf out;

	(void)state;
	buf_init(&out);
	json_print(json_get(json, "a"), &out);
	assert_string_equal(out.data, "[1]");
	buf_release(&out);
}

static void
reals_read_back_as_they_were(void **state)
{
	static const double reals[] = { 0.1, 1.0 / 3, 2.5e-310,
		1.7976931348623157e308, -123456.789, 1e22, 5e-324 };

	(void)state;
	for (size_t i = 0; i < N_OF(reals); i++) {
		struct json_out writer;
		struct json *json;
		struct buf out;

		buf_init(&out);
		json_out_init(&writer, &out);
		json_out_real(&writer, NULL, reals[i]);
		json = must_parse(out.data);
		assert_true(json_real(json, 0) == reals[i]);
		json_free(&json);
		buf_release(&out);
	}
}

static void
the_writer_sets_commas_and_keys(void **state)
{
	struct json_out w;
	struct buf out;

	(void)state;
	buf_init(&out);
	json_out_init(&w, &out);
	json_out_object(&w, NULL);
	json_out_str(&w, "s", "a\"b");
	json_out_strn(&w, "n", "abcdef", 3);
	json_out_list(&w, "l");
	json_out_int(&w, NULL, INT64_MIN);
	json_out_int(&w, NULL, INT64_MAX);
	json_out_list(&w, NULL);
	json_out_list_end(&w);
	json_out_object(&w, NULL);
	json_out_object_end(&w);
	json_out_list_end(&w);
	json_out_bool(&w, "t", true);
	json_out_null(&w, "z");
	json_out_raw(&w, "r", "[1, 2]", 6);
	json_out_real(&w, "d", 2.0);
	json_out_object_end(&w);
	assert_string_equal(out.data,
	    "{\"s\":\"a\\\"b\",\"n\":\"abc\",\"l\":[-9223372036854775808,"
	    "9223372036854775807,[],{}],\"t\":true,\"z\":null,\"r\":[1, 2],"
	    "\"d\":2}");
	buf_release(&out);
}

static void
what_is_not_finite_is_null(void **state)
{
	struct json_out w;
	struct buf out;

	(void)state;
	buf_init(&out);
	json_out_init(&w, &out);
	json_out_list(&w, NULL);
	json_out_real(&w, NULL, NAN);
	json_out_real(&w, NULL, INFINITY);
	json_out_list_end(&w);
	assert_string_equal(out.data, "[null,null]");
	buf_release(&out);
}

static const struct {
	const char *in;
	size_t size;
	const char *out;
} strings[] = {
	{ "a\xff"
	  "b",
	    3,
	    "\"a\xef\xbf\xbd"
	    "b\"" },
	{ "a\0b", 3,
	    "\"a\xef\xbf\xbd"
	    "b\"" },
	{ "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\xe2\x82\xac", 3, "\"\xe2\x82\xac\"" },
	{ "\x01\b\f\r\x1b", 5, "\"\\u0001\\b\\f\\r\\u001b\"" },
	{ "", 0, "\"\"" },
};

static void
written_strings_are_always_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(strings); i++) {
		struct json_out w;
		struct buf out;

		buf_init(&out);
		json_out_init(&w, &out);
		json_out_strn(&w, NULL, strings[i].in, strings[i].size);
		assert_string_equal(out.data, strings[i].out);
		buf_release(&out);
	}
}

/* Every single byte as a string: written, it must read back or be U+FFFD. */
static void
every_byte_can_be_written(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		char text[2] = { (char)c, '\0' };
		struct json_out w;
		struct json *json;
		struct buf out;

		buf_init(&out);
		json_out_init(&w, &out);
		json_out_str(&w, NULL, text);
		json = must_parse(out.data);
		assert_string_equal(
		    json_str(json, "?"), c < 0x80 ? text : "\xef\xbf\xbd");
		json_free(&json);
		buf_release(&out);
	}
}

static const struct {
	const char *name, *text, *mended;
	size_t size; /* 0: to the NUL */
} mends[] = {
	{ "nothing", "", "" },
	{ "right", "{\"a\":\"\\u00e9 \xc3\xa9\"}",
	    "{\"a\":\"\\u00e9 \xc3\xa9\"}" },
	{ "a pair", "\"\\ud83d\\uDE00\"", "\"\\ud83d\\uDE00\"" },
	{ "a NUL", "\"a\\u0000b\"", "\"a\\ufffdb\"" },
	{ "high alone", "\"\\ud83d\"", "\"\\ufffd\"" },
	{ "low alone", "\"\\ude00\"", "\"\\ufffd\"" },
	{ "turned round", "\"\\ude00\\ud83d\"", "\"\\ufffd\\ufffd\"" },
	{ "high twice", "\"\\ud83d\\ud83d\\ude00\"",
	    "\"\\ufffd\\ud83d\\ude00\"" },
	{ "high before text", "\"\\ud83dude00\"", "\"\\ufffdude00\"" },
	{ "a backslash before", "\"\\\\ud83d\"", "\"\\\\ud83d\"" },
	{ "two backslashes before", "\"\\\\\\ud83d\"", "\"\\\\\\ufffd\"" },
	{ "no escape", "\"\\ud8zz\"", "\"\\ud8zz\"" },
	{ "cut short", "\"\\ud8", "\"\\ud8" },
	{ "a backslash at the end", "\\", "\\" },
	{ "a wrong byte escaped", "\"\\\xff\"", "\"\\?\"" },
	{ "a character escaped", "\"\\\xc3\xa9\"", "\"\\\xc3\xa9\"" },
	{ "a NUL byte", "\"\0\"", "\"?\"", 3 },
	{ "a NUL byte escaped", "\"\\\0\"", "\"\\?\"", 4 },
	{ "no UTF-8", "\"\xff\xc3\x28\xed\xa0\x80\"",
	    "\"?"
	    "?(??"
	    "?\"" },
};

static void
what_is_no_text_is_mended(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(mends); i++) {
		size_t size =
		    mends[i].size ? mends[i].size : strlen(mends[i].text);
		/* No byte more, so that reading one is seen. */
		char *text = malloc(size);

		print_message("%s\n", mends[i].name);
		if (size > 0)
			memcpy(text, mends[i].text, size);
		json_mend(text, size);
		assert_int_equal(size, strlen(mends[i].mended));
		assert_memory_equal(text, mends[i].mended, size);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_by_type),
		cmocka_unit_test(
		    other_types_and_absent_values_give_the_fallback),
		cmocka_unit_test(a_list_is_not_searched_by_key),
		cmocka_unit_test(whole_numbers_are_exact),
		cmocka_unit_test(values_print_as_they_were),
		cmocka_unit_test(a_member_prints_without_its_key),
		cmocka_unit_test(reals_read_back_as_they_were),
		cmocka_unit_test(the_writer_sets_commas_and_keys),
		cmocka_unit_test(what_is_not_finite_is_null),
		cmocka_unit_test(written_strings_are_always_utf8),
		cmocka_unit_test(every_byte_can_be_written),
		cmocka_unit_test(what_is_no_text_is_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
