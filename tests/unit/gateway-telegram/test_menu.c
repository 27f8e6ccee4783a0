/* The menu of commands. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/command.h"
#include "services/gateway-telegram/menu.h"

static struct command_item items[] = {
	{ .name = "pair", .help = "link", .least_role = "guest" },
	{ .name = "Pending-Actions", .help = "list", .least_role = "admin" },
	{ .name = "-x!y-", .help = "odd", .least_role = "guest" },
	{ .name = "!", .help = "nothing left", .least_role = "guest" },
	{ .name = "abcdefghijklmnopqrstuvwxyz-0123456789",
	    .help = "long",
	    .least_role = "member" },
};
static const struct command_catalogue catalogue = { items, N_OF(items) };

#define ITEM(name, help)                                                       \
	"{\"command\":\"" name "\",\"description\":\"" help "\"}"
#define OTHERS                                                                 \
	ITEM("xy", "odd")                                                      \
	"," ITEM("abcdefghijklmnopqrstuvwxyz_01234", "long") "," ITEM(         \
	    "pair", "link")

static void
names_are_as_telegram_has_them(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out);
	menu_write(&out, &catalogue, false);
	assert_string_equal(out.data, "[" OTHERS "]");
	buf_reset(&out);
	menu_write(&out, &catalogue, true);
	assert_string_equal(
	    out.data, "[" ITEM("pending_actions", "list") "," OTHERS "]");
	buf_release(&out);
}

static const struct {
	const char *have;
	bool is_same;
} lists[] = {
	{ "[" OTHERS "]", true },
	{ "[]", false },
	{ "[" ITEM("xy", "odd") "]", false },
	{ "[" OTHERS "," ITEM("more", "x") "]", false },
	{ "{}", false },
};

static void
a_list_is_compared_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(lists); i++) {
		struct json *have;
		struct err err;

		assert_int_equal(json_parse(&have, lists[i].have,
				     strlen(lists[i].have), &err),
		    0);
		assert_int_equal(
		    menu_is_same(have, "[" OTHERS "]"), lists[i].is_same);
		json_free(&have);
	}
}

/* Telegram counts characters: 256 of them. */
static void
long_help_is_cut(void **state)
{
	char help[4 * 300 + 1] = "";
	struct command_item item = {
		.name = "x", .help = help, .least_role = "guest"
	};
	const struct command_catalogue one = { &item, 1 };
	struct buf out;

	(void)state;
	for (int i = 0; i < 300; i++)
		strcat(help, "\xf0\x9f\x98\x80");
	buf_init(&out);
	menu_write(&out, &one, false);
	assert_int_equal(out.size, strlen("[" ITEM("x", "") "]") + 4 * 256);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_as_telegram_has_them),
		cmocka_unit_test(a_list_is_compared_whole),
		cmocka_unit_test(long_help_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
