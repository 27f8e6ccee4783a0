/* What an update of Telegram says. */

#include "services/gateway-telegram/translate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "proto/bounds.h"
#include "proto/attachment.h"
#include "services/gateway-telegram/entities.h"
#include "services/gateway-telegram/translate_parts.h"

enum {
	/* Accounts of Telegram itself: what they say has a sender_chat. */
	ID_CHANNEL = 777000,
	ID_ANONYMOUS_ADMIN = 1087968824,
	ID_SPEAKS_AS_CHANNEL = 136817688,
};

int64_t
telegram_int_of(const struct json *object, const char *key)
{
	return json_int(json_get(object, key), 0);
}

const char *
telegram_str_of(const struct json *object, const char *key)
{
	return json_str(json_get(object, key), "");
}

bool
telegram_is_time(int64_t unix_s)
{
	return unix_s > 0 && unix_s < BOUND_UNIX;
}

const char *
telegram_id_text(int64_t id, struct arena *arena)
{
	return arena_printf(arena, "%" PRId64, id);
}

const char *
telegram_name_text(const char *text, struct arena *arena)
{
	size_t size = utf8_cut(text, strlen(text), BOUND_NAME);
	char *name = arena_strndup(arena, text, size);

	for (char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return name;
}

const char *
telegram_person_name(const struct json *user, struct arena *arena)
{
	const char *first = telegram_str_of(user, "first_name");
	const char *last = telegram_str_of(user, "last_name");

	if (!*first && !*last)
		return telegram_name_text(
		    telegram_str_of(user, "username"), arena);
	return telegram_name_text(arena_printf(arena, "%s%s%s", first,
				      *first && *last ? " " : "", last),
	    arena);
}

int
telegram_nothing(struct telegram_update *out, const char *why)
{
	out->event = TELEGRAM_NOTHING;
	out->why = why;
	return 0;
}

static bool
speaks_for_chat(int64_t user_id)
{
	return user_id == ID_CHANNEL || user_id == ID_ANONYMOUS_ADMIN ||
	       user_id == ID_SPEAKS_AS_CHANNEL;
}

/* False: a bot, or nobody. */
static bool
read_sender(
    struct message_inbound *in, const struct json *message, struct arena *arena)
{
	const struct json *from = json_get(message, "from");
	const struct json *chat = json_get(message, "sender_chat");
	int64_t id = telegram_int_of(from, "id");

	/* sender_chat alone could be set for a person who posts as a channel;
	 * they chose to be that channel. */
	if (chat && (!from || speaks_for_chat(id))) {
		in->user_id =
		    telegram_id_text(telegram_int_of(chat, "id"), arena);
		in->user_name =
		    telegram_name_text(telegram_str_of(chat, "title"), arena);
		return true;
	}
	if (id <= 0 || json_bool(json_get(from, "is_bot"), false))
		return false;
	in->user_id = telegram_id_text(id, arena);
	in->user_name = telegram_person_name(from, arena);
	return true;
}

/* In a topic each message answers the one that opened it: that is no reply. */
static const struct json *
real_reply(const struct json *message)
{
	const struct json *reply = json_get(message, "reply_to_message");

	if (json_get(reply, "forum_topic_created") ||
	    (json_bool(json_get(message, "is_topic_message"), false) &&
		telegram_int_of(reply, "message_id") ==
		    telegram_int_of(message, "message_thread_id")))
		return NULL;
	return reply;
}

static const char *
topic_name(const struct json *message)
{
	return telegram_str_of(json_get(json_get(message, "reply_to_message"),
				   "forum_topic_created"),
	    "name");
}

int
telegram_read_place(struct message_inbound *in, const struct json *message,
    struct arena *arena, struct err *err)
{
	const struct json *chat = json_get(message, "chat");
	int64_t id = telegram_int_of(chat, "id");
	int64_t thread = telegram_int_of(message, "message_thread_id");
	const char *title =
	    telegram_name_text(telegram_str_of(chat, "title"), arena);
	const char *topic = topic_name(message);

	if (id == 0)
		return err_set(err, ERR_INVALID, "a message without a chat");
	in->chat_id = telegram_id_text(id, arena);
	in->is_direct = strcmp(telegram_str_of(chat, "type"), "private") == 0;
	if (in->is_direct)
		return 0;
	in->space_id = in->chat_id;
	in->space_name = in->chat_name = title;
	/* Other groups number their threads of replies as well. */
	if (!json_bool(json_get(message, "is_topic_message"), false) ||
	    thread <= 0)
		return 0;
	in->parent_chat_id = in->chat_id;
	in->chat_id = arena_printf(arena, "%" PRId64 ".%" PRId64, id, thread);
	in->chat_name = "";
	if (*topic)
		in->chat_name = telegram_name_text(
		    arena_printf(arena, "%s / %s", title, topic), arena);
	return 0;
}

static const char *
forwarded_from(const struct json *message, struct arena *arena)
{
	const struct json *origin = json_get(message, "forward_origin");
	const char *name = telegram_str_of(origin, "sender_user_name");
	static const char *const chats[] = { "sender_chat", "chat" };

	if (json_get(origin, "sender_user"))
		return telegram_person_name(
		    json_get(origin, "sender_user"), arena);
	for (size_t i = 0; !*name && i < N_OF(chats); i++)
		name = telegram_str_of(json_get(origin, chats[i]), "title");
	return telegram_name_text(name, arena);
}

/*
 * Whose words the text is; NULL: the sender's own. What a bot offers inline
 * is written by that bot, and whoever picks it may not have seen it.
 */
static const char *
words_of_others(const struct json *message, struct arena *arena)
{
	const struct json *bot = json_get(message, "via_bot");
	const char *from;

	if (json_get(message, "forward_origin")) {
		from = forwarded_from(message, arena);
		return arena_printf(
		    arena, "forwarded%s%s", *from ? " from " : "", from);
	}
	if (!bot)
		return NULL;
	return arena_printf(
	    arena, "written by the bot %s", telegram_person_name(bot, arena));
}

static void
read_text(struct message_inbound *in, const struct json *message,
    const struct telegram_me *me, struct arena *arena)
{
	const struct json *reply = real_reply(message);
	const char *head = words_of_others(message, arena);
	bool is_caption = !json_get(message, "text");
	struct telegram_text text;

	telegram_text_read(&text,
	    telegram_str_of(message, is_caption ? "caption" : "text"),
	    json_get(message, is_caption ? "caption_entities" : "entities"), me,
	    arena);
	in->text = text.text;
	in->is_addressed =
	    text.is_mention ||
	    telegram_int_of(json_get(reply, "from"), "id") == me->id;
	if (reply)
		in->reply_to_id = telegram_id_text(
		    telegram_int_of(reply, "message_id"), arena);
	/* Whatever it answers: it is said to that bot. */
	if (text.names_other)
		in->is_addressed = false;
	if (head && *in->text)
		in->text = telegram_text_quote(in->text, head, arena);
}

/* What a message can hold beside text, and how it is named for people. */
static const struct {
	const char *key, *name;
} media[] = {
	{ "animation", "animation" }, /* before document, which it repeats */
	{ "document", "document" },
	{ "photo", "photo" },
	{ "video", "video" },
	{ "video_note", "video message" },
	{ "voice", "voice message" },
	{ "audio", "audio" },
	{ "sticker", "sticker" },
	{ "paid_media", "paid media" },
	{ "story", "story" },
	{ "contact", "contact" },
	{ "venue", "venue" }, /* before location, which it repeats */
	{ "location", "location" },
	{ "poll", "poll" },
	{ "checklist", "checklist" },
	{ "dice", "dice" },
	{ "game", "game" },
};

/* The sender's program says it: it may be anything. */
static const char *
media_type(const char *text)
{
	size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789/.+-_");

	return size < BOUND_ID && text[size] == '\0' ? text : "";
}

/* The id by which its file is fetched; "" if there is none. */
static const char *
read_media(
    struct message_inbound *in, const struct json *message, struct arena *arena)
{
	for (size_t i = 0; i < N_OF(media); i++) {
		const struct json *found = json_get(message, media[i].key);
		const char *name = telegram_str_of(found, "file_name");
		struct message_attachment *a;

		if (!found)
			continue;
		a = arena_alloc(arena, sizeof(*a));
		a->name =
		    *name ? telegram_name_text(name, arena) : media[i].name;
		a->media_type = arena_strdup(
		    arena, media_type(telegram_str_of(found, "mime_type")));
		a->size_bytes =
		    attachment_said_size(telegram_int_of(found, "file_size"));
		a->problem = "";
		in->attachments = a;
		in->n_attachments = 1;
		return arena_strdup(arena, telegram_str_of(found, "file_id"));
	}
	return "";
}

/* Ids of files are Telegram's own: they go into a call as they came. */
static bool
is_wanted(const struct message_inbound *in)
{
	const struct message_attachment *a = in->attachments;

	return in->n_attachments > 0 &&
	       attachment_is_markdown(a->name, a->media_type) &&
	       a->size_bytes <= ATTACHMENT_MAX_BYTES;
}

static int
read_message(struct telegram_update *out, const struct json *message,
    const struct telegram_me *me, struct arena *arena, struct err *err)
{
	struct message_inbound *in = &out->message;
	const char *file_id;
	int64_t id = telegram_int_of(message, "message_id");
	int64_t date = telegram_int_of(message, "date");

	if (id <= 0 || !telegram_is_time(date))
		return err_set(
		    err, ERR_INVALID, "a message without id or date");
	if (telegram_read_move(out, message, arena) == 0)
		return 0;
	if (!read_sender(in, message, arena))
		return telegram_nothing(out, "from a bot");
	if (telegram_read_place(in, message, arena, err) < 0)
		return -1;
	read_text(in, message, me, arena);
	file_id = read_media(in, message, arena);
	if (!*in->text && in->n_attachments == 0)
		return telegram_nothing(out, "a service message");
	in->message_id = telegram_id_text(id, arena);
	in->event_id = arena_printf(arena, "m:%" PRId64, id);
	in->sent_unix_ms = date * 1000;
	out->chat_id = in->chat_id;
	if (is_wanted(in))
		out->file_id = file_id;
	return 0;
}

static int
on_message(struct telegram_update *out, const struct json *update,
    const struct telegram_me *me, struct arena *arena, struct err *err)
{
	return read_message(out, json_get(update, "message"), me, arena, err);
}

static int
on_edit(struct telegram_update *out, const struct json *update,
    const struct telegram_me *me, struct arena *arena, struct err *err)
{
	const struct json *body = json_get(update, "edited_message");
	int64_t id = telegram_int_of(body, "message_id");
	int64_t date = telegram_int_of(body, "edit_date");

	if (read_message(out, body, me, arena, err) < 0)
		return -1;
	if (date <= 0)
		return telegram_nothing(out, "an edit without its time");
	/* An edit is kept as one: nothing is taken from it. */
	out->file_id = "";
	out->message.is_edit = true;
	out->message.event_id =
	    arena_printf(arena, "e:%" PRId64 ":%" PRId64, id, date);
	return 0;
}

static int
on_press(struct telegram_update *out, const struct json *update,
    const struct telegram_me *me, struct arena *arena, struct err *err)
{
	(void)me;
	return telegram_read_press(out, update, arena, err);
}

static int
on_member(struct telegram_update *out, const struct json *update,
    const struct telegram_me *me, struct arena *arena, struct err *err)
{
	(void)me;
	return telegram_read_member(out, update, arena, err);
}

static const struct {
	const char *key;
	int (*read)(struct telegram_update *out, const struct json *update,
	    const struct telegram_me *me, struct arena *arena, struct err *err);
} kinds[] = {
	{ "message", on_message },
	{ "edited_message", on_edit },
	{ "callback_query", on_press },
	{ "my_chat_member", on_member },
};

int
telegram_translate(struct telegram_update *out, const struct json *update,
    const struct telegram_me *me, struct arena *arena, struct err *err)
{
	*out = (struct telegram_update){
		.event = TELEGRAM_MESSAGE,
		.why = "",
		.chat_id = "",
		.file_id = "",
		.query_id = "",
		.message = { .text = "" },
	};
	for (size_t i = 0; i < N_OF(kinds); i++)
		if (json_get(update, kinds[i].key))
			return kinds[i].read(out, update, me, arena, err);
	return telegram_nothing(out, "of a kind that was not asked for");
}

/* Nobody can write that key: a quote in a text is escaped. */
int64_t
telegram_first_update(const char *body)
{
	static const char key[] = "\"update_id\":";
	const char *at = strstr(body, key);
	long long id = at ? strtoll(at + sizeof(key) - 1, NULL, 10) : 0;

	return id > 0 && id < BOUND_INT ? id : 0;
}

int
telegram_chat_parse(const char *chat_id, int64_t *chat_out, int64_t *thread_out)
{
	char *end;

	*chat_out = strtoll(chat_id, &end, 10);
	*thread_out = 0;
	if (end != chat_id && *end == '.' && end[1] > '0' && end[1] <= '9')
		*thread_out = strtoll(end + 1, &end, 10);
	return *chat_out == 0 || *end != '\0' ? -1 : 0;
}
