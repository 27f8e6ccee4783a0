/* Updates that are no messages: buttons, and where the bot is. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/bounds.h"
#include "services/gateway-telegram/translate_parts.h"

/* Ours are "a:<action>" and "d:<action>". */
static const char *
verb_of(const char *data)
{
	if (data[0] && data[1] == ':' && data[2] && strlen(data) < BOUND_ID)
		return data[0] == 'a'	? "approve"
		       : data[0] == 'd' ? "deny"
					: "";
	return "";
}

static bool
is_visible(const char *text)
{
	while (*text > ' ' && *text < 0x7f)
		text++;
	return *text == '\0';
}

int
telegram_read_press(struct telegram_update *out, const struct json *update,
    struct arena *arena, struct err *err)
{
	const struct json *query = json_get(update, "callback_query");
	const struct json *message = json_get(query, "message");
	const struct json *from = json_get(query, "from");
	const char *data = telegram_str_of(query, "data");
	const char *id = telegram_str_of(query, "id");
	struct message_inbound place = { .chat_id = "" };

	if (!*id || strlen(id) > BOUND_ID - 2 || !is_visible(id))
		return err_set(err, ERR_INVALID, "a press without its id");
	/* Whatever it is, somebody waits for an answer. */
	out->query_id = arena_strdup(arena, id);
	if (!*verb_of(data) || !is_visible(data) || !message ||
	    telegram_int_of(from, "id") <= 0)
		return telegram_nothing(out, "a button that is not ours");
	if (telegram_read_place(&place, message, arena, err) < 0)
		return -1;
	out->event = TELEGRAM_PRESS;
	out->chat_id = place.chat_id;
	out->press = (struct button_pressed){
		.event_id = arena_printf(arena, "c:%s", id),
		.chat_id = place.chat_id,
		.message_id = telegram_id_text(
		    telegram_int_of(message, "message_id"), arena),
		.user_id = telegram_id_text(telegram_int_of(from, "id"), arena),
		.user_name = telegram_person_name(from, arena),
		.action_id = arena_strdup(arena, data + 2),
		.verb = verb_of(data),
	};
	return 0;
}

/* Of somebody who is restricted another field says it. */
static bool
is_present(const struct json *member)
{
	static const char *const present[] = { "creator", "administrator",
		"member" };
	const char *status = telegram_str_of(member, "status");

	for (size_t i = 0; i < N_OF(present); i++)
		if (strcmp(status, present[i]) == 0)
			return true;
	return strcmp(status, "restricted") == 0 &&
	       json_bool(json_get(member, "is_member"), false);
}

static void
read_change(struct membership_changed *m, const struct json *change,
    bool is_here, struct arena *arena)
{
	const struct json *chat = json_get(change, "chat");
	const struct json *from = json_get(change, "from");
	const char *type = telegram_str_of(chat, "type");
	const char *id = telegram_id_text(telegram_int_of(chat, "id"), arena);

	*m = (struct membership_changed){
		.change = is_here ? "added" : "removed",
		.space_id = id,
		.space_name =
		    telegram_name_text(telegram_str_of(chat, "title"), arena),
		/* In a channel the hello would be everybody's. */
		.chat_id = strcmp(type, "channel") == 0 ? "" : id,
		.user_id =
		    from ? telegram_id_text(telegram_int_of(from, "id"), arena)
			 : "",
		.user_name = telegram_person_name(from, arena),
		.changed_unix_ms = telegram_int_of(change, "date") * 1000,
		.is_direct = strcmp(type, "private") == 0,
	};
	if (m->is_direct)
		m->space_name = m->user_name;
}

int
telegram_read_member(struct telegram_update *out, const struct json *update,
    struct arena *arena, struct err *err)
{
	const struct json *change = json_get(update, "my_chat_member");
	bool was_here = is_present(json_get(change, "old_chat_member"));
	bool is_here = is_present(json_get(change, "new_chat_member"));

	if (telegram_int_of(json_get(change, "chat"), "id") == 0 ||
	    !telegram_is_time(telegram_int_of(change, "date")))
		return err_set(err, ERR_INVALID,
		    "a change of membership without chat or date");
	if (was_here == is_here)
		return telegram_nothing(out, "other rights, in the same place");
	out->event = TELEGRAM_MEMBER;
	read_change(&out->member, change, is_here, arena);
	out->member.event_id = arena_printf(
	    arena, "s:%" PRId64, telegram_int_of(update, "update_id"));
	out->chat_id = out->member.space_id;
	return 0;
}

int
telegram_read_move(struct telegram_update *out, const struct json *message,
    struct arena *arena)
{
	int64_t id = telegram_int_of(json_get(message, "chat"), "id");
	int64_t to = telegram_int_of(message, "migrate_to_chat_id");
	int64_t from = telegram_int_of(message, "migrate_from_chat_id");

	if (id == 0 || (to == 0 && from == 0) ||
	    !telegram_is_time(telegram_int_of(message, "date")))
		return 1;
	out->event = TELEGRAM_MEMBER;
	out->chat_id = telegram_id_text(id, arena);
	telegram_moved(&out->member, from ? from : id, from ? id : to, arena);
	out->member.changed_unix_ms = telegram_int_of(message, "date") * 1000;
	return 0;
}

/* Said by both chats, and by a refusal to send: it is one event. */
void
telegram_moved(struct membership_changed *out, int64_t old_chat, int64_t chat,
    struct arena *arena)
{
	*out = (struct membership_changed){
		.event_id = arena_printf(
		    arena, "s:moved:%" PRId64 ":%" PRId64, old_chat, chat),
		.change = "moved",
		.space_id = telegram_id_text(old_chat, arena),
		.chat_id = telegram_id_text(chat, arena),
	};
}
