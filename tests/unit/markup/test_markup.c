/* Markdown as marked text: each row is a text and what becomes of it. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/markup.h"
#include "libcommon/split.h"
#include "tests/unit/markup/tags.h"

#define J "\xe2\x81\xa0" /* the invisible joiner */
#define DOT "\xe2\x80\xa2 "

static const struct {
	const char *name, *markdown, *want;
} rows[] = {
	{ "empty", "", "" },
	{ "white space alone", " \n\n \t\n", "" },
	{ "words", "hello world", "hello world" },
	{ "bold, italic, strike", "**a** *b* _c_ ~~d~~",
	    "<b>a</b> <i>b</i> <i>c</i> <s>d</s>" },
	{ "bold within italic", "*a **b** c*", "<i>a <b>b</b> c</i>" },
	{ "a name with underscores", "snake_case_name", "snake_case_name" },
	{ "an unbalanced star", "2 * 3 and *x", "2 * 3 and *x" },
	{ "code", "say `a <b> c`", "say <c>a &lt;b> c</c>" },
	{ "stars in code", "`**a**`", "<c>**a**</c>" },
	{ "a line break stays", "one\ntwo", "one\ntwo" },
	{ "two spaces break a line too", "one  \ntwo", "one\ntwo" },
	{ "returns go", "one\r\ntwo\r\n", "one\ntwo" },
	{ "paragraphs", "one\n\n\n\ntwo", "one\n\ntwo" },
	{ "bold over lines", "**one\ntwo**", "<b>one\ntwo</b>" },
	{ "heading", "# Top\ntext", "<h 1>Top</h>\n\ntext" },
	{ "deep heading", "###### Low", "<h 6>Low</h>" },
	{ "a tag is no heading", "#tag", "#tag" },
	{ "rule", "a\n\n---\n\nb",
	    "a\n\n\xe2\x80\x94\xe2\x80\x94\xe2\x80\x94\n\nb" },
	{ "fence; a tab becomes spaces", "x\n```c\nint a;\n\n\tb;\n```\ny",
	    "x\n\n<pre c>int a;\n\n    b;</pre>\n\ny" },
	{ "fence that is not closed", "```\na", "<pre>a</pre>" },
	{ "empty fence", "a\n\n```\n```\n\nb", "a\n\nb" },
	{ "fence with stars", "```\n**a** <b>\n```",
	    "<pre>**a** &lt;b></pre>" },
	{ "fence keeps its indentation", "```\n    a\n  b\n```",
	    "<pre>    a\n  b</pre>" },
	{ "indented text is text", "    not code", "not code" },
	{ "quote", "> one\n> two\n\nthree", "<q>one\ntwo</q>\n\nthree" },
	{ "quote within quote", "> a\n>> b", "<q>a\n\nb</q>" },
	{ "quote with bold", "> **a**", "<q><b>a</b></q>" },
	{ "list", "- a\n- b\n* c", DOT "a\n" DOT "b\n\n" DOT "c" },
	{ "loose list", "- a\n\n- b", DOT "a\n" DOT "b" },
	{ "list with bold", "- **a** b", DOT "<b>a</b> b" },
	{ "numbers go on", "3. a\n4. b", "3. a\n4. b" },
	{ "list in list", "- a\n  - b\n    1. c\n- d",
	    DOT "a\n  " DOT "b\n    1. c\n" DOT "d" },
	{ "lines of an item", "- a\n  b\n\n  c", DOT "a\n  b\n  c" },
	{ "tasks", "- [ ] a\n- [x] b", "\xe2\x98\x90 a\n\xe2\x98\x91 b" },
	{ "empty item", "-\n- b", DOT "\n" DOT "b" },
	{ "list in a quote", "> - a\n> - b", "<q>" DOT "a\n" DOT "b</q>" },
	{ "quote in a list", "- > a", DOT "\n<q>  a</q>" },
	{ "fence in a list", "- a\n  ```\n  x\n  ```\n- b",
	    DOT "a\n<pre>x</pre>\n" DOT "b" },
	{ "list then text", "- a\n\ntext", DOT "a\n\ntext" },
	{ "text then list", "text\n- a", "text\n\n" DOT "a" },
	{ "table", "| a | long |\n|---|---|\n| x | 1 |\n| yy | **2** |\n",
	    "<pre>a  | long\n---+-----\nx  | 1\nyy | 2</pre>" },
	{ "table with holes", "|a|b|c|\n|---|---|---|\n| | |z|\n|x|\n",
	    "<pre>a | b | c\n--+---+--\n  |   | z\nx</pre>" },
	{ "table with a link", "|a|\n|---|\n|[x](http://y.z)|\n",
	    "<pre>a\n--------------\nx (http://y.z)</pre>" },
	{ "HTML is text", "<b>x</b> <!-- y -->",
	    "&lt;b>x&lt;/b> &lt;!-- y -->" },
	{ "entities", "&lt;a&gt; &amp; &#65;&#x1F600; &copy;",
	    "&lt;a> &amp; A\xf0\x9f\x98\x80 \xc2\xa9" },
	{ "what is no entity", "&nothing; &#0; &#xD800; & x",
	    "&amp;nothing; \xef\xbf\xbd \xef\xbf\xbd &amp; x" },
	{ "an escape", "\\*a\\* \\`", "*a* `" },

	{ "link shows its target", "[here](https://a.b/c)",
	    "here (<a https://a.b/c>https://a.b/c</a>)" },
	{ "link in brackets", "<https://a.b>",
	    "<a https://a.b>https://a.b</a>" },
	{ "bare link", "see https://a.b/c_d_e ok",
	    "see <a https://a.b/c_d_e>https://a.b/c_d_e</a> ok" },
	{ "bare links end before the signs of a sentence",
	    "(https://a.b/c). HTTP://d.e!",
	    "(<a https://a.b/c>https://a.b/c</a>). "
	    "<a HTTP://d.e>HTTP://d.e</a>!" },
	{ "bare links in marks", "**https://a.b** x",
	    "<b><a https://a.b>https://a.b</a></b> x" },
	{ "no bare link", "http:// xhttp://a https:/a",
	    "http:// xhttp:" J "//a https:/a" },
	{ "brackets around a bare link", "A[x](h[t https://a](b[As://a.b/c",
	    "A[x](h[t <a https://a](b[As://a.b/c>https://a](b[As://a.b/c</a>" },
	{ "link that names itself", "[https://a.b](https://a.b)",
	    "<a https://a.b>https://a.b</a>" },
	{ "link that names another", "[https://good.org](https://evil.org)",
	    "<a https://good.org>https://good.org</a> "
	    "(<a https://evil.org>https://evil.org</a>)" },
	{ "bold link", "[**x**](https://a.b)",
	    "<b>x</b> (<a https://a.b>https://a.b</a>)" },
	{ "link in bold", "**[x](https://a.b)**",
	    "<b>x (<a https://a.b>https://a.b</a>)</b>" },
	{ "link without words", "[](https://a.b)",
	    "<a https://a.b>https://a.b</a>" },
	{ "link without target", "[x]()", "x" },
	{ "mail", "<me@a.b>", "<a mailto:me@a.b>me@a.b</a>" },
	{ "a picture is its words", "![cat](https://a.b/c.png)",
	    "cat (<a https://a.b/c.png>https://a.b/c.png</a>)" },
	{ "a picture that is a link", "[![cat](https://a.b/1)](https://a.b/2)",
	    "cat (<a https://a.b/1>https://a.b/1</a>) "
	    "(<a https://a.b/2>https://a.b/2</a>)" },
	{ "a path is no link", "[doc](docs/a.md)", "doc (<c>docs/a.md</c>)" },
	{ "telegram's scheme is no link", "[win](tg://resolve?domain=x)",
	    "win (<c>tg://resolve?domain=x</c>)" },
	{ "script is no link", "[x](javascript:alert(1))",
	    "x (<c>javascript:alert(1)</c>)" },
	{ "scheme in brackets", "<tg://user?id=1>", "<c>tg://user?id=1</c>" },
	{ "bold in a scheme", "[**tg://x**](tg://x)", "<c>tg://x</c>" },
	{ "scheme in the text", "see tg://user and TG://x",
	    "see tg:" J "//user and TG:" J "//x" },
	{ "scheme in code", "`tg://user`", "<c>tg://user</c>" },
	{ "target that turns the line",
	    "[x](https://a.b/\xe2\x80\xae"
	    "gpj.exe)",
	    "x (<c>https://a.b/\xef\xbf\xbdgpj.exe</c>)" },
	{ "target with an entity", "[x](https://a.b/?a=1&amp;b=2)",
	    "x (<a https://a.b/?a=1&amp;b=2>https://a.b/?a=1&amp;b=2</a>)" },

	{ "mention", "hi @alice, (@bob) @x",
	    "hi @" J "alice, (@" J "bob) @" J "x" },
	{ "mail is no mention", "me@a.b a.b+c@d.e @ x",
	    "me@a.b a.b+c@d.e @ x" },
	{ "mention in code", "`@alice`\n\n```\n@bob\n```",
	    "<c>@alice</c>\n\n<pre>@bob</pre>" },
	{ "marks move with what is put in", "@a **@b** *c*",
	    "@" J "a <b>@" J "b</b> <i>c</i>" },
};

static void
each_text_is_marked_so(void **state)
{
	const struct split_options options = {
		.limit = 100000,
		.unit = UTF8_CODE_POINTS,
		.renderer = &tags_renderer,
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct split_part *parts;
		struct markup markup;
		size_t n;

		markup_parse(&markup, rows[i].markdown,
		    strlen(rows[i].markdown), MARKUP_BREAK_MENTIONS, arena);
		n = split_markup(&markup, &options, arena, &parts);
		if (n > 1 || (n == 0) != (*rows[i].want == '\0') ||
		    (n == 1 && strcmp(parts[0].written, rows[i].want) != 0))
			fail_msg("%s:\n%s\nwanted:\n%s", rows[i].name,
			    n ? parts[0].written : "(nothing)", rows[i].want);
		arena_free(&arena);
	}
}

static void
mentions_stay_without_the_flag(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct markup markup;

	(void)state;
	markup_parse(&markup, "@alice tg://x", 13, 0, arena);
	assert_string_equal(markup.text, "@alice tg:" J "//x");
	arena_free(&arena);
}

/* The byte behind the text would close its link. */
static void
what_is_behind_the_text_is_not_read(void **state)
{
	static const char text[] = "see [x](http://a.example/b)";
	struct arena *arena = arena_new(1 << 20);
	struct markup markup;

	(void)state;
	markup_parse(&markup, text, strlen(text) - 1, 0, arena);
	assert_string_equal(markup.text, "see [x](http://a.example/b");
	arena_free(&arena);
}

/* Deeper than anybody writes: still text, and no mark beyond the bound. */
static void
depth_is_bounded(void **state)
{
	struct arena *arena = arena_new(8 << 20);
	struct split_part *parts;
	struct markup markup;
	struct buf text;
	const struct split_options options = {
		.limit = 100000,
		.unit = UTF8_UTF16,
		.renderer = &tags_renderer,
	};

	(void)state;
	buf_init(&text);
	for (int i = 0; i < 200; i++)
		buf_adds(&text, "> ");
	for (int i = 0; i < 200; i++)
		buf_adds(&text, "- ");
	buf_adds(&text, "**deep**");
	markup_parse(&markup, text.data, text.size, 0, arena);
	assert_true(markup.n_marks <= 24);
	assert_int_equal(split_markup(&markup, &options, arena, &parts), 1);
	tags_check(parts[0].written);
	assert_non_null(strstr(parts[0].written, "deep"));
	buf_release(&text);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_is_marked_so),
		cmocka_unit_test(mentions_stay_without_the_flag),
		cmocka_unit_test(what_is_behind_the_text_is_not_read),
		cmocka_unit_test(depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
