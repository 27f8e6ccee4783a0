/* Markdown cut into sections. */

#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/utf8.h"
#include "services/indexer/chunk.h"

/* want: the title, then "line|heading|body" for each section; a body's line
 * ends are shown as '/'. */
static const struct {
	const char *name, *text, *want;
} cases[] = {
	{ "empty_text_is_one_section", "", "\n1||" },
	{ "text_without_headings", "one\ntwo\n", "\n1||one/two/" },
	{ "headings_make_a_path", "# A\na\n## B\nb\n# C\nc\n",
	    "A\n1|A|a/\n3|A > B|b/\n5|C|c/" },
	{ "text_above_the_first_heading", "intro\n\n# A\na\n",
	    "A\n1||intro//\n3|A|a/" },
	{ "a_level_may_be_left_out", "# A\n### B\nb\n## C\nc\n",
	    "A\n1|A|\n2|A > B|b/\n4|A > C|c/" },
	{ "closing_marks_are_dropped", "## A ##  \na\n", "A\n1|A|a/" },
	{ "marks_within_a_heading_stay", "# C#\nx\n", "C#\n1|C#|x/" },
	{ "no_space_no_heading", "#tag\n", "\n1||#tag/" },
	{ "seven_marks_are_text", "####### x\n", "\n1||####### x/" },
	{ "four_spaces_are_code", "    # x\n", "\n1||    # x/" },
	{ "empty_heading", "#\nx\n", "\n1||x/" },
	{ "underlined_headings", "A\n===\na\n\nB\n---\nb\n",
	    "A\n1|A|a//\n5|A > B|b/" },
	{ "a_rule_is_no_heading", "a\n\n---\nb\n", "\n1||a//---/b/" },
	{ "a_list_is_not_underlined", "- a\n---\n", "\n1||- a/---/" },
	{ "a_paragraph_of_two_lines_is_not", "a\nb\n---\n", "\n1||a/b/---/" },
	{ "fenced_code_has_no_headings", "# A\n```\n# b\n```\nc\n",
	    "A\n1|A|```/# b/```/c/" },
	{ "a_longer_fence_ends_it", "~~~\n# a\n```\n~~~~\n# B\n",
	    "B\n1||~~~/# a/```/~~~~/\n5|B|" },
	{ "an_open_fence_lasts", "```\n# a\n", "\n1||```/# a/" },
	{ "another_mark_ends_none", "```\n~~~\n# a\n```\n# B\n",
	    "B\n1||```/~~~/# a/```/\n5|B|" },
	{ "a_shorter_fence_ends_none", "````\n```\n# a\n````\n# B\n",
	    "B\n1||````/```/# a/````/\n5|B|" },
	{ "a_fence_may_be_indented", "   ```\n# a\n  ``` \t\n# B\n",
	    "B\n1||   ```/# a/  ``` \t/\n4|B|" },
	{ "not_by_more_than_three", "    ```\n# A\n", "A\n1||    ```/\n2|A|" },
	{ "what_is_behind_it_ends_none", "~~~ x`y\n# a\n~~~ z\n# b\n",
	    "\n1||~~~ x`y/# a/~~~ z/# b/" },
	{ "line_ends_of_others", "```c\r\n# a\r\n```\r\n# B\r\n",
	    "B\n1||```c\r/# a\r/```\r/\n4|B|" },
	{ "inline_code_is_no_fence", "```x``` y\n# A\n",
	    "A\n1||```x``` y/\n2|A|" },
	{ "windows_line_ends", "# A\r\na\r\n", "A\n1|A|a\r/" },
	{ "byte_order_mark", "\xef\xbb\xbf# A\n", "A\n1|A|" },
	{ "front_matter_title",
	    "---\ntitle: \"The Title\"\n# no heading\n---\n# A\n",
	    "The Title\n1||---/title: \"The Title\"/# no heading/---/\n5|A|" },
	{ "front_matter_without_end", "---\ntitle: x\n# A\n",
	    "A\n1||---/title: x/\n3|A|" },
	{ "control_characters_in_headings", "# a\x01\x1b[2Jb\n",
	    "a [2Jb\n1|a [2Jb|" },
};

static void
show(const struct chunks *chunks, struct buf *out)
{
	buf_adds(out, chunks->title);
	for (size_t i = 0; i < chunks->n_sections; i++) {
		const struct section *s = &chunks->sections[i];

		buf_addf(out, "\n%" PRId64 "|%s|", s->line, s->heading);
		for (size_t j = 0; j < s->body_size; j++)
			buf_addc(out, s->body[j] == '\n' ? '/' : s->body[j]);
	}
}

static void
texts_are_cut_as_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1 << 20);
		AUTO(buf_release)
		struct buf got;
		struct chunks chunks;

		buf_init(&got);
		chunk_split(
		    &chunks, cases[i].text, strlen(cases[i].text), arena);
		show(&chunks, &got);
		if (strcmp(got.data, cases[i].want) != 0)
			fail_msg("%s:\n%s\ninstead of\n%s", cases[i].name,
			    got.data, cases[i].want);
	}
}

/* Every byte of the text is in exactly one section, in order. */
static void
check_whole(const struct chunks *chunks, const char *text, size_t size)
{
	const char *at = text;

	for (size_t i = 0; i < chunks->n_sections; i++) {
		assert_ptr_equal(chunks->sections[i].body, at);
		at += chunks->sections[i].body_size;
		assert_true(
		    chunks->sections[i].body_size <= 2 * CHUNK_AIM_BYTES);
		assert_true(utf8_is_valid(
		    chunks->sections[i].body, chunks->sections[i].body_size));
	}
	assert_ptr_equal(at, text + size);
}

static void
long_texts_are_cut_without_loss(void **state)
{
	static const struct {
		const char *unit;
		size_t n;
	} rows[] = {
		{ "a line of some words\n", 2000 },
		{ "a paragraph\n\n", 2000 },
		{ "word ", 20000 },
		{ "x", 50000 },
		{ "\xc3\xa9", 20000 },
		{ "\xf0\x9f\x98\x80", 10000 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1 << 20);
		AUTO(buf_release)
		struct buf text;
		struct chunks chunks;

		buf_init(&text);
		for (size_t j = 0; j < rows[i].n; j++)
			buf_adds(&text, rows[i].unit);
		chunk_split(&chunks, text.data, text.size, arena);
		assert_true(chunks.n_sections > 5);
		check_whole(&chunks, text.data, text.size);
	}
}

static void
line_numbers_hold_in_cut_sections(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	AUTO(buf_release)
	struct buf text;
	struct chunks chunks;

	(void)state;
	buf_init(&text);
	for (int i = 1; i <= 2000; i++)
		buf_addf(&text, "%d\n", i);
	chunk_split(&chunks, text.data, text.size, arena);
	assert_true(chunks.n_sections > 2);
	for (size_t i = 0; i < chunks.n_sections; i++)
		assert_int_equal(strtoll(chunks.sections[i].body, NULL, 10),
		    chunks.sections[i].line);
}

static void
sections_are_bounded_in_number(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 24);
	AUTO(buf_release)
	struct buf text;
	struct chunks chunks;

	(void)state;
	buf_init(&text);
	for (int i = 0; i < 100000; i++)
		buf_adds(&text, "# h\nb\n");
	chunk_split(&chunks, text.data, text.size, arena);
	assert_true(chunks.n_sections <= CHUNK_MAX_SECTIONS);
	assert_ptr_equal(chunks.sections[chunks.n_sections - 1].body +
			     chunks.sections[chunks.n_sections - 1].body_size,
	    text.data + text.size);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_cut_as_said),
		cmocka_unit_test(long_texts_are_cut_without_loss),
		cmocka_unit_test(line_numbers_hold_in_cut_sections),
		cmocka_unit_test(sections_are_bounded_in_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
