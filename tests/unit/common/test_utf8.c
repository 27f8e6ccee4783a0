/* UTF-8: what is text, and where it may be cut. */

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/defs.h"
#include "libcommon/utf8.h"

static const struct {
	const char *name;
	const char *bytes;
	size_t size;
	bool is_valid;
} texts[] = {
	{ "empty", "", 0, true },
	{ "ascii", "az~", 3, true },
	{ "nul", "a\0b", 3, false },
	{ "first_of_two", "\xc2\x80", 2, true },
	{ "last_of_two", "\xdf\xbf", 2, true },
	{ "overlong_two", "\xc1\xbf", 2, false },
	{ "first_of_three", "\xe0\xa0\x80", 3, true },
	{ "overlong_three", "\xe0\x9f\xbf", 3, false },
	{ "before_surrogates", "\xed\x9f\xbf", 3, true },
	{ "first_surrogate", "\xed\xa0\x80", 3, false },
	{ "last_surrogate", "\xed\xbf\xbf", 3, false },
	{ "after_surrogates", "\xee\x80\x80", 3, true },
	{ "last_of_three", "\xef\xbf\xbf", 3, true },
	{ "first_of_four", "\xf0\x90\x80\x80", 4, true },
	{ "overlong_four", "\xf0\x8f\xbf\xbf", 4, false },
	{ "last_of_all", "\xf4\x8f\xbf\xbf", 4, true },
	{ "beyond", "\xf4\x90\x80\x80", 4, false },
	{ "five_bytes", "\xf8\x88\x80\x80\x80", 5, false },
	{ "continuation_alone", "\x80", 1, false },
	{ "cut_two", "\xc3", 1, false },
	{ "cut_three", "\xe2\x82", 2, false },
	{ "cut_four", "\xf0\x9f\x98", 3, false },
	{ "lead_then_ascii", "\xc3z", 2, false },
	{ "byte_fe", "\xfe", 1, false },
	{ "byte_ff", "\xff", 1, false },
};

static void
texts_are_valid_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(texts); i++)
		if (utf8_is_valid(texts[i].bytes, texts[i].size) !=
		    texts[i].is_valid)
			fail_msg("%s", texts[i].name);
}

/* Encodes the way the standard's table says. */
static size_t
encode(uint32_t c, char *out)
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(leads[n] | c);
	return n;
}

static void
every_code_point_is_read(void **state)
{
	(void)state;
	for (uint32_t c = 1; c < 0x110800; c++) {
		bool is_text = c < 0x110000 && (c < 0xd800 || c > 0xdfff);
		char bytes[4];
		size_t n = encode(c, bytes);
		uint32_t read = 0;
		size_t step = utf8_next(bytes, n, &read);

		if (is_text ? step != n || read != c : step != 0)
			fail_msg("U+%04X", c);
	}
}

static const struct {
	const char *text;
	size_t limit, cut;
} cuts[] = {
	{ "abc", 5, 3 }, { "abc", 3, 3 }, { "abc", 2, 2 }, { "abc", 0, 0 },
	{ "a\xe2\x82\xac", 4, 4 }, { "a\xe2\x82\xac", 3, 1 },
	{ "a\xe2\x82\xac", 2, 1 }, { "a\xe2\x82\xac", 1, 1 },
	{ "\xf0\x9f\x98\x80", 3, 0 }, { "\xf0\x9f\x98\x80z", 4, 4 },
	{ "\x80\x80\x80\x80\x80\x80", 5, 5 }, /* no UTF-8: cut anywhere */
};

static void
cuts_fall_between_code_points(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cuts); i++)
		assert_int_equal(
		    utf8_cut(cuts[i].text, strlen(cuts[i].text), cuts[i].limit),
		    cuts[i].cut);
}

static void
every_code_point_is_written(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < 0x110800; c++) {
		bool is_text =
		    c != 0 && c < 0x110000 && (c < 0xd800 || c > 0xdfff);
		char bytes[4];
		size_t n = utf8_put(bytes, c);
		uint32_t read = 0;

		if (utf8_next(bytes, n, &read) != n ||
		    read != (is_text ? c : 0xfffd))
			fail_msg("U+%04X", c);
	}
}

#define EURO_GRIN "a\xe2\x82\xac\xf0\x9f\x98\x80z"

static const struct {
	const char *text;
	enum utf8_unit unit;
	size_t n_units, offset; /* of the first so many */
} units[] = {
	{ EURO_GRIN, UTF8_UTF16, 0, 0 }, { EURO_GRIN, UTF8_UTF16, 2, 4 },
	{ EURO_GRIN, UTF8_UTF16, 3, 4 }, /* half a pair is none */
	{ EURO_GRIN, UTF8_UTF16, 4, 8 }, { EURO_GRIN, UTF8_UTF16, 5, 9 },
	{ EURO_GRIN, UTF8_UTF16, 99, 9 }, { EURO_GRIN, UTF8_CODE_POINTS, 3, 8 },
	{ EURO_GRIN, UTF8_CODE_POINTS, 4, 9 },
	{ "\x80\xff", UTF8_UTF16, 1, 1 }, /* no UTF-8: one each */
};

static void
units_are_counted(void **state)
{
	(void)state;
	assert_int_equal(utf8_units(EURO_GRIN, 9, UTF8_UTF16), 5);
	assert_int_equal(utf8_units(EURO_GRIN, 9, UTF8_CODE_POINTS), 4);
	assert_int_equal(utf8_units("\x80\xff", 2, UTF8_UTF16), 2);
	for (size_t i = 0; i < N_OF(units); i++)
		assert_int_equal(
		    utf8_offset(units[i].text, strlen(units[i].text),
			units[i].n_units, units[i].unit),
		    units[i].offset);
}

static void
what_deceives_a_terminal_is_known(void **state)
{
	static const uint32_t bad[] = { 0x00, 0x0a, 0x1b, 0x1f, 0x7f, 0x85,
		0x9b, 0x200e, 0x2028, 0x202e, 0x2066, 0x2069, 0xfeff };
	static const uint32_t good[] = { ' ', 'a', '~', 0xa0, 0xe9, 0x200d,
		0x20ac, 0x1f600 };

	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++)
		assert_true(utf8_is_deceptive(bad[i]));
	for (size_t i = 0; i < N_OF(good); i++)
		assert_false(utf8_is_deceptive(good[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_valid_or_not),
		cmocka_unit_test(every_code_point_is_read),
		cmocka_unit_test(every_code_point_is_written),
		cmocka_unit_test(units_are_counted),
		cmocka_unit_test(cuts_fall_between_code_points),
		cmocka_unit_test(what_deceives_a_terminal_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
