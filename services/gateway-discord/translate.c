/* Discord's events, told as the engine knows messages. Pure. */

#include "services/gateway-discord/translate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "proto/action.h"
#include "proto/attachment.h"
#include "proto/bounds.h"
#include "proto/command.h"
#include "proto/message.h"
#include "services/gateway-discord/mentions.h"

enum {
	MESSAGE_DEFAULT = 0,
	MESSAGE_REPLY = 19,
	CHANNEL_DM = 1,
	COMMAND_CHAT = 1,
	INTERACTION_COMMAND = 2,
	INTERACTION_BUTTON = 3,
	INTERACTION_TYPING = 4,
	REFERENCE_FORWARD = 1,
};

/* Discord's ids count from the beginning of 2015. */
static const int64_t epoch_ms = 1420070400000;

int64_t
translate_snowflake_order(const char *id)
{
	char *end;
	unsigned long long number = strtoull(id, &end, 10);

	return end == id || *end ? -1 : (int64_t)(number >> 22);
}

int64_t
translate_snowflake_ms(const char *id)
{
	int64_t order = translate_snowflake_order(id);

	return order < 0 ? 0 : order + epoch_ms;
}

static const char *
member(const struct json *object, const char *key)
{
	return json_str(json_get(object, key), "");
}

/* Names are shown to people: one line, and no longer than the bound. */
static const char *
clean_name(const char *name, struct arena *arena)
{
	size_t size = strlen(name);
	char *copy;

	copy = arena_strndup(arena, name, utf8_cut(name, size, BOUND_NAME));
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return copy;
}

/* As the people of that place see it. */
static const char *
name_of(const struct json *user, const struct json *guild_member,
    struct arena *arena)
{
	const char *name = member(guild_member, "nick");

	if (!*name)
		name = member(user, "global_name");
	if (!*name)
		name = member(user, "username");
	return clean_name(name, arena);
}

static bool
is_of_a_person(const struct json *event)
{
	const struct json *author = json_get(event, "author");

	return *member(author, "id") && !*member(event, "webhook_id") &&
	       !json_bool(json_get(author, "bot"), false) &&
	       !json_bool(json_get(author, "system"), false);
}

static bool
is_said(const struct json *event)
{
	int64_t type = json_int(json_get(event, "type"), MESSAGE_DEFAULT);

	return type == MESSAGE_DEFAULT || type == MESSAGE_REPLY;
}

static bool
lists(const struct json *list, const char *key, const char *id)
{
	for (const struct json *one = json_first(list); one;
	     one = json_next(one)) {
		const struct json *value = key ? json_get(one, key) : one;

		if (strcmp(json_str(value, ""), id) == 0)
			return true;
	}
	return false;
}

static bool
is_addressed(const struct json *event, const struct translate_self *self)
{
	const struct json *answered = json_get(event, "referenced_message");
	const struct json *to = json_get(answered, "author");

	return lists(json_get(event, "mentions"), "id", self->user_id) ||
	       (*self->role_id && lists(json_get(event, "mention_roles"), NULL,
				      self->role_id)) ||
	       (*self->user_id && strcmp(member(to, "id"), self->user_id) == 0);
}

int64_t
translate_stamp_ms(const char *stamp)
{
	size_t size = CLOCK_RFC3339_SIZE - 2; /* without the Z */
	char seconds[CLOCK_RFC3339_SIZE];
	int64_t ms;

	if (strlen(stamp) < size)
		return 0;
	memcpy(seconds, stamp, size);
	memcpy(seconds + size, "Z", 2);
	if (clock_parse_rfc3339(seconds, &ms) < 0)
		return 0;
	if (stamp[size] != '.')
		return ms;
	stamp += size + 1;
	for (int unit = 100; unit > 0 && *stamp >= '0' && *stamp <= '9';
	     unit /= 10)
		ms += (int64_t)(*stamp++ - '0') * unit;
	return ms;
}

static void
take_attachments(
    struct message_inbound *out, const struct json *event, struct arena *arena)
{
	const struct json *list = json_get(event, "attachments");
	size_t n = 0;

	out->attachments = arena_alloc(
	    arena, (size_t)BOUND_ATTACHMENTS * sizeof(*out->attachments));
	for (const struct json *one = json_first(list);
	     one && n < BOUND_ATTACHMENTS; one = json_next(one))
		out->attachments[n++] = (struct message_attachment){
			.name = clean_name(member(one, "filename"), arena),
			.media_type =
			    clean_name(member(one, "content_type"), arena),
			.size_bytes = attachment_said_size(
			    json_int(json_get(one, "size"), 0)),
			.problem = "",
		};
	out->n_attachments = n;
}

const char **
translate_urls(const struct json *event, struct arena *arena)
{
	const struct json *list = json_get(event, "attachments");
	const char **urls =
	    arena_alloc(arena, (size_t)BOUND_ATTACHMENTS * sizeof(*urls));
	size_t n = 0;

	for (const struct json *one = json_first(list);
	     one && n < BOUND_ATTACHMENTS; one = json_next(one))
		urls[n++] = member(one, "url");
	return urls;
}

static void
add_stickers(struct buf *text, const struct json *event)
{
	const struct json *list = json_get(event, "sticker_items");

	for (const struct json *one = json_first(list); one;
	     one = json_next(one))
		buf_addf(text, "%s[sticker] %s", text->size ? "\n" : "",
		    member(one, "name"));
}

/* What somebody else said, passed on: quoted, so that it is no command. */
static void
add_forwarded(struct buf *text, const struct json *event)
{
	const struct json *snapshot =
	    json_first(json_get(event, "message_snapshots"));
	const char *said = member(json_get(snapshot, "message"), "content");

	if (json_int(json_get(json_get(event, "message_reference"), "type"),
		0) != REFERENCE_FORWARD ||
	    !*said)
		return;
	buf_adds(text, "[forwarded]\n> ");
	for (; *said; said++) {
		buf_addc(text, *said);
		if (*said == '\n')
			buf_adds(text, "> ");
	}
}

static const char *
text_of(const struct json *event, const struct translate_self *self,
    struct arena *arena)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	mentions_name(
	    &text, member(event, "content"), json_get(event, "mentions"), self);
	add_forwarded(&text, event);
	add_stickers(&text, event);
	return arena_strndup(
	    arena, text.data, utf8_cut(text.data, text.size, BOUND_TEXT));
}

static const char *
reply_to(const struct json *event)
{
	const struct json *reference = json_get(event, "message_reference");

	if (json_int(json_get(reference, "type"), 0) == REFERENCE_FORWARD)
		return "";
	return member(reference, "message_id");
}

/* What all have that is left "" here. */
static const struct message_inbound nothing = {
	.event_id = "",
	.parent_chat_id = "",
	.space_name = "",
	.chat_name = "",
	.message_id = "",
	.reply_to_id = "",
	.text = "",
	.cursor = "",
};

bool
translate_message(struct message_inbound *out, const struct json *event,
    bool is_update, const struct translate_self *self, struct arena *arena)
{
	const struct json *author = json_get(event, "author");
	int64_t edited_ms =
	    translate_stamp_ms(member(event, "edited_timestamp"));
	int64_t kind = json_int(json_get(event, "channel_type"), CHANNEL_DM);

	*out = nothing;
	out->message_id = member(event, "id");
	out->chat_id = member(event, "channel_id");
	out->space_id = member(event, "guild_id");
	out->user_id = member(author, "id");
	out->sent_unix_ms = translate_snowflake_ms(out->message_id);
	out->is_direct = !*out->space_id;
	/* Groups of people outside servers know no bots. */
	if (!is_of_a_person(event) || !is_said(event) || !out->sent_unix_ms ||
	    !*out->chat_id || (out->is_direct && kind != CHANNEL_DM) ||
	    (is_update && !edited_ms))
		return false;
	out->event_id = arena_printf(arena, "m:%s", out->message_id);
	if (is_update) {
		out->is_edit = true;
		out->sent_unix_ms = edited_ms;
		out->event_id = arena_printf(
		    arena, "e:%s:%" PRId64, out->message_id, edited_ms);
	}
	out->reply_to_id = reply_to(event);
	out->user_name = name_of(author, json_get(event, "member"), arena);
	out->is_addressed = out->is_direct || is_addressed(event, self);
	out->text = text_of(event, self, arena);
	take_attachments(out, event, arena);
	return *out->text || out->n_attachments;
}

static const struct json *
user_of(const struct json *event)
{
	const struct json *user = json_get(json_get(event, "member"), "user");

	return user ? user : json_get(event, "user");
}

static void
add_value(struct buf *text, const struct json *option)
{
	const struct json *value = json_get(option, "value");

	buf_addc(text, ' ');
	if (json_type(value) == JSON_STRING)
		buf_adds(text, json_str(value, ""));
	else
		json_print(value, text);
}

bool
translate_command(
    struct message_inbound *out, const struct json *event, struct arena *arena)
{
	const struct json *data = json_get(event, "data");
	const struct json *options = json_get(data, "options");
	const struct json *guild_member = json_get(event, "member");
	const struct json *user = user_of(event);
	const char *id = member(event, "id");
	AUTO(buf_release)
	struct buf text = { 0 };

	*out = nothing;
	out->chat_id = member(event, "channel_id");
	out->space_id = member(event, "guild_id");
	out->user_id = member(user, "id");
	out->sent_unix_ms = translate_snowflake_ms(id);
	if (json_int(json_get(event, "type"), 0) != INTERACTION_COMMAND ||
	    json_int(json_get(data, "type"), COMMAND_CHAT) != COMMAND_CHAT ||
	    !out->sent_unix_ms || !*out->chat_id || !*out->user_id)
		return false;
	out->event_id = arena_printf(arena, "c:%s", id);
	out->user_name = name_of(user, guild_member, arena);
	out->is_direct = !*out->space_id;
	out->is_addressed = true;
	buf_init(&text);
	buf_addf(&text, "/%s", member(data, "name"));
	for (const struct json *one = json_first(options); one;
	     one = json_next(one))
		add_value(&text, one);
	out->text = arena_strndup(
	    arena, text.data, utf8_cut(text.data, text.size, BOUND_TEXT));
	return true;
}

bool
translate_button(
    struct button_pressed *out, const struct json *event, struct arena *arena)
{
	const char *id = member(event, "id");
	const char *name = member(json_get(event, "data"), "custom_id");
	const struct json *user = user_of(event);

	*out = (struct button_pressed){
		.event_id = arena_printf(arena, "c:%s", id),
		.chat_id = member(event, "channel_id"),
		.message_id = member(json_get(event, "message"), "id"),
		.user_id = member(user, "id"),
		.user_name = name_of(user, json_get(event, "member"), arena),
		.verb = name[0] == 'a' ? "approve" : "deny",
		.cursor = "",
		.pressed_unix_ms = translate_snowflake_ms(id),
	};
	if (json_int(json_get(event, "type"), 0) != INTERACTION_BUTTON ||
	    (name[0] != 'a' && name[0] != 'd') || name[1] != ':' || !name[2] ||
	    !out->pressed_unix_ms || !*out->chat_id || !*out->user_id ||
	    !*out->message_id)
		return false;
	out->action_id = name + 2;
	return true;
}

/* Discord sends all options; the one under the cursor is marked. */
static const struct json *
focused(const struct json *options)
{
	const struct json *one = json_first(options);

	while (one && !json_bool(json_get(one, "focused"), false))
		one = json_next(one);
	return one;
}

bool
translate_typing(
    struct command_complete *out, const struct json *event, struct arena *arena)
{
	const struct json *data = json_get(event, "data");
	const struct json *option = focused(json_get(data, "options"));
	const char *typed = member(option, "value");

	*out = (struct command_complete){
		.command = member(data, "name"),
		.chat_id = member(event, "channel_id"),
		.user_id = member(user_of(event), "id"),
		.typed = arena_strndup(
		    arena, typed, utf8_cut(typed, strlen(typed), BOUND_NAME)),
	};
	return json_int(json_get(event, "type"), 0) == INTERACTION_TYPING &&
	       option && *out->command && *out->chat_id && *out->user_id;
}
