/* Bytes of a pipe become lines. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/defs.h"
#include "services/agent-runtime/lines.h"

static void
append(void *arg, char *line)
{
	buf_addf(arg, "[%s]", line);
}

/* Fed in pieces of each size, the lines are the same. */
static void
check(const char *name, const char *text, const char *want)
{
	for (size_t piece = 1; piece <= strlen(text) + 1; piece++) {
		struct lines lines;
		struct buf out;

		lines_init(&lines);
		buf_init(&out);
		for (size_t i = 0; i < strlen(text); i += piece) {
			size_t left = strlen(text) - i;

			lines_feed(&lines, text + i,
			    left < piece ? left : piece, append, &out);
		}
		lines_end(&lines, append, &out);
		if (strcmp(out.data, want) != 0)
			fail_msg("%s in %zu: %s", name, piece, out.data);
		buf_release(&out);
		lines_release(&lines);
	}
}

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{ "nothing", "", "" },
	{ "two lines", "a\nb\n", "[a][b]" },
	{ "no last newline", "a\nb", "[a][b]" },
	{ "empty line", "a\n\nb\n", "[a][][b]" },
	{ "escapes for a terminal", "a\033[2Jb\r\n", "[a?[2Jb?]" },
	{ "a tab stays", "a\tb\n", "[a\tb]" },
	{ "UTF-8 stays", "gr\xc3\xbcn\n", "[gr\xc3\xbcn]" },
	{ "wrong UTF-8", "gr\xffn\n", "[gr?n]" },
};

static void
lines_are_cut_at_newlines_and_scrubbed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++)
		check(cases[i].name, cases[i].text, cases[i].want);
}

static void
long_lines_lose_their_end(void **state)
{
	static char text[3 * LINES_MAX_BYTES];
	struct lines lines;
	struct buf out;

	(void)state;
	memset(text, 'x', sizeof(text));
	lines_init(&lines);
	buf_init(&out);
	lines_feed(&lines, text, sizeof(text), append, &out);
	lines_feed(&lines, "\nnext\n", 6, append, &out);
	assert_int_equal(out.size, LINES_MAX_BYTES + strlen("[ (cut)][next]"));
	assert_string_equal(out.data + LINES_MAX_BYTES + 1, " (cut)][next]");
	buf_release(&out);
	lines_release(&lines);
}

static void
a_cut_leaves_no_half_of_a_letter(void **state)
{
	struct lines lines;
	struct buf text, out;

	(void)state;
	buf_init(&text);
	buf_init(&out);
	memset(buf_grow(&text, LINES_MAX_BYTES - 1), 'x', LINES_MAX_BYTES - 1);
	buf_adds(&text, "\xc3\xbc\n");
	lines_init(&lines);
	lines_feed(&lines, text.data, text.size, append, &out);
	assert_string_equal(out.data + LINES_MAX_BYTES - 1, "x (cut)]");
	buf_release(&out);
	buf_release(&text);
	lines_release(&lines);
}

static const struct {
	const char *line;
	bool want;
	enum log_level level;
	const char *program, *id;
} logs[] = {
	{ "2026-11-22T14:12:03.120Z info api ready version=1", true,
	    LOG_LEVEL_INFO, "api", "ready" },
	{ "2026-11-22T14:12:03.120Z error task-engine x", true, LOG_LEVEL_ERROR,
	    "task-engine", "x" },
	{ "2026-11-22T14:12:03.120Z loud api ready", false, 0, "", "" },
	{ "2026-11-22T14:12:03Z info api ready", false, 0, "", "" },
	{ "2026-11-22T14:12:03.120Z info", false, 0, "", "" },
	{ "2026-11", false, 0, "", "" },
	{ "api: cannot start", false, 0, "", "" },
	{ "", false, 0, "", "" },
};

static void
log_lines_are_recognised(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(logs); i++) {
		struct log_line got;

		if (log_line_parse(&got, logs[i].line) != logs[i].want)
			fail_msg("%s", logs[i].line);
		if (!logs[i].want)
			continue;
		assert_int_equal(got.level, logs[i].level);
		assert_string_equal(got.program, logs[i].program);
		assert_string_equal(got.id, logs[i].id);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_cut_at_newlines_and_scrubbed),
		cmocka_unit_test(long_lines_lose_their_end),
		cmocka_unit_test(a_cut_leaves_no_half_of_a_letter),
		cmocka_unit_test(log_lines_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
