/* Updates as events: each row is an update and what is made of it. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/gateway-telegram/translate.h"

static const struct telegram_me me = { .id = 42, .username = "harbour_bot" };

#define DM "\"chat\":{\"id\":7,\"type\":\"private\"},"
#define GROUP "\"chat\":{\"id\":-5,\"type\":\"group\",\"title\":\"Piers\"},"
#define FORUM "\"chat\":{\"id\":-100,\"type\":\"supergroup\",\"title\":\"F\"},"
#define ANN                                                                    \
	"\"from\":{\"id\":7,\"is_bot\":false,\"first_name\":\"Ann\","          \
	"\"last_name\":\"Lee\",\"username\":\"ann\"},"
#define BOT "\"from\":{\"id\":9,\"is_bot\":true,\"first_name\":\"B\"},"
#define AT "\"message_id\":3,\"date\":1000,"
#define MSG(x) "{\"update_id\":1,\"message\":{" AT x "}}"
#define EDIT(x) "{\"update_id\":1,\"edited_message\":{" AT x "}}"
#define PRESS(data, message)                                                   \
	"{\"update_id\":1,\"callback_query\":{\"id\":\"q1\"," ANN              \
	"\"chat_instance\":\"1\",\"data\":\"" data "\"" message "}}"
#define OF(place) ",\"message\":{\"message_id\":3,\"date\":0," place "\"x\":1}"
#define STATUS(which, status)                                                  \
	",\"" which "_chat_member\":{\"user\":{\"id\":42},\"status\":" status  \
	"}"
#define MEMBER(place, was, is)                                                 \
	"{\"update_id\":8,\"my_chat_member\":{" place ANN                      \
	"\"date\":1000" STATUS("old", was) STATUS("new", is) "}}"
#define ENT(type, at, n)                                                       \
	"{\"type\":\"" type "\",\"offset\":" #at ",\"length\":" #n "}"
#define ENTITIES(x) "\"entities\":[" x "],"
#define GRIN "\\ud83d\\ude00"

/* chat parent space user name flags reply event text [attachment] */
static const struct {
	const char *name, *update, *want;
} rows[] = {
	{ "private", MSG(DM ANN "\"text\":\"hello\""),
	    "7|||7|Ann Lee|direct||m:3|hello" },
	{ "group", MSG(GROUP ANN "\"text\":\"hello\""),
	    "-5||-5|7|Ann Lee|||m:3|hello" },
	{ "group, addressed by mention",
	    MSG(GROUP ANN ENTITIES(
		ENT("mention", 0, 12)) "\"text\":\"@Harbour_Bot, hello\""),
	    "-5||-5|7|Ann Lee|addressed||m:3|hello" },
	{ "mention within the text stays",
	    MSG(GROUP ANN ENTITIES(
		ENT("mention", 3, 12)) "\"text\":\"hi @harbour_bot, hello\""),
	    "-5||-5|7|Ann Lee|addressed||m:3|hi @harbour_bot, hello" },
	{ "a longer name is somebody else",
	    MSG(GROUP ANN ENTITIES(
		ENT("mention", 0, 15)) "\"text\":\"@harbour_botany hello\""),
	    "-5||-5|7|Ann Lee|||m:3|@harbour_botany hello" },
	{ "a name without entity is none",
	    MSG(GROUP ANN "\"text\":\"@harbour_bot hello\""),
	    "-5||-5|7|Ann Lee|||m:3|@harbour_bot hello" },
	{ "mention by id",
	    MSG(GROUP ANN "\"entities\":[{\"type\":\"text_mention\","
			  "\"offset\":0,\"length\":3,\"user\":{\"id\":42}}],"
			  "\"text\":\"Bot hello\""),
	    "-5||-5|7|Ann Lee|addressed||m:3|hello" },
	{ "mention by another's id",
	    MSG(GROUP ANN "\"entities\":[{\"type\":\"text_mention\","
			  "\"offset\":0,\"length\":3,\"user\":{\"id\":43}}],"
			  "\"text\":\"Bob hello\""),
	    "-5||-5|7|Ann Lee|||m:3|Bob hello" },
	{ "command that names us",
	    MSG(GROUP ANN ENTITIES(
		ENT("bot_command", 0, 17)) "\"text\":\"/help@harbour_bot x\""),
	    "-5||-5|7|Ann Lee|addressed||m:3|/help x" },
	{ "command that names another",
	    MSG(GROUP ANN ENTITIES(
		ENT("bot_command", 0, 11)) "\"text\":\"/help@other x\""),
	    "-5||-5|7|Ann Lee|||m:3|/help@other x" },
	{ "reply to us",
	    MSG(GROUP ANN "\"reply_to_message\":{\"message_id\":2,"
			  "\"from\":{\"id\":42}},\"text\":\"yes\""),
	    "-5||-5|7|Ann Lee|addressed|2|m:3|yes" },
	{ "reply to another",
	    MSG(GROUP ANN "\"reply_to_message\":{\"message_id\":2,"
			  "\"from\":{\"id\":8}},\"text\":\"yes\""),
	    "-5||-5|7|Ann Lee||2|m:3|yes" },
	{ "reply to us with a command for another",
	    MSG(GROUP ANN ENTITIES(
		ENT("bot_command", 0, 11)) "\"reply_to_message\":{\"message_"
					   "id\":2,\"from\":{\"id\":42}},"
					   "\"text\":\"/help@other\""),
	    "-5||-5|7|Ann Lee||2|m:3|/help@other" },

	{ "topic",
	    MSG(FORUM ANN
		"\"is_topic_message\":true,\"message_thread_id\":6,"
		"\"reply_to_message\":{\"message_id\":6,\"from\":{\"id\":42},"
		"\"forum_topic_created\":{\"name\":\"Tides\"}},"
		"\"text\":\"hi\""),
	    "-100.6|-100|-100|7|Ann Lee|||m:3|hi" },
	{ "reply within a topic",
	    MSG(FORUM ANN
		"\"is_topic_message\":true,\"message_thread_id\":6,"
		"\"reply_to_message\":{\"message_id\":2,\"from\":{\"id\":42}},"
		"\"text\":\"hi\""),
	    "-100.6|-100|-100|7|Ann Lee|addressed|2|m:3|hi" },
	{ "a thread of replies is no topic",
	    MSG(FORUM ANN "\"message_thread_id\":2,\"text\":\"hi\""),
	    "-100||-100|7|Ann Lee|||m:3|hi" },

	{ "bot", MSG(GROUP BOT "\"text\":\"hi\""), "nothing: from a bot" },
	{ "nobody", MSG(GROUP "\"text\":\"hi\""), "nothing: from a bot" },
	{ "anonymous admin",
	    MSG(GROUP "\"from\":{\"id\":1087968824,\"is_bot\":true},"
		      "\"sender_chat\":{\"id\":-5,\"title\":\"Piers\"},"
		      "\"text\":\"/approve\""),
	    "-5||-5|-5|Piers|||m:3|/approve" },
	{ "linked channel",
	    MSG(FORUM "\"from\":{\"id\":777000,\"is_bot\":false},"
		      "\"sender_chat\":{\"id\":-200,\"title\":\"News\"},"
		      "\"is_automatic_forward\":true,\"text\":\"post\""),
	    "-100||-100|-200|News|||m:3|post" },
	{ "a person's id is not taken from sender_chat",
	    MSG(GROUP ANN "\"sender_chat\":{\"id\":-200,\"title\":\"News\"},"
			  "\"text\":\"x\""),
	    "-5||-5|7|Ann Lee|||m:3|x" },

	{ "edit", EDIT(DM ANN "\"edit_date\":1005,\"text\":\"/help\""),
	    "7|||7|Ann Lee|direct,edit||e:3:1005|/help" },
	{ "edit without its time", EDIT(DM ANN "\"text\":\"/help\""),
	    "nothing: an edit without its time" },
	{ "forwarded",
	    MSG(DM ANN "\"forward_origin\":{\"type\":\"user\","
		       "\"sender_user\":{\"first_name\":\"Eve\"}},"
		       "\"text\":\"/approve x\\nnow\""),
	    "7|||7|Ann Lee|direct||m:3|[forwarded from Eve]\n> /approve x\n"
	    "> now" },
	{ "forwarded from who hides",
	    MSG(DM ANN "\"forward_origin\":{\"type\":\"hidden_user\","
		       "\"sender_user_name\":\"E\"},\"text\":\"x\""),
	    "7|||7|Ann Lee|direct||m:3|[forwarded from E]\n> x" },
	{ "picked from what a bot offers",
	    MSG(DM ANN "\"via_bot\":{\"id\":9,\"is_bot\":true,"
		       "\"first_name\":\"Cats\"},\"text\":\"/approve x\""),
	    "7|||7|Ann Lee|direct||m:3|[written by the bot Cats]\n"
	    "> /approve x" },
	{ "a caption that a bot offers",
	    MSG(DM ANN "\"via_bot\":{\"username\":\"cats_bot\"},"
		       "\"photo\":[],\"caption\":\"/approve x\""),
	    "7|||7|Ann Lee|direct||m:3|[written by the bot cats_bot]\n"
	    "> /approve x [photo  0]" },

	{ "code is no command",
	    MSG(DM ANN ENTITIES(ENT("code", 0, 8)) "\"text\":\"/approve\""),
	    "7|||7|Ann Lee|direct||m:3|`/approve`" },
	{ "code with a tick",
	    MSG(DM ANN ENTITIES(ENT("code", 0, 3)) "\"text\":\"a`b\""),
	    "7|||7|Ann Lee|direct||m:3|`` a`b ``" },
	{ "block",
	    MSG(DM ANN "\"entities\":[{\"type\":\"pre\",\"offset\":2,"
		       "\"length\":4,\"language\":\"c\"}],"
		       "\"text\":\"a int; b\""),
	    "7|||7|Ann Lee|direct||m:3|a \n```c\nint;\n```\n b" },
	{ "quote with code",
	    MSG(DM ANN ENTITIES(ENT("blockquote", 0, 5) "," ENT(
		"code", 2, 3)) "\"text\":\"a\\nb c\\nd\""),
	    "7|||7|Ann Lee|direct||m:3|> a\n> `b c`\nd" },
	{ "link shows where it leads",
	    MSG(DM ANN "\"entities\":[{\"type\":\"text_link\",\"offset\":0,"
		       "\"length\":4,\"url\":\"http://a.b\"}],"
		       "\"text\":\"here ok\""),
	    "7|||7|Ann Lee|direct||m:3|here (http://a.b) ok" },
	{ "entities count in UTF-16",
	    MSG(DM ANN ENTITIES(ENT("code", 3, 1)) "\"text\":\"" GRIN " x\""),
	    "7|||7|Ann Lee|direct||m:3|\xf0\x9f\x98\x80 `x`" },
	{ "entities out of place",
	    MSG(DM ANN ENTITIES(
		ENT("code", 90, 1) "," ENT("code", -1, 9) "," ENT(
		    "code", 0, -1) "," ENT("pre", 1, 0)) "\"text\":\"x\""),
	    "7|||7|Ann Lee|direct||m:3|x" },

	{ "caption",
	    MSG(GROUP ANN "\"caption_entities\":[" ENT(
		"mention", 0, 12) "],"
				  "\"caption\":\"@harbour_bot see\","
				  "\"photo\":[{\"file_id\":\"p\"}]"),
	    "-5||-5|7|Ann Lee|addressed||m:3|see [photo  0]" },
	{ "document alone",
	    MSG(DM ANN "\"document\":{\"file_name\":\"a.md\","
		       "\"mime_type\":\"text/markdown\",\"file_size\":9}"),
	    "7|||7|Ann Lee|direct||m:3| [a.md text/markdown 9]" },
	{ "voice", MSG(DM ANN "\"voice\":{\"file_size\":9}"),
	    "7|||7|Ann Lee|direct||m:3| [voice message  9]" },
	{ "service message", MSG(GROUP ANN "\"new_chat_title\":\"x\""),
	    "nothing: a service message" },
	{ "name of one word and a line end",
	    MSG(DM "\"from\":{\"id\":7,\"first_name\":\"A\\nB\"},"
		   "\"text\":\"x\""),
	    "7|||7|A B|direct||m:3|x" },
	{ "no name but a user name",
	    MSG(DM "\"from\":{\"id\":7,\"username\":\"ann\"},"
		   "\"text\":\"x\""),
	    "7|||7|ann|direct||m:3|x" },

	{ "a Markdown document is to be fetched",
	    MSG(DM ANN "\"document\":{\"file_id\":\"f1\",\"file_name\":"
		       "\"a.md\",\"file_size\":2097152}"),
	    "7|||7|Ann Lee|direct||m:3| [a.md  2097152] fetch f1" },
	{ "by its type",
	    MSG(DM ANN "\"document\":{\"file_id\":\"f1\",\"file_name\":"
		       "\"a\",\"mime_type\":\"text/markdown\"}"),
	    "7|||7|Ann Lee|direct||m:3| [a text/markdown 0] fetch f1" },
	{ "whose size makes no sense",
	    MSG(DM ANN "\"document\":{\"file_id\":\"f1\",\"file_name\":"
		       "\"a.md\",\"file_size\":-3}"),
	    "7|||7|Ann Lee|direct||m:3| [a.md  0] fetch f1" },
	{ "one that is too large is not",
	    MSG(DM ANN "\"document\":{\"file_id\":\"f1\",\"file_name\":"
		       "\"a.md\",\"file_size\":2097153}"),
	    "7|||7|Ann Lee|direct||m:3| [a.md  2097153]" },
	{ "nor one of another kind",
	    MSG(DM ANN "\"document\":{\"file_id\":\"f1\",\"file_name\":"
		       "\"a.md.pdf\"}"),
	    "7|||7|Ann Lee|direct||m:3| [a.md.pdf  0]" },
	{ "nor that of an edit",
	    EDIT(DM ANN "\"edit_date\":2000,\"document\":{\"file_id\":"
			"\"f1\",\"file_name\":\"a.md\"}"),
	    "7|||7|Ann Lee|direct,edit||e:3:2000| [a.md  0]" },

	{ "a button", PRESS("a:act_1", OF(GROUP)),
	    "press -5 c:q1 of 3 by 7 Ann Lee: approve act_1, answers q1" },
	{ "the other, in a topic",
	    PRESS("d:act_1", OF(FORUM "\"is_topic_message\":true,"
				      "\"message_thread_id\":7,")),
	    "press -100.7 c:q1 of 3 by 7 Ann Lee: deny act_1, answers q1" },
	{ "a button of another verb", PRESS("x:act_1", OF(GROUP)),
	    "nothing: a button that is not ours, answers q1" },
	{ "a button of nothing", PRESS("a:", OF(GROUP)),
	    "nothing: a button that is not ours, answers q1" },
	{ "a button with a space", PRESS("a:act 1", OF(GROUP)),
	    "nothing: a button that is not ours, answers q1" },
	{ "a button of an inline message", PRESS("a:act_1", ""),
	    "nothing: a button that is not ours, answers q1" },
	{ "a button of a message that is nowhere",
	    PRESS("a:act_1", OF("\"chat\":{},")), "error, answers q1" },
	{ "a press without its id", "{\"callback_query\":{\"data\":\"a:1\"}}",
	    "error" },

	{ "added", MEMBER(GROUP, "\"left\"", "\"member\""),
	    "added s:8 -5 Piers -5 by 7 Ann Lee at 1000000" },
	{ "made an administrator at once",
	    MEMBER(GROUP, "\"kicked\"", "\"administrator\""),
	    "added s:8 -5 Piers -5 by 7 Ann Lee at 1000000" },
	{ "thrown out",
	    MEMBER(GROUP, "\"restricted\",\"is_member\":true", "\"kicked\""),
	    "removed s:8 -5 Piers -5 by 7 Ann Lee at 1000000" },
	{ "restricted, and not there any more",
	    MEMBER(GROUP, "\"member\"", "\"restricted\",\"is_member\":false"),
	    "removed s:8 -5 Piers -5 by 7 Ann Lee at 1000000" },
	{ "blocked", MEMBER(DM, "\"member\"", "\"kicked\""),
	    "removed s:8 7 Ann Lee 7 by 7 Ann Lee at 1000000 direct" },
	{ "a channel is not greeted",
	    MEMBER("\"chat\":{\"id\":-9,\"type\":\"channel\","
		   "\"title\":\"C\"},",
		"\"left\"", "\"administrator\""),
	    "added s:8 -9 C  by 7 Ann Lee at 1000000" },
	{ "other rights", MEMBER(GROUP, "\"member\"", "\"administrator\""),
	    "nothing: other rights, in the same place" },
	{ "a change without a chat", MEMBER("", "\"left\"", "\"member\""),
	    "error" },
	{ "moved, says the old chat",
	    MSG(GROUP ANN "\"migrate_to_chat_id\":-1005"),
	    "moved s:moved:-5:-1005 -5  -1005 by   at 1000000" },
	{ "moved, says the new one",
	    MSG("\"chat\":{\"id\":-1005,\"type\":\"supergroup\"},"
		"\"migrate_from_chat_id\":-5"),
	    "moved s:moved:-5:-1005 -5  -1005 by   at 1000000" },

	{ "another kind", "{\"update_id\":1,\"poll\":{}}",
	    "nothing: of a kind that was not asked for" },
	{ "no chat", MSG(ANN "\"text\":\"x\""), "error" },
	{ "no id", "{\"update_id\":1,\"message\":{" DM ANN "\"text\":\"x\"}}",
	    "error" },
	{ "types are wrong",
	    "{\"update_id\":1,\"message\":{\"message_id\":\"3\",\"chat\":7}}",
	    "error" },
	{ "no object", "{\"update_id\":1,\"message\":7}", "error" },
};

static const char *
text(const char *value)
{
	return value ? value : "";
}

static void
show_message(struct buf *out, const struct message_inbound *m)
{
	buf_addf(out, "%s|%s|%s|%s|%s|", m->chat_id, text(m->parent_chat_id),
	    text(m->space_id), m->user_id, m->user_name);
	buf_addf(out, "%s%s%s|%s|%s|%s", m->is_direct ? "direct" : "",
	    m->is_addressed ? "addressed" : "", m->is_edit ? ",edit" : "",
	    text(m->reply_to_id), m->event_id, m->text);
	for (size_t i = 0; i < m->n_attachments; i++)
		buf_addf(out, " [%s %s %d]", m->attachments[i].name,
		    m->attachments[i].media_type,
		    (int)m->attachments[i].size_bytes);
}

static void
show_member(struct buf *out, const struct membership_changed *m)
{
	buf_addf(out, "%s %s %s %s %s by %s %s at %d%s", m->change, m->event_id,
	    m->space_id, text(m->space_name), m->chat_id, text(m->user_id),
	    text(m->user_name), (int)m->changed_unix_ms,
	    m->is_direct ? " direct" : "");
}

static void
show(struct buf *out, const struct telegram_update *u)
{
	switch (u->event) {
	case TELEGRAM_NOTHING:
	case TELEGRAM_EVENT_COUNT:
		buf_addf(out, "nothing: %s", u->why);
		break;
	case TELEGRAM_MESSAGE:
		assert_string_equal(u->chat_id, u->message.chat_id);
		show_message(out, &u->message);
		if (*u->file_id)
			buf_addf(out, " fetch %s", u->file_id);
		break;
	case TELEGRAM_PRESS:
		assert_string_equal(u->chat_id, u->press.chat_id);
		buf_addf(out, "press %s %s of %s by %s %s: %s %s",
		    u->press.chat_id, u->press.event_id, u->press.message_id,
		    u->press.user_id, u->press.user_name, u->press.verb,
		    u->press.action_id);
		break;
	case TELEGRAM_MEMBER:
		show_member(out, &u->member);
		break;
	}
}
static void
each_update_is_read_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct arena *arena = arena_new(1 << 20);
		struct telegram_update update;
		struct json *json;
		struct buf got;
		struct err err;

		buf_init(&got);
		if (json_parse(&json, rows[i].update, strlen(rows[i].update),
			&err) < 0)
			fail_msg("%s: %s", rows[i].name, err.text);
		if (telegram_translate(&update, json, &me, arena, &err) < 0)
			buf_adds(&got, "error");
		else
			show(&got, &update);
		if (*update.query_id)
			buf_addf(&got, ", answers %s", update.query_id);
		if (strcmp(got.data, rows[i].want) != 0)
			fail_msg("%s:\n%s\nwanted:\n%s", rows[i].name, got.data,
			    rows[i].want);
		json_free(&json);
		buf_release(&got);
		arena_free(&arena);
	}
}

static const struct {
	const char *id;
	int rc;
	int64_t chat, thread;
} chats[] = {
	{ "7", 0, 7, 0 },
	{ "-100.6", 0, -100, 6 },
	{ "-100", 0, -100, 0 },
	{ "", -1, 0, 0 },
	{ "x", -1, 0, 0 },
	{ "0", -1, 0, 0 },
	{ "-100.", -1, 0, 0 },
	{ "-100.0", -1, 0, 0 },
	{ "-100.6x", -1, 0, 0 },
	{ "-100.-6", -1, 0, 0 },
	{ "c1", -1, 0, 0 },
};

static void
chats_are_found_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(chats); i++) {
		int64_t chat, thread;

		assert_int_equal(
		    telegram_chat_parse(chats[i].id, &chat, &thread),
		    chats[i].rc);
		if (chats[i].rc == 0) {
			assert_int_equal(chat, chats[i].chat);
			assert_int_equal(thread, chats[i].thread);
		}
	}
}

static const struct {
	const char *body;
	int64_t id;
} bodies[] = {
	{ "{\"ok\":true,\"result\":[{\"update_id\":1001,\"m", 1001 },
	{ "{\"result\":[{\"update_id\": 7,\"x\":\"\\\"update_id\\\":9\"", 7 },
	{ "{\"x\":\"\\\"update_id\\\":9\"}", 0 },
	{ "{\"update_id\":-5}", 0 },
	{ "{\"update_id\":99999999999999999999}", 0 },
	{ "", 0 },
};

static void
what_cannot_be_read_has_a_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(bodies); i++)
		assert_int_equal(
		    telegram_first_update(bodies[i].body), bodies[i].id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_update_is_read_so),
		cmocka_unit_test(what_cannot_be_read_has_a_number),
		cmocka_unit_test(chats_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
