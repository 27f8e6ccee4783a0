#ifndef GATEWAY_DISCORD_SESSION_H
#define GATEWAY_DISCORD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/gateway-discord/cursor.h"

struct err;
struct frame;
struct loop;
struct rest;

/*
 * The session with Discord's gateway: connects, identifies or resumes, keeps
 * the heartbeat, and comes back after whatever ends a connection, except what
 * Discord says is for good. It knows nothing of what events carry.
 */
struct session;

enum session_state {
	SESSION_IDLE,	    /* the engine has not said where we left off */
	SESSION_ASKING,	    /* GET /gateway/bot */
	SESSION_CONNECTING, /* the WebSocket */
	SESSION_GREETING,   /* until hello */
	SESSION_IDENTIFYING,
	SESSION_RESUMING,
	SESSION_READY,
	SESSION_WAITING, /* to try again */
	SESSION_PAUSED,	 /* the engine does not keep up */
	SESSION_STOPPED, /* for good: only a restart helps */
	SESSION_STATE_COUNT
};

struct session_options {
	const char *token;
	const char *gateway_url; /* "": the one that Discord names */
	const char *ca_file;
	bool needs_tls; /* the token goes only where it is encrypted */
	int64_t shard, n_shards;
};

struct session_events {
	/* An event of the session, in order; also READY and RESUMED. */
	void (*on_event)(void *arg, const struct frame *frame);
	/* The state changed, or what is said about it. */
	void (*on_state)(void *arg, enum session_state state);
	/* Discord has taken our heartbeat. */
	void (*on_beat)(void *arg);
};

int session_open(struct session **session_out, struct loop *loop,
    struct rest *rest, const struct session_options *options,
    const struct session_events *events, void *arg, struct err *err) MUST_CHECK;
void session_close(struct session **session);

/* Begins, where the cursor says; it may be empty. */
void session_start(struct session *session, const struct cursor *cursor);
/* The token was refused elsewhere. */
void session_stop(struct session *session, const char *why);
/* Hangs up until session_go_on; what is missed meanwhile is sent then. */
void session_pause(struct session *session);
void session_go_on(struct session *session);

/* Everything up to this event is stored: what heartbeats acknowledge. */
void session_settle(struct session *session, int64_t number, int64_t seq);

/* What is known of the session, with the settled sequence. A new number for
 * each session. */
const struct cursor *session_cursor(const struct session *session);
int64_t session_number(const struct session *session);

bool session_is_ready(const struct session *session);
/* By what only a person can mend. */
bool session_is_stopped(const struct session *session);
/* For people: why it is not ready, or is ready but not whole; "". */
const char *session_text(const struct session *session);

struct session_counters {
	int64_t identifies, resumes, losses, beats;
};
const struct session_counters *session_counters(const struct session *session);

#endif
