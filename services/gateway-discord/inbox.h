#ifndef GATEWAY_DISCORD_INBOX_H
#define GATEWAY_DISCORD_INBOX_H

#include <stdbool.h>
#include <stdint.h>

struct button_outcome;
struct button_pressed;
struct connector;
struct cursor;
struct files;
struct loop;
struct membership_changed;
struct message_inbound;
struct places;

/*
 * What was heard, on its way to the engine: in order within a chat, several
 * chats at once, each told until the engine has stored it. An event of Discord
 * is settled when it and all before it are stored or carried nothing.
 */
struct inbox;

struct inbox_events {
	/* Where the session is now, apart from the sequence. */
	const struct cursor *(*cursor)(void *arg);
	int64_t (*session_number)(void *arg);
	/* The engine has stored this as where that session is. */
	void (*stored)(void *arg, int64_t session_number, int64_t seq);
	/* The engine has stored it, for the first time. */
	void (*accepted)(void *arg, const struct message_inbound *message);
	/* What the engine made of a button. */
	void (*decided)(void *arg, const struct button_pressed *pressed,
	    const struct button_outcome *outcome);
	/* More waits than should; and again less. */
	void (*full)(void *arg);
	void (*drained)(void *arg);
};

struct inbox_parts {
	struct connector *connector;
	struct places *places;
	struct files *files;
};
struct inbox *inbox_new(struct loop *loop, const struct inbox_parts *parts,
    const struct inbox_events *events, void *arg);
void inbox_free(struct inbox **inbox);

/* Which event of which session, by its number. */
struct inbox_place {
	int64_t session, seq;
};
/* In the order of the session; message NULL: it carries nothing for the
 * engine. urls: where its attachments lie. All is copied. */
void inbox_take(struct inbox *inbox, struct inbox_place place,
    const struct message_inbound *message, const char *const *urls);
void inbox_take_button(struct inbox *inbox, struct inbox_place place,
    const struct button_pressed *pressed);
void inbox_take_membership(struct inbox *inbox, struct inbox_place place,
    const struct membership_changed *changed);
/* Names or files that were waited for have come. */
void inbox_go_on(struct inbox *inbox);

struct inbox_counters {
	int64_t events, accepted, duplicates, set_aside, waiting;
};
const struct inbox_counters *inbox_counters(const struct inbox *inbox);

#endif
