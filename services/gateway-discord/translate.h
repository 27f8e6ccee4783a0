#ifndef GATEWAY_DISCORD_TRANSLATE_H
#define GATEWAY_DISCORD_TRANSLATE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct button_pressed;
struct json;
struct message_inbound;

/* Discord's events as what the engine takes. Pure. */

/* Who we are: what is said to us is addressed. */
struct translate_self {
	const char *user_id;
	const char *role_id; /* our own role in that guild; "": not known */
};

/*
 * MESSAGE_CREATE and MESSAGE_UPDATE. False, leaving out as it may: there is
 * nothing to tell, by rule. Messages of bots (our own among them), of webhooks
 * and of Discord itself are never told, so that no two bots keep each other
 * busy; nor are updates that change no text, nor what has no text and no file,
 * which without the Message Content intent is most of what others say.
 *
 * What out points to lives in the arena or in the event. Names of places are
 * left "", and so is the cursor.
 */
bool translate_message(struct message_inbound *out, const struct json *event,
    bool is_update, const struct translate_self *self, struct arena *arena);

/* A slash command: "/name value value", by whoever used it. */
bool translate_command(
    struct message_inbound *out, const struct json *event, struct arena *arena);

/* A press on a button of ours, which is named "a:<action>" or "d:<action>". */
bool translate_button(
    struct button_pressed *out, const struct json *event, struct arena *arena);

/* Somebody types the argument of a command. */
struct command_complete;
bool translate_typing(struct command_complete *out, const struct json *event,
    struct arena *arena);

/*
 * GUILD_CREATE and GUILD_DELETE: the bot is in that server, or no longer. The
 * first comes for each server at each start. False: an outage of Discord's.
 */
struct membership_changed;
struct translate_place {
	const char *session_id;
	int64_t seq, now_ms;
};
bool translate_added(struct membership_changed *out, const struct json *event,
    struct arena *arena);
bool translate_removed(struct membership_changed *out, const struct json *event,
    const struct translate_place *place, struct arena *arena);

/* The same of a server that is missing at the beginning of a session. */
void translate_left(struct membership_changed *out, const char *guild_id,
    const struct translate_place *place, struct arena *arena);

/* Where the attachments of the message lie, in the order of out's. */
const char **translate_urls(const struct json *event, struct arena *arena);

/* "2026-11-26T10:42:32.586000+00:00"; Discord's are always UTC. 0: none. */
int64_t translate_stamp_ms(const char *stamp);

/* By which Discord deals servers out to shards; -1: it is no id. */
int64_t translate_snowflake_order(const char *id);
/* When that id was made; 0: it is none. */
int64_t translate_snowflake_ms(const char *id);

#endif
