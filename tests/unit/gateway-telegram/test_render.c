/* Markdown as Telegram's HTML. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/markup.h"
#include "services/gateway-telegram/render.h"

#define JOINER "\xe2\x81\xa0"

static const struct {
	const char *name, *markdown, *html;
} rows[] = {
	{ "marks", "**a** *b* ~~c~~ `d`",
	    "<b>a</b> <i>b</i> <s>c</s> <code>d</code>" },
	{ "signs", "a < b > c & \"d\"", "a &lt; b &gt; c &amp; \"d\"" },
	{ "HTML", "<b>x</b>", "&lt;b&gt;x&lt;/b&gt;" },
	{ "heading", "# A **b** c", "<b>A b c</b>" },
	{ "block", "```\n<x>\n```", "<pre>&lt;x&gt;</pre>" },
	{ "block with a language", "```c++\nx\n```",
	    "<pre><code class=\"language-c++\">x</code></pre>" },
	{ "language that is none", "```\"><b>\nx\n```", "<pre>x</pre>" },
	{ "quote", "> a\n> > b", "<blockquote>a\n\nb</blockquote>" },
	{ "link", "[x](https://a.b/?c&d)", "x (https://a.b/?c&amp;d)" },
	{ "foreign scheme", "[x](tg://user?id=1)",
	    "x (<code>tg://user?id=1</code>)" },
	{ "commands", "/approve it, (/deny-action) or /pair@harbour_bot",
	    "/" JOINER "approve it, (/" JOINER "deny-action) or /" JOINER
	    "pair@harbour_bot" },
	{ "what cannot be pressed", "and/or /etc/motd 1/2 / `/help`",
	    "and/or /etc/motd 1/2 / <code>/help</code>" },
};

static void
each_text_is_written_so(void **state)
{
	const struct split_options options = {
		.limit = TELEGRAM_TEXT_MAX,
		.unit = UTF8_UTF16,
		.counts_plain = true,
		.renderer = &telegram_html,
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct split_part *parts;
		struct markup markup;

		markup_parse(&markup, rows[i].markdown,
		    strlen(rows[i].markdown),
		    MARKUP_BREAK_MENTIONS | MARKUP_BREAK_COMMANDS, arena);
		assert_int_equal(
		    split_markup(&markup, &options, arena, &parts), 1);
		if (strcmp(parts[0].written, rows[i].html) != 0)
			fail_msg("%s:\n%s\nwanted:\n%s", rows[i].name,
			    parts[0].written, rows[i].html);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_is_written_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
