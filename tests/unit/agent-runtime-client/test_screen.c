/* Text of others on a terminal. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/agent-runtime/screen.h"

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{ "plain text stays", "a b\tc\nd", "a b\tc\nd" },
	{ "letters of all kinds stay",
	    "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
	    "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
	{ "a colour", "\x1b[31mred", BAD "[31mred" },
	{ "a title", "\x1b]0;x\x07", BAD "]0;x" BAD },
	{ "the clipboard", "\x1b]52;c;aGk=\x07", BAD "]52;c;aGk=" BAD },
	{ "a link", "\x1b]8;;http://x\x1b\\y", BAD "]8;;http://x" BAD "\\y" },
	{ "a title that does not end", "\x1b]0;x\nnext", BAD "]0;x\nnext" },
	{ "a device's string", "\x1bPq\x1b\\", BAD "Pq" BAD "\\" },
	{ "a program's string", "\x1b_Gx\x1b\\", BAD "_Gx" BAD "\\" },
	{ "an answer back", "\x05\x1b[6n", BAD BAD "[6n" },
	{ "backspaces", "ab\b\bcd", "ab" BAD BAD "cd" },
	{ "a lone carriage return", "safe\revil", "safe" BAD "evil" },
	{ "a line break of Windows", "a\r\nb", "a\nb" },
	{ "C1 controls",
	    "a\xc2\x9b"
	    "31m",
	    "a" BAD "31m" },
	{ "C1 controls of eight bits",
	    "\x9b"
	    "31m\x9d"
	    "0;x\x9c",
	    BAD "31m" BAD "0;x" BAD },
	{ "delete", "a\x7f", "a" BAD },
	{ "text turned around",
	    "a\xe2\x80\xae"
	    "b",
	    "a" BAD "b" },
	{ "isolates",
	    "a\xe2\x81\xa7"
	    "b",
	    "a" BAD "b" },
	{ "broken UTF-8", "a\xff\xc3", "a" BAD BAD },
	{ "nothing", "", "" },
};

static void
only_harmless_text_is_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct buf out;

		buf_init(&out);
		screen_add(&out, cases[i].text, strlen(cases[i].text));
		if (strcmp(out.data, cases[i].want) != 0)
			fail_msg("%s: \"%s\"", cases[i].name, out.data);
		buf_release(&out);
	}
}

static void
ages_have_two_units_at_most(void **state)
{
	static const struct {
		long long seconds;
		const char *want;
	} ages[] = {
		{ -5, "0 s" },
		{ 59, "59 s" },
		{ 60, "1 min" },
		{ 3599, "59 min" },
		{ 3600, "1 h 0 min" },
		{ 86399, "23 h 59 min" },
		{ 90000, "1 d 1 h" },
	};
	char out[SCREEN_AGE_SIZE];

	(void)state;
	for (size_t i = 0; i < N_OF(ages); i++) {
		screen_age(out, ages[i].seconds);
		assert_string_equal(out, ages[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_harmless_text_is_shown),
		cmocka_unit_test(ages_have_two_units_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
