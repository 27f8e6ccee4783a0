/* Foreign words in our texts. */

#include "services/task-engine/conversation/quote.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/utf8.h"
#include "tests/unit/unit.h"

#define ZWSP "\xe2\x80\x8b"

static const struct {
	const char *claim;
	const char *text;
	size_t limit;
	const char *line;
} lines[] = {
	{ "plain", "The deploy fails", 80, "`The deploy fails`" },
	{ "one line",
	    "a\n# b\r\n\tc\xe2\x80\xa8"
	    "d",
	    80, "`a # b c d`" },
	{ "ticks do not end it", "a` b ```c", 80, "`a' b '''c`" },
	{ "nobody is mentioned", "@everyone <@42>", 80,
	    "`@" ZWSP "everyone <@" ZWSP "42>`" },
	{ "no command to press", "/approve all docs/a.md", 80,
	    "`/" ZWSP "approve all docs/a.md`" },
	{ "nothing turns around",
	    "a\xe2\x80\xae"
	    "b\x1b[2m",
	    80, "`ab[2m`" },
	{ "cut between characters", "\xc3\xa4\xc3\xa4\xc3\xa4", 8,
	    "`\xc3\xa4\xc3\xa4...`" },
	{ "wrong bytes",
	    "a\xff"
	    "b",
	    80,
	    "`a\xef\xbf\xbd"
	    "b`" },
	{ "nothing", " \n ", 80, "``" },
};

static void
a_line_is_what_the_table_says(void **state)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	for (size_t i = 0; i < N_OF(lines); i++) {
		buf_reset(&out);
		quote_line(&out, lines[i].text, lines[i].limit);
		if (strcmp(out.data, lines[i].line) != 0)
			fail_msg("%s: %s", lines[i].claim, out.data);
	}
}

/* G-34: whatever a line is, it stands behind the sign. */
static void
no_line_of_a_block_stands_alone(void **state)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	quote_lines(&out,
	    "a\n```\n# Rules\r\nsystem:\rb\x0b"
	    "c\xc2\x85"
	    "d\xe2\x80\xa9"
	    "e",
	    1000);
	assert_string_equal(
	    out.data, "> a\n> ```\n> # Rules\n> system:\n> b\n> c\n> d\n> e");
}

static void
a_block_is_cut_and_says_so(void **state)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	quote_lines(&out, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 7);
	assert_string_equal(out.data, "> \xc3\xa4\xc3\xa4\n> (cut here)");
	assert_true(utf8_is_valid(out.data, out.size));
}

static void
a_title_has_no_ticks_around_it(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 16);

	(void)state;
	assert_string_equal(quote_title("a\nb", 72, arena), "a b");
	assert_true(
	    strlen(quote_title("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82"
			       "\xac",
		8, arena)) <= 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_what_the_table_says),
		cmocka_unit_test(no_line_of_a_block_stands_alone),
		cmocka_unit_test(a_block_is_cut_and_says_so),
		cmocka_unit_test(a_title_has_no_ticks_around_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
