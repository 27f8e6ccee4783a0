/* Where marked text is cut, and that each part fits. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/markup.h"
#include "libcommon/split.h"
#include "tests/unit/markup/tags.h"

#define GRIN "\xf0\x9f\x98\x80"			/* two UTF-16 units */
#define FAMILY GRIN "\xe2\x80\x8d" GRIN		/* one character, 5 units */
#define FLAG "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa" /* one character, 4 units */
#define ACUTE "e\xcc\x81"			/* one character, 2 units */
#define ALEF "\xd7\x90"

/* Limit 16; PLAIN counts the text alone. Parts are joined by '|'. */
enum { PLAIN = 1, POINTS = 2 };

static const struct {
	const char *name, *markdown;
	int how;
	const char *want;
} rows[] = {
	{ "fits", "0123456789abcdef", 0, "0123456789abcdef" },
	{ "one too many", "0123456789abcdefg", 0, "0123456789abcdef|g" },
	{ "at a word", "0123456789 abcdefg", 0, "0123456789|abcdefg" },
	{ "the word ends at the limit", "0123456789abcdef gh", 0,
	    "0123456789abcdef|gh" },
	{ "at a line before a word", "012345678\nabc defg", 0,
	    "012345678|abc defg" },
	{ "at a paragraph before a line", "012345678\n\na\nb cdef", 0,
	    "012345678|a\nb cdef" },
	{ "no half empty part for a paragraph", "a\n\n0123456789 bcdef", 0,
	    "a\n\n0123456789|bcdef" },
	{ "an early one when there is no other", "ab 0123456789abcdef", 0,
	    "ab|0123456789abcdef" },
	{ "spaces at a cut are gone", "01234567890     abcdefg", 0,
	    "01234567890|abcdefg" },

	{ "surrogates stay together", "0123456789abcde" GRIN, 0,
	    "0123456789abcde|" GRIN },
	{ "by code points it fits", "0123456789abcde" GRIN, POINTS,
	    "0123456789abcde" GRIN },
	{ "emoji: eight to a part",
	    GRIN GRIN GRIN GRIN GRIN GRIN GRIN GRIN GRIN, 0,
	    GRIN GRIN GRIN GRIN GRIN GRIN GRIN GRIN "|" GRIN },
	{ "a joined emoji stays one", "0123456789abc" FAMILY, 0,
	    "0123456789abc|" FAMILY },
	{ "a combining mark stays", "0123456789abcde" ACUTE, 0,
	    "0123456789abcde|" ACUTE },
	{ "a flag stays one", "0123456789abc" FLAG FLAG, 0,
	    "0123456789abc|" FLAG FLAG },
	{ "between two flags", FLAG FLAG FLAG FLAG FLAG, 0,
	    FLAG FLAG FLAG FLAG "|" FLAG },
	{ "right to left",
	    ALEF ALEF ALEF ALEF ALEF ALEF ALEF ALEF ALEF ALEF
	    " " ALEF ALEF ALEF ALEF ALEF ALEF,
	    0,
	    ALEF ALEF ALEF ALEF ALEF ALEF ALEF ALEF ALEF ALEF
	    "|" ALEF ALEF ALEF ALEF ALEF ALEF },

	{ "marks count", "**0123456789**", 0, "<b>012345678</b>|<b>9</b>" },
	{ "marks do not count", "**0123456789abcdef**", PLAIN,
	    "<b>0123456789abcdef</b>" },
	{ "a mark is closed and opened", "**0123456789abcde fgh**", PLAIN,
	    "<b>0123456789abcde</b>|<b>fgh</b>" },
	{ "nested marks", "***0123456789abcde fgh***", PLAIN,
	    "<i><b>0123456789abcde</b></i>|<i><b>fgh</b></i>" },
	{ "a fence at a line", "```\nint a;\n\nint bb;\nc\n```", PLAIN,
	    "<pre>int a;\n\nint bb;</pre>|<pre>c</pre>" },
	{ "a fence keeps its language and indentation",
	    "```c\nif (a)\n    b();\n    c();\n```", PLAIN,
	    "<pre c>if (a)\n    b();</pre>|<pre c>    c();</pre>" },
	{ "a link is not cut at a word", "ab cdefg `x y z a b c`", PLAIN,
	    "ab cdefg|<c>x y z a b c</c>" },
	{ "escapes count", "<<<<<<", 0, "&lt;&lt;&lt;&lt;|&lt;&lt;" },
	{ "marks that cost too much are left out", "<https://example.org/long>",
	    0, "https://example.|org/long" },
	{ "nothing to see", "a\n\n&nbsp;\n\n&#x200b;", 0,
	    "a\n\n\xc2\xa0\n\n"
	    "\xe2\x80\x8b" },
	{ "nothing at all", "&#x200b; &nbsp;", 0, "" },
};

static void
join(struct buf *out, const struct split_part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%s", i ? "|" : "", parts[i].written);
}

static void
each_text_is_cut_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct split_options options = {
			.limit = 16,
			.unit = rows[i].how & POINTS ? UTF8_CODE_POINTS
						     : UTF8_UTF16,
			.counts_plain = rows[i].how & PLAIN,
			.renderer = &tags_renderer,
		};
		struct arena *arena = arena_new(1 << 20);
		struct split_part *parts;
		struct markup markup;
		struct buf got;
		size_t n;

		buf_init(&got);
		markup_parse(&markup, rows[i].markdown,
		    strlen(rows[i].markdown), 0, arena);
		n = split_markup(&markup, &options, arena, &parts);
		join(&got, parts, n);
		if (strcmp(got.data, rows[i].want) != 0)
			fail_msg("%s:\n%s\nwanted:\n%s", rows[i].name, got.data,
			    rows[i].want);
		buf_release(&got);
		arena_free(&arena);
	}
}

/* A character longer than a part has to be cut all the same. */
static void
a_tower_of_marks_is_cut(void **state)
{
	const struct split_options options = {
		.limit = 16,
		.unit = UTF8_UTF16,
		.renderer = &tags_renderer,
	};
	struct arena *arena = arena_new(1 << 20);
	struct split_part *parts;
	struct markup markup;
	struct buf text;
	size_t n;

	(void)state;
	buf_init(&text);
	buf_addc(&text, 'e');
	for (int i = 0; i < 100; i++)
		buf_adds(&text, "\xcc\x81");
	markup_parse(&markup, text.data, text.size, 0, arena);
	n = split_markup(&markup, &options, arena, &parts);
	assert_int_equal(n, 7);
	buf_release(&text);
	arena_free(&arena);
}

/* The platforms' own limits, one below, at and above. */
static void
limits_are_exact(void **state)
{
	static const struct {
		size_t limit, size, n_parts;
	} sizes[] = {
		{ 4096, 4095, 1 },
		{ 4096, 4096, 1 },
		{ 4096, 4097, 2 },
		{ 2000, 1999, 1 },
		{ 2000, 2000, 1 },
		{ 2000, 2001, 2 },
		{ 2000, 65536, 33 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(sizes); i++) {
		const struct split_options options = {
			.limit = sizes[i].limit,
			.unit = UTF8_UTF16,
			.renderer = &tags_renderer,
		};
		struct arena *arena = arena_new(8 << 20);
		struct split_part *parts;
		struct markup markup;
		struct buf text;

		buf_init(&text);
		memset(buf_grow(&text, sizes[i].size), 'x', sizes[i].size);
		markup_parse(&markup, text.data, text.size, 0, arena);
		assert_int_equal(split_markup(&markup, &options, arena, &parts),
		    sizes[i].n_parts);
		buf_release(&text);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_is_cut_so),
		cmocka_unit_test(a_tower_of_marks_is_cut),
		cmocka_unit_test(limits_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
