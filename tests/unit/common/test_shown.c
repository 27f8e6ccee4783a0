/* Text of others shown as what it is. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/shown.h"

static const struct {
	const char *claim, *name, *want;
} names[] = {
	{ "a plain name", "docs/set up-2.md", "docs/set up-2.md" },
	{ "letters of all kinds",
	    "caf\xc3\xa9/\xe4\xbc\x9a\xe8\xad\xb0 \xf0\x9f\x98\x80.md",
	    "caf\xc3\xa9/\xe4\xbc\x9a\xe8\xad\xb0 \xf0\x9f\x98\x80.md" },
	{ "a wide space is seen", "\xe4\xbc\x9a\xe3\x80\x80x.md",
	    "\xe4\xbc\x9a\xe3\x80\x80x.md" },
	{ "one that turns the text",
	    "a\xe2\x80\xae"
	    "dm.exe",
	    "a\\u202edm.exe" },
	{ "one of no width", "pay\xe2\x80\x8bpal.md", "pay\\u200bpal.md" },
	{ "a soft hyphen", "pay\xc2\xadpal.md", "pay\\u00adpal.md" },
	{ "a space that is none",
	    "a\xc2\xa0"
	    "b.md",
	    "a\\u00a0b.md" },
	{ "a tag", "a\xf3\xa0\x81\x81.md", "a\\udb40\\udc41.md" },
	{ "a line", "a\n# b.md", "a\\u000a# b.md" },
	{ "the end of the code", "a`b.md", "a\\u0060b.md" },
	{ "what looks like this", "a\\u202edm.exe", "a\\u005cu202edm.exe" },
	{ "no text", "a\xff.md", "a\\ufffd.md" },
	{ "nothing", "", "" },
};

static void
names_show_what_they_are(void **state)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	for (size_t i = 0; i < N_OF(names); i++) {
		bool is_same = strcmp(names[i].name, names[i].want) == 0;

		buf_reset(&out);
		if (shown_name(&out, names[i].name, strlen(names[i].name)) !=
			is_same ||
		    strcmp(out.data, names[i].want) != 0)
			fail_msg("%s: %s", names[i].claim, out.data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_show_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
