/* Discord's events as the engine takes them. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/action.h"
#include "proto/command.h"
#include "proto/message.h"
#include "services/gateway-discord/translate.h"

#define ID "1500000000000000001"
#define WHO "\"author\":{\"id\":\"42\",\"username\":\"ada\"}"
#define BASE "\"id\":\"" ID "\",\"channel_id\":\"7\""
#define GUILD BASE ",\"guild_id\":\"8\""
#define DM "{" BASE ",\"content\":\"hi\"," WHO
#define IN_GUILD "{" GUILD "," WHO ",\"content\":\"hi\""
#define EDITED "\"edited_timestamp\":\"2026-11-26T10:42:32.586000+00:00\""

enum { DIRECT = 1, ADDRESSED = 2, EDIT = 4, UPDATE = 8 };

/* How: UPDATE is the question, the others the answer; text NULL: nothing. */
static const struct {
	const char *name, *event;
	int how;
	const char *text;
} rows[] = {
	{ "a direct message", DM "}", DIRECT | ADDRESSED, "hi" },
	{ "of a group of people", DM ",\"channel_type\":3}", 0, NULL },
	{ "in a guild", IN_GUILD "}", 0, "hi" },
	{ "a mention", IN_GUILD ",\"mentions\":[{\"id\":\"1\"}]}", ADDRESSED,
	    "hi" },
	{ "a mention of another", IN_GUILD ",\"mentions\":[{\"id\":\"2\"}]}", 0,
	    "hi" },
	{ "a mention of our role", IN_GUILD ",\"mention_roles\":[\"9\"]}",
	    ADDRESSED, "hi" },
	{ "a reply to us",
	    IN_GUILD ",\"type\":19,\"referenced_message\":"
		     "{\"author\":{\"id\":\"1\"}}}",
	    ADDRESSED, "hi" },
	{ "a reply to another",
	    IN_GUILD ",\"type\":19,\"referenced_message\":"
		     "{\"author\":{\"id\":\"2\"}}}",
	    0, "hi" },
	{ "a reply to what is gone",
	    IN_GUILD ",\"type\":19,\"referenced_message\":null}", 0, "hi" },
	{ "a bot's",
	    "{" BASE ",\"content\":\"hi\",\"author\":{\"id\":\"3\","
	    "\"bot\":true}}",
	    0, NULL },
	{ "a webhook's", DM ",\"webhook_id\":\"5\"}", 0, NULL },
	{ "Discord's own", DM ",\"type\":7}", 0, NULL },
	{ "nobody's", "{" BASE ",\"content\":\"hi\"}", 0, NULL },
	{ "without a channel", "{\"id\":\"" ID "\",\"content\":\"hi\"," WHO "}",
	    0, NULL },
	{ "an id that is none",
	    "{\"id\":\"x\",\"channel_id\":\"7\",\"content\":\"hi\"," WHO "}", 0,
	    NULL },
	{ "empty", "{" BASE ",\"content\":\"\"," WHO "}", 0, NULL },
	{ "a file alone",
	    "{" BASE ",\"content\":\"\"," WHO
	    ",\"attachments\":[{\"filename\":\"a.md\",\"size\":3}]}",
	    DIRECT | ADDRESSED, "" },
	{ "a sticker",
	    "{" BASE ",\"content\":\"\"," WHO
	    ",\"sticker_items\":[{\"name\":\"Wave\"}]}",
	    DIRECT | ADDRESSED, "[sticker] Wave" },
	{ "a forwarded command is a quote",
	    "{" BASE ",\"content\":\"\"," WHO
	    ",\"message_reference\":{\"type\":1,\"message_id\":\"6\"},"
	    "\"message_snapshots\":[{\"message\":{\"content\":"
	    "\"/task x\\ny\"}}]}",
	    DIRECT | ADDRESSED, "[forwarded]\n> /task x\n> y" },
	{ "an edit", DM "," EDITED "}", UPDATE | DIRECT | ADDRESSED | EDIT,
	    "hi" },
	{ "an update that is no edit", DM ",\"edited_timestamp\":null}", UPDATE,
	    NULL },
	{ "an edited message that is told as new", DM "," EDITED "}",
	    DIRECT | ADDRESSED, "hi" },
};

static struct json *
parse(const char *text)
{
	struct json *json;
	struct err err;

	if (json_parse(&json, text, strlen(text), &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return json;
}

static const struct translate_self self = { "1", "9" };

static void
messages_are_told_by_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1024 * 1024);
		struct json *event = parse(rows[i].event);
		struct message_inbound got;
		bool is_told = translate_message(
		    &got, event, rows[i].how & UPDATE, &self, arena);

		if (is_told != (rows[i].text != NULL))
			fail_msg("%s: told %d", rows[i].name, is_told);
		if (is_told &&
		    (strcmp(got.text, rows[i].text) != 0 ||
			got.is_direct != !!(rows[i].how & DIRECT) ||
			got.is_addressed != !!(rows[i].how & ADDRESSED) ||
			got.is_edit != !!(rows[i].how & EDIT)))
			fail_msg("%s: \"%s\" %d %d %d", rows[i].name, got.text,
			    got.is_direct, got.is_addressed, got.is_edit);
		json_free(&event);
	}
}

static void
a_message_has_all_that_is_known(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1024 * 1024);
	struct json *event =
	    parse("{" GUILD ",\"content\":\"hi\",\"author\":{\"id\":\"42\","
		  "\"username\":\"ada\",\"global_name\":\"Ada\"},"
		  "\"member\":{\"nick\":\"Ada\\nL.\"},"
		  "\"message_reference\":{\"message_id\":\"6\"},"
		  "\"attachments\":[{\"filename\":\"a.md\",\"size\":3,"
		  "\"content_type\":\"text/markdown\"}]," EDITED "}");
	struct message_inbound got;

	(void)state;
	assert_true(translate_message(&got, event, true, &self, arena));
	assert_string_equal(got.event_id, "e:" ID ":1795689752586");
	assert_int_equal(got.sent_unix_ms, 1795689752586);
	assert_string_equal(got.message_id, ID);
	assert_string_equal(got.chat_id, "7");
	assert_string_equal(got.space_id, "8");
	assert_string_equal(got.reply_to_id, "6");
	assert_string_equal(got.user_id, "42");
	assert_string_equal(got.user_name, "Ada L.");
	assert_int_equal(got.n_attachments, 1);
	assert_string_equal(got.attachments[0].name, "a.md");
	assert_string_equal(got.attachments[0].media_type, "text/markdown");
	assert_int_equal(got.attachments[0].size_bytes, 3);
	assert_true(translate_message(&got, event, false, &self, arena));
	assert_string_equal(got.event_id, "m:" ID);
	assert_int_equal(got.sent_unix_ms, translate_snowflake_ms(ID));
	json_free(&event);
}

#define COMMAND                                                                \
	"{\"id\":\"" ID "\",\"channel_id\":\"7\",\"token\":\"t\",\"type\":2"

static const struct {
	const char *name, *event, *text, *user;
} commands[] = {
	{ "alone",
	    COMMAND ",\"guild_id\":\"8\",\"member\":{\"user\":{\"id\":\"42\"}},"
		    "\"data\":{\"name\":\"status\",\"type\":1}}",
	    "/status", "42" },
	{ "with values, direct",
	    COMMAND ",\"user\":{\"id\":\"43\"},\"data\":{\"name\":\"task\","
		    "\"options\":[{\"name\":\"a\",\"value\":\"dig a hole\"},"
		    "{\"name\":\"b\",\"value\":3},"
		    "{\"name\":\"c\",\"value\":true}]}}",
	    "/task dig a hole 3 true", "43" },
	{ "a button", "{\"id\":\"" ID "\",\"channel_id\":\"7\",\"type\":3}",
	    NULL, "" },
	{ "a menu of a message",
	    COMMAND ",\"user\":{\"id\":\"43\"},\"data\":{\"name\":\"x\","
		    "\"type\":3}}",
	    NULL, "" },
	{ "nobody's", COMMAND ",\"data\":{\"name\":\"status\"}}", NULL, "" },
};

static void
commands_become_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(commands); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1024 * 1024);
		struct json *event = parse(commands[i].event);
		struct message_inbound got;
		bool is_told = translate_command(&got, event, arena);

		if (is_told != (commands[i].text != NULL))
			fail_msg("%s: told %d", commands[i].name, is_told);
		if (is_told) {
			assert_string_equal(got.text, commands[i].text);
			assert_string_equal(got.user_id, commands[i].user);
			assert_string_equal(got.event_id, "c:" ID);
			assert_true(got.is_addressed);
			assert_int_equal(got.is_direct, !*got.space_id);
		}
		json_free(&event);
	}
}

#define BUTTON(name)                                                           \
	"{\"id\":\"" ID "\",\"channel_id\":\"7\",\"token\":\"t\",\"type\":3,"  \
	"\"message\":{\"id\":\"6\"},\"user\":{\"id\":\"42\"},"                 \
	"\"data\":{\"custom_id\":\"" name "\"}}"

static const struct {
	const char *name, *event, *verb, *action;
} buttons[] = {
	{ "approve", BUTTON("a:act_1"), "approve", "act_1" },
	{ "deny", BUTTON("d:act_1"), "deny", "act_1" },
	{ "another verb", BUTTON("x:act_1"), NULL, "" },
	{ "no action", BUTTON("a:"), NULL, "" },
	{ "no colon", BUTTON("approve"), NULL, "" },
	{ "no name", BUTTON(""), NULL, "" },
	{ "a command", COMMAND "}", NULL, "" },
	{ "nobody's",
	    "{\"id\":\"" ID "\",\"channel_id\":\"7\",\"type\":3,"
	    "\"message\":{\"id\":\"6\"},\"data\":{\"custom_id\":\"a:x\"}}",
	    NULL, "" },
};

static void
presses_name_action_and_verb(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(buttons); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1024 * 1024);
		struct json *event = parse(buttons[i].event);
		struct button_pressed got;
		bool is_told = translate_button(&got, event, arena);

		if (is_told != (buttons[i].verb != NULL))
			fail_msg("%s: told %d", buttons[i].name, is_told);
		if (is_told) {
			assert_string_equal(got.verb, buttons[i].verb);
			assert_string_equal(got.action_id, buttons[i].action);
			assert_string_equal(got.event_id, "c:" ID);
			assert_string_equal(got.chat_id, "7");
			assert_string_equal(got.message_id, "6");
			assert_string_equal(got.user_id, "42");
		}
		json_free(&event);
	}
}

#define TYPING(type, options)                                                  \
	"{\"type\":" type ",\"id\":\"" ID "\",\"channel_id\":\"7\","           \
	"\"user\":{\"id\":\"42\"},\"data\":{\"name\":\"cancel\","              \
	"\"options\":[" options "]}}"

static const struct {
	const char *name, *event, *typed; /* NULL: nothing is asked */
} typings[] = {
	{ "an option", TYPING("4", "{\"value\":\"3f\",\"focused\":true}"),
	    "3f" },
	{ "nothing yet", TYPING("4", "{\"value\":\"\",\"focused\":true}"), "" },
	{ "the one under the cursor",
	    TYPING("4", "{\"value\":\"x\"},{\"value\":\"y\",\"focused\":true}"),
	    "y" },
	{ "none under the cursor", TYPING("4", "{\"value\":\"x\"}"), NULL },
	{ "no options", TYPING("4", ""), NULL },
	{ "a command", TYPING("2", "{\"value\":\"3f\",\"focused\":true}"),
	    NULL },
	{ "of nobody",
	    "{\"type\":4,\"channel_id\":\"7\",\"data\":{\"name\":\"cancel\","
	    "\"options\":[{\"value\":\"x\",\"focused\":true}]}}",
	    NULL },
};

static void
what_is_typed_is_asked_about(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(typings); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(4096);
		struct command_complete got;
		struct json *event = parse(typings[i].event);
		bool is_told = translate_typing(&got, event, arena);

		if (is_told != (typings[i].typed != NULL))
			fail_msg("%s: told %d", typings[i].name, is_told);
		if (is_told) {
			assert_string_equal(got.typed, typings[i].typed);
			assert_string_equal(got.command, "cancel");
			assert_string_equal(got.chat_id, "7");
			assert_string_equal(got.user_id, "42");
		}
		json_free(&event);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_told_by_rule),
		cmocka_unit_test(a_message_has_all_that_is_known),
		cmocka_unit_test(commands_become_lines),
		cmocka_unit_test(presses_name_action_and_verb),
		cmocka_unit_test(what_is_typed_is_asked_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
