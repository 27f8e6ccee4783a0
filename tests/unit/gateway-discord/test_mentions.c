/* Discord's marks for people to read. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/gateway-discord/mentions.h"
#include "services/gateway-discord/translate.h"

static const char people[] =
    "[{\"id\":\"42\",\"username\":\"ada\",\"global_name\":\"Ada\"},"
    "{\"id\":\"43\",\"username\":\"bob\"},"
    "{\"id\":\"44\",\"username\":\"c\",\"member\":{\"nick\":\"Cy\"}},"
    "{\"id\":\"1\",\"username\":\"agent\"}]";

static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "nothing", "good morning", "good morning" },
	{ "empty", "", "" },
	{ "a name", "ask <@42> please", "ask @Ada please" },
	{ "with an old mark", "<@!43>?", "@bob?" },
	{ "a nickname", "<@44>", "@Cy" },
	{ "two in a row", "<@42><@43>", "@Ada@bob" },
	{ "somebody unknown", "<@99> hi", "<@99> hi" },
	{ "us at the beginning", "<@1> /status", "/status" },
	{ "us, with spaces", "  <@!1>\n /status", "/status" },
	{ "us twice", "<@1> <@1> hi", "hi" },
	{ "our role at the beginning", "<@&7> hi", "hi" },
	{ "another role", "<@&8> hi", "<@&8> hi" },
	{ "us alone", "<@1>", "" },
	{ "us in the middle", "thanks, <@1>!", "thanks, @agent!" },
	{ "an emoji", "hi <:wave:123>", "hi :wave:" },
	{ "a moving emoji", "<a:spin:1>", ":spin:" },
	{ "a command", "use </task:5>", "use /task" },
	{ "a channel stays", "see <#12>", "see <#12>" },
	{ "a time stays", "<t:1700000000:R>", "<t:1700000000:R>" },
	{ "not closed", "<@42", "<@42" },
	{ "no digits", "<@x> <@>", "<@x> <@>" },
	{ "comparisons", "a < b <: c", "a < b <: c" },
	{ "an emoji without a number", "<:wave:>", "<:wave:>" },
	{ "a number that is far too long", "<@0000000000000000000000042>",
	    "<@0000000000000000000000042>" },
};

static void
marks_are_named(void **state)
{
	const struct translate_self self = { "1", "7" };
	struct json *mentions;
	struct err err;
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	assert_int_equal(
	    json_parse(&mentions, people, strlen(people), &err), 0);
	for (size_t i = 0; i < N_OF(rows); i++) {
		buf_reset(&out);
		mentions_name(&out, rows[i].text, mentions, &self);
		if (strcmp(out.data, rows[i].want) != 0)
			fail_msg("%s: \"%s\"", rows[i].name, out.data);
	}
	json_free(&mentions);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
