/* Lines broken at their blanks. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/agent-runtime/wrap.h"

#define E_ACUTE "\xc3\xa9"
#define KEY "\xe9\x8d\xb5" /* two columns wide */
#define ACCENT "\xcc\x81"  /* of the letter before it: none */

static const struct {
	const char *name;
	size_t first, further, width;
	const char *text, *want;
} cases[] = {
	{ "what fits stays", 0, 0, 20, "one two three", "one two three" },
	{ "a row may be full", 0, 0, 7, "one two", "one two" },
	{ "one column too many", 0, 0, 6, "one two", "one\ntwo" },
	{ "each row anew", 0, 0, 9, "one two three four five",
	    "one two\nthree\nfour five" },
	{ "blanks are kept within a row", 0, 0, 20, "a  b   c", "a  b   c" },
	{ "blanks go where a row ends", 0, 0, 8, "one     two", "one\ntwo" },
	{ "what stands before counts", 7, 0, 12, "one two three",
	    "one\ntwo three" },
	{ "and before each row", 7, 6, 12, "one two three", "one\ntwo\nthree" },
	{ "and before a further line", 0, 6, 12, "a\none two", "a\none\ntwo" },
	{ "a word that is wider stays whole", 0, 0, 10,
	    "see AGENT_RUNTIME_DATA_DIR now",
	    "see\nAGENT_RUNTIME_DATA_DIR\nnow" },
	{ "the only word is not moved", 7, 0, 10, "abcdefgh", "abcdefgh" },
	{ "indentation is repeated", 0, 0, 10, "  one two three",
	    "  one two\n  three" },
	{ "a list's text stands below itself", 0, 0, 11, "- one two three",
	    "- one two\n  three" },
	{ "and that of one with numbers", 0, 0, 12, "12. one two three",
	    "12. one two\n    three" },
	{ "and one in another", 0, 0, 14, "    * one two three",
	    "    * one two\n      three" },
	{ "a number is no list", 0, 0, 11, "12 one two three",
	    "12 one two\nthree" },
	{ "a minus is no list", 0, 0, 11, "-1 one two three",
	    "-1 one two\nthree" },
	{ "the mark of a list is not alone", 0, 0, 10, "- abcdefghijk l",
	    "- abcdefghijk\n  l" },
	{ "a quote is one on each row", 0, 0, 11, "> one two three",
	    "> one two\n> three" },
	{ "so is a list in it", 0, 0, 13, "> - one two three",
	    "> - one two\n>   three" },
	{ "lines of a text are its own", 0, 0, 9, "one\n\ntwo three four\n",
	    "one\n\ntwo three\nfour\n" },
	{ "code is copied as it is", 0, 0, 8,
	    "one two three\n```sh\nls -l -a -R\n```\none two three",
	    "one two\nthree\n```sh\nls -l -a -R\n```\none two\nthree" },
	{ "so it is when it has no end", 0, 0, 8, "~~~\nls -l -a -R",
	    "~~~\nls -l -a -R" },
	{ "and when it is indented", 0, 0, 8, "    ls -l -a -R",
	    "    ls -l -a -R" },
	{ "a row of a table stays", 0, 0, 8, "| one | two | three |",
	    "| one | two | three |" },
	{ "letters are counted, not bytes", 0, 0, 7,
	    E_ACUTE E_ACUTE E_ACUTE " " E_ACUTE E_ACUTE E_ACUTE,
	    E_ACUTE E_ACUTE E_ACUTE " " E_ACUTE E_ACUTE E_ACUTE },
	{ "wide ones are two", 0, 0, 8, KEY KEY " " KEY KEY,
	    KEY KEY "\n" KEY KEY },
	{ "accents are none", 0, 0, 5, "e" ACCENT " e" ACCENT " e" ACCENT,
	    "e" ACCENT " e" ACCENT " e" ACCENT },
	{ "a tab is what it shows", 0, 0, 10, "a\tb c d", "a\tb\nc d" },
	{ "no room is given away where there is none", 0, 0, 8,
	    "> > > > one two three", "> > > >\none two\nthree" },
	{ "nothing", 7, 6, 40, "", "" },
	{ "blanks alone", 0, 0, 4, "        ", "        " },
};

static void
rows_end_between_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct buf out;

		buf_init(&out);
		wrap_add(&out, cases[i].text, cases[i].first, cases[i].further,
		    cases[i].width);
		if (strcmp(out.data, cases[i].want) != 0)
			fail_msg("%s: \"%s\"", cases[i].name, out.data);
		buf_release(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_end_between_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
