#ifndef GATEWAY_DISCORD_SESSION_PARTS_H
#define GATEWAY_DISCORD_SESSION_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "services/gateway-discord/session.h"

/*
 * Inside the session: the table of states is session.c, what comes over the
 * wire session_wire.c, the heartbeat session_beat.c.
 */
struct buf;
struct timer;
struct wire_events;

enum session_event {
	EV_START,
	EV_KNOWN,   /* Discord named its gateway */
	EV_UNKNOWN, /* it did not answer */
	EV_OPEN,
	EV_HELLO,
	EV_READY,
	EV_RESUMED,
	EV_RECONNECT,	      /* op 7 */
	EV_INVALID,	      /* op 9: the session is gone */
	EV_INVALID_RESUMABLE, /* op 9: resume it */
	EV_SILENT,	      /* a heartbeat was not acknowledged */
	EV_GARBLED,	      /* what came cannot be read */
	EV_LOST,	      /* closed, to be resumed */
	EV_LOST_SESSION,      /* closed, and the session with it */
	EV_NO_CONTENT,	      /* the Message Content intent is not granted */
	EV_FATAL,
	EV_TIMEOUT,
	EV_FULL,
	EV_DRAINED,
	EV_COUNT
};

enum {
	SESSION_TEXT_SIZE = 256,
	/* A resumed session may have much to tell: each event prolongs it. */
	SESSION_REPLAY_MS = 60000,
};

struct session {
	struct loop *loop;
	struct rest *rest;
	struct wire *wire;
	struct session_options options;
	const struct session_events *events;
	void *arg;
	enum session_state state;
	struct timer *timer; /* of the state */
	struct timer *beat;
	struct cursor cursor; /* seq: the settled one */
	int64_t seq;	      /* the last that was received; -1: none */
	int64_t number;
	int64_t intents;
	char general_url[256];
	int n_failures; /* in a row, without a session */
	int64_t beat_ms;
	bool is_beat_acknowledged;
	int64_t ready_ms;      /* monotonic: since when, or 0 */
	int64_t identified_ms; /* monotonic; 0: never */
	int64_t minute_ms;
	int n_sent; /* in that minute */
	char text[SESSION_TEXT_SIZE];
	struct session_counters counters;
};

/* What the table says to it in the present state. */
void session_happen(struct session *s, enum session_event event);
void session_say(struct session *s, const char *text);
/* Evenly between the two, both included. */
int64_t session_random_ms(int64_t least_ms, int64_t most_ms);

/* Sends the payload, within Discord's limit, and releases it. */
void session_send(struct session *s, struct buf *payload);
/* From hello on; the first beat at a random moment. */
void session_beats_start(struct session *s);
void session_beats_stop(struct session *s);
void session_beats_on_timer(void *session);
void session_beat_now(struct session *s);

/* The wire's events; their argument is the session. */
extern const struct wire_events session_wire_events;

#endif
