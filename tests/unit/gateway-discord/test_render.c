/* Markdown from the model as Discord shows it. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/markup.h"
#include "libcommon/split.h"
#include "services/gateway-discord/render.h"

#define WJ "\xe2\x81\xa0"

static const struct {
	const char *name, *markdown, *want;
} rows[] = {
	{ "plain", "Good morning.", "Good morning." },
	{ "bold, italic, struck", "**a** *b* ~~c~~", "**a** *b* ~~c~~" },
	{ "code", "use `x_y`", "use ``x_y``" },
	{ "a backtick in code", "``a`b``", "``a`" WJ "b``" },
	{ "a backtick at its beginning", "`` `a ``", "``" WJ "`" WJ "a``" },
	{ "a block", "```c\nint *a;\n```", "```c\nint *a;\n```" },
	{ "a fence in a block", "````\n```\n````",
	    "```\n`" WJ "`" WJ "`" WJ "\n```" },
	{ "a language that is none", "```a\"b\nx\n```", "```a\nx\n```" },
	{ "a quote", "> a\n> b", "> a\n> b" },
	{ "headings", "# a\n\n## b\n\n### c\n\n#### d",
	    "# a\n\n## b\n\n### c\n\n**d**" },
	{ "a list", "- a\n- b", "\xe2\x80\xa2 a\n\xe2\x80\xa2 b" },
	{ "stars that are none", "2 \\* 3 \\* 4", "2 \\* 3 \\* 4" },
	{ "underscores", "snake_case_name", "snake\\_case\\_name" },
	{ "a spoiler is none", "a || b", "a \\|\\| b" },
	{ "a person is none", "hi <@42>", "hi \\<\\@42>" },
	{ "everybody is none", "\\@everyone", "\\@everyone" },
	{ "an emoji is none", "\\<:a:1>", "\\<:a:1>" },
	{ "a heading that was escaped", "\\# a", "\\# a" },
	{ "a quote that was escaped", "\\> a", "\\> a" },
	{ "a link shows its target", "[here](https://example.org/a_b)",
	    "here (https://example.org/a_b)" },
	{ "a bare link stays whole", "https://example.org/a_b*c",
	    "https://example.org/a_b*c" },
};

static size_t
render(const char *markdown, struct arena *arena, struct split_part **parts)
{
	const struct split_options options = {
		.limit = RENDER_LIMIT,
		.unit = UTF8_CODE_POINTS,
		.renderer = &render_discord,
	};
	struct markup markup;

	markup_parse(&markup, markdown, strlen(markdown), 0, arena);
	return split_markup(&markup, &options, arena, parts);
}

static void
markdown_is_rendered(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1024 * 1024);
		struct split_part *parts;
		size_t n = render(rows[i].markdown, arena, &parts);

		if (n != 1 || strcmp(parts[0].written, rows[i].want) != 0)
			fail_msg("%s: %zu \"%s\"", rows[i].name, n,
			    n ? parts[0].written : "");
	}
}

static const struct {
	const char *name, *unit;
	int times;
	size_t want_parts;
} lengths[] = {
	{ "one less", "a", 1999, 1 },
	{ "just", "a", 2000, 1 },
	{ "one more", "a", 2001, 2 },
	{ "code points, not bytes", "\xf0\x9f\x98\x80", 2000, 1 },
	{ "escapes count", "<", 1001, 2 },
	{ "words", "word ", 1000, 3 },
};

static void
parts_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(lengths); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(4 * 1024 * 1024);
		AUTO(buf_release)
		struct buf text = { 0 };
		struct split_part *parts;
		size_t n;

		buf_init(&text);
		for (int k = 0; k < lengths[i].times; k++)
			buf_adds(&text, lengths[i].unit);
		n = render(text.data, arena, &parts);
		if (n != lengths[i].want_parts)
			fail_msg("%s: %zu parts", lengths[i].name, n);
		for (size_t k = 0; k < n; k++)
			assert_true(utf8_units(parts[k].written,
					strlen(parts[k].written),
					UTF8_CODE_POINTS) <= RENDER_LIMIT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markdown_is_rendered),
		cmocka_unit_test(parts_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
