#ifndef GATEWAY_TELEGRAM_TRANSLATE_H
#define GATEWAY_TELEGRAM_TRANSLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "proto/action.h"
#include "proto/membership.h"
#include "proto/message.h"

struct arena;
struct err;
struct json;

/*
 * Telegram's updates as events of ours. Pure.
 *
 * A chat is known by its decimal id, a topic of a forum by "<chat>.<topic>".
 * Who spoke is Telegram's numeric id, always: of a person, or, where a group
 * or channel speaks for itself (anonymous admins, linked channels), of that
 * chat, which is nobody's account. Bots are not heard, this one included.
 *
 * Text arrives as Markdown as far as it matters: code and quotes are marked as
 * such, and what is forwarded or was written by a bot is a quote, so that no
 * command hides in them; our own mention at its beginning and our name behind
 * a command are taken off.
 */
struct telegram_me {
	int64_t id;
	const char *username; /* without '@'; "" until it is known */
};

enum telegram_event {
	TELEGRAM_NOTHING, /* none of our business */
	TELEGRAM_MESSAGE, /* or its edit */
	TELEGRAM_PRESS,	  /* of a notice's button */
	TELEGRAM_MEMBER,  /* this bot came or went, or a group moved */
	TELEGRAM_EVENT_COUNT
};

struct telegram_update {
	enum telegram_event event;
	const char *why;     /* of TELEGRAM_NOTHING */
	const char *chat_id; /* what is of one chat keeps its order */
	/* All but for their cursors; a press has no time. */
	union {
		struct message_inbound message;
		struct button_pressed press;
		struct membership_changed member;
	};
	const char *file_id; /* of a message's attachment to be fetched; "" */
	/* By which a press is answered, one that is not ours or cannot be read
	 * as well; "" */
	const char *query_id;
};

/* Strings live in the arena. Wrong shape is ERR_INVALID; then query_id is
 * filled all the same. */
int telegram_translate(struct telegram_update *out, const struct json *update,
    const struct telegram_me *me, struct arena *arena,
    struct err *err) MUST_CHECK;

/* A group that has become a supergroup; all but the time. */
void telegram_moved(struct membership_changed *out, int64_t old_chat,
    int64_t chat, struct arena *arena);

/* The number of the first update in the body of an answer that cannot be read
 * as JSON; 0: none. */
int64_t telegram_first_update(const char *body);

/* "-1001.7" as its parts; thread 0: none. -1: no chat of ours. */
int telegram_chat_parse(
    const char *chat_id, int64_t *chat_out, int64_t *thread_out);

#endif
