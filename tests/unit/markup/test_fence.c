/* Blocks of code left open end where those who show them see the end. */

#include "libcommon/fence.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/markup.h"
#include "tests/unit/unit.h"

enum { LINES_A_TEXT = 3 };

/* Every text of three of these lines. */
static const char *const lines[] = {
	"",
	"a",
	"  a",
	"    a",
	"# a",
	"---",
	"-",
	"===",
	"~~~",
	" ~~~",
	"   ~~~",
	"    ~~~",
	"      ~~~",
	"\t~~~",
	"~~~~",
	"```",
	"- a",
	"- ~~~",
	"  - ~~~",
	"- - ~~~",
	"* ~~~",
	"1. ~~~",
	"1) a",
	"2. ~~~",
	"> a",
	"> ~~~",
	"  > ~~~",
	"> - ~~~",
	">> ~~~",
	"- > ~~~",
};

static const char probe[] = "ZPROBEZ";

/* Whether words below the text would be shown as a part of its code. */
static bool
is_open(const struct buf *text, struct arena *arena)
{
	const char *all = arena_printf(arena, "%s\n\n%s", text->data, probe);
	struct markup markup;
	size_t at;

	markup_parse(&markup, all, strlen(all), 0, arena);
	at = (size_t)(strstr(markup.text, probe) - markup.text);
	for (size_t i = 0; i < markup.n_marks; i++)
		if (markup.marks[i].kind == MARK_BLOCK &&
		    markup.marks[i].start <= at && at < markup.marks[i].end)
			return true;
	return false;
}

static void
what_is_said_below_is_no_code(void **state)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	size_t n_texts = 1;

	(void)state;
	buf_init(&text);
	for (size_t i = 0; i < LINES_A_TEXT; i++)
		n_texts *= N_OF(lines);
	for (size_t i = 0; i < n_texts; i++) {
		size_t which = i;

		arena_reset(arena);
		buf_reset(&text);
		for (size_t n = 0; n < LINES_A_TEXT; n++) {
			buf_addf(&text, "%s%s", n ? "\n" : "",
			    lines[which % N_OF(lines)]);
			which /= N_OF(lines);
		}
		fence_close(&text);
		if (is_open(&text, arena))
			fail_msg("still open:\n%s", text.data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_below_is_no_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
