/* Slash commands as Discord's JSON, and when they are the same. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "proto/command.h"
#include "services/gateway-discord/menu_list.h"

static struct command_item items[] = {
	{ "status", "how it stands", "", "", false, "guest" },
	{ "task", "work", "prompt", "what to do", true, "guest" },
	{ "prompt", "the prompt", "text", "", true, "admin", true },
};
static const struct command_catalogue catalogue = { items, N_OF(items) };

#define STATUS                                                                 \
	"{\"type\":1,\"name\":\"status\",\"description\":\"how it stands\","   \
	"\"options\":[]"
#define OPTION(name, help, more)                                               \
	"{\"type\":3,\"name\":\"" name "\",\"description\":\"" help            \
	"\",\"required\":true" more "}"
#define CHOSEN ",\"autocomplete\":true"
#define TASK                                                                   \
	"{\"type\":1,\"name\":\"task\",\"description\":\"work\",\"options\":"  \
	"[" OPTION("prompt", "what to do", "") "]"
#define PROMPT_OF(option)                                                      \
	"{\"type\":1,\"name\":\"prompt\",\"description\":\"the prompt\","      \
	"\"options\":[" option "]"
#define PROMPT PROMPT_OF(OPTION("text", "-", CHOSEN))
#define WHERE ",\"integration_types\":[0],\"contexts\":[0,1]"

static void
a_list_is_written(void **state)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	menu_list_write(&out, &catalogue, false);
	assert_string_equal(out.data, "[" STATUS "}," TASK "}," PROMPT "}]");
	buf_reset(&out);
	menu_list_write(&out, &catalogue, true);
	assert_string_equal(
	    out.data, "[" STATUS WHERE "}," TASK WHERE "}," PROMPT WHERE "}]");
}

static void
long_words_are_cut(void **state)
{
	char help[400] = "";
	struct command_item item = { "x", help, "", "", false, "guest" };
	const struct command_catalogue one = { &item, 1 };
	AUTO(buf_release)
	struct buf out = { 0 };
	struct json *json;
	struct err err;
	const char *got;

	(void)state;
	for (int i = 0; i < 101; i++)
		strcat(help, "\xc3\xa9");
	buf_init(&out);
	menu_list_write(&out, &one, true);
	assert_int_equal(json_parse(&json, out.data, out.size, &err), 0);
	got = json_str(json_get(json_first(json), "description"), "");
	assert_int_equal(utf8_units(got, strlen(got), UTF8_CODE_POINTS), 100);
	json_free(&json);
}

static const struct {
	const char *name, *have;
	bool is_same;
} rows[] = {
	{ "as written", "[" STATUS "}," TASK "}," PROMPT "}]", true },
	{ "with what Discord adds",
	    "[" STATUS ",\"id\":\"1\",\"version\":\"2\"}," TASK
	    ",\"nsfw\":false}," PROMPT "}]",
	    true },
	{ "in another order", "[" PROMPT "}," STATUS "}," TASK "}]", true },
	{ "without an empty list",
	    "[{\"type\":1,\"name\":\"status\",\"description\":"
	    "\"how it stands\"}," TASK "}," PROMPT "}]",
	    true },
	{ "one is missing", "[" STATUS "}," TASK "}]", false },
	{ "one too many",
	    "[" STATUS "}," TASK "}," PROMPT "},{\"name\":\"x\"}]", false },
	{ "twice the same", "[" STATUS "}," STATUS "}," TASK "}]", false },
	{ "another word",
	    "[" STATUS "}," TASK "},{\"type\":1,\"name\":\"prompt\","
	    "\"description\":\"a prompt\",\"options\":[" OPTION(
		"text", "-", CHOSEN) "]}]",
	    false },
	{ "another option",
	    "[" STATUS "}," TASK
	    "}," PROMPT_OF(OPTION("words", "-", CHOSEN)) "}]",
	    false },
	{ "an option without choices",
	    "[" STATUS "}," TASK "}," PROMPT_OF(OPTION("text", "-", "")) "}]",
	    false },
	{ "an option that is not required",
	    "[" STATUS "}," TASK "}," PROMPT_OF(
		"{\"type\":3,\"name\":\"text\",\"description\":\"-\"" CHOSEN
		"}") "}]",
	    false },
	{ "nothing", "[]", false },
	{ "no list", "{}", false },
};

static void
lists_are_compared(void **state)
{
	AUTO(buf_release)
	struct buf out = { 0 };
	struct json *want, *have;
	struct err err;

	(void)state;
	buf_init(&out);
	menu_list_write(&out, &catalogue, false);
	assert_int_equal(json_parse(&want, out.data, out.size, &err), 0);
	for (size_t i = 0; i < N_OF(rows); i++) {
		if (json_parse(
			&have, rows[i].have, strlen(rows[i].have), &err) < 0)
			fail_msg("%s: %s", rows[i].name, err.text);
		if (menu_list_is_same(have, want) != rows[i].is_same)
			fail_msg("%s", rows[i].name);
		json_free(&have);
	}
	assert_false(menu_list_is_same(NULL, want));
	json_free(&want);
}

static void
what_admins_use_is_private(void **state)
{
	(void)state;
	assert_false(menu_list_is_private(&catalogue, "task"));
	assert_true(menu_list_is_private(&catalogue, "prompt"));
	assert_true(menu_list_is_private(&catalogue, "unheard-of"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_written),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(lists_are_compared),
		cmocka_unit_test(what_admins_use_is_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
