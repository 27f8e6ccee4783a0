/* What comes from Discord's gateway, as events of the session. */

#include <stdio.h>
#include <string.h>

#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/gateway-discord/frame.h"
#include "services/gateway-discord/session_parts.h"
#include "services/gateway-discord/wire.h"

enum {
	BEAT_LEAST_MS = 100,
	BEAT_MOST_MS = 10 * 60 * 1000,
	BEAT_USUAL_MS = 41250,
};

/* Close codes that do not simply mean "come back and resume". */
static const struct {
	int code;
	enum session_event event;
	const char *text;
} codes[] = {
	{ 4004, EV_FATAL,
	    "Discord refuses the token: set AGENT_RUNTIME_DISCORD_TOKEN and "
	    "restart" },
	{ 4007, EV_LOST_SESSION, "Discord does not know where we were" },
	{ 4009, EV_LOST_SESSION, "Discord's session timed out" },
	{ 4010, EV_FATAL,
	    "Discord refuses the shard: set AGENT_RUNTIME_DISCORD_SHARD and "
	    "restart" },
	{ 4011, EV_FATAL,
	    "Discord demands shards: run more instances, see "
	    "AGENT_RUNTIME_DISCORD_SHARD" },
	{ 4012, EV_FATAL, "Discord no longer speaks version 10: upgrade" },
	{ 4013, EV_FATAL, "Discord does not know our intents: upgrade" },
	{ 4014, EV_NO_CONTENT,
	    "Discord does not grant the Message Content intent" },
};

static void
on_closed(void *arg, int code, const char *why)
{
	struct session *s = arg;

	session_beats_stop(s);
	for (size_t i = 0; i < N_OF(codes); i++)
		if (codes[i].code == code) {
			session_say(s, codes[i].text);
			session_happen(s, codes[i].event);
			return;
		}
	snprintf(s->text, sizeof(s->text), "Discord's gateway: %s (%d)",
	    *why ? why : "closed", code);
	session_happen(s, EV_LOST);
}

static void
on_open(void *arg)
{
	session_happen(arg, EV_OPEN);
}

static void
take_hello(struct session *s, const struct frame *frame)
{
	int64_t ms = json_int(json_get(frame->data, "heartbeat_interval"), -1);

	s->beat_ms =
	    ms >= BEAT_LEAST_MS && ms <= BEAT_MOST_MS ? ms : BEAT_USUAL_MS;
	session_happen(s, EV_HELLO);
}

static void
take_ack(struct session *s, const struct frame *frame)
{
	(void)frame;
	s->is_beat_acknowledged = true;
	s->counters.beats++;
	s->events->on_beat(s->arg);
}

static void
take_beat_request(struct session *s, const struct frame *frame)
{
	(void)frame;
	session_beat_now(s);
}

static void
take_reconnect(struct session *s, const struct frame *frame)
{
	(void)frame;
	session_happen(s, EV_RECONNECT);
}

static void
take_invalid(struct session *s, const struct frame *frame)
{
	session_happen(s,
	    json_bool(frame->data, false) ? EV_INVALID_RESUMABLE : EV_INVALID);
}

static void
copy_text(char *out, size_t size, const struct json *object, const char *key)
{
	snprintf(out, size, "%s", json_str(json_get(object, key), ""));
}

static void
take_ready(struct session *s, const struct frame *frame)
{
	struct cursor *c = &s->cursor;
	const struct json *d = frame->data;

	*c = (struct cursor){ .shard = s->options.shard,
		.n_shards = s->options.n_shards,
		/* There is nothing of it to store. */
		.seq = frame->seq };
	copy_text(c->session_id, sizeof(c->session_id), d, "session_id");
	copy_text(
	    c->resume_url, sizeof(c->resume_url), d, "resume_gateway_url");
	copy_text(c->user_id, sizeof(c->user_id), json_get(d, "user"), "id");
	copy_text(c->application_id, sizeof(c->application_id),
	    json_get(d, "application"), "id");
	session_happen(s, EV_READY);
}

static void
take_event(struct session *s, const struct frame *frame)
{
	bool is_resumed = strcmp(frame->type, "RESUMED") == 0;
	/* Received before the resume, and on its way to the engine since. The
	 * number that RESUMED has is not documented. */
	bool is_known = !is_resumed && frame->seq >= 0 && frame->seq <= s->seq;

	if (frame->seq > s->seq)
		s->seq = frame->seq;
	if (strcmp(frame->type, "READY") == 0)
		take_ready(s, frame);
	else if (is_resumed)
		session_happen(s, EV_RESUMED);
	else if (s->state == SESSION_RESUMING)
		timer_start(s->timer, SESSION_REPLAY_MS, 0);
	if (!is_known)
		s->events->on_event(s->arg, frame);
}

static const struct {
	enum frame_op op;
	void (*take)(struct session *s, const struct frame *frame);
} ops[] = {
	{ OP_DISPATCH, take_event },
	{ OP_BEAT, take_beat_request },
	{ OP_RECONNECT, take_reconnect },
	{ OP_INVALID_SESSION, take_invalid },
	{ OP_HELLO, take_hello },
	{ OP_BEAT_ACK, take_ack },
};

static void
take_unreadable(
    struct session *s, const char *text, size_t size, const struct err *err)
{
	if (frame_can_be_left_out(text, size)) {
		log_warn("event-unreadable", "effect=\"it is left out\" why=%s",
		    log_quote(err->text));
		return;
	}
	snprintf(s->text, sizeof(s->text),
	    "Discord's gateway sends what cannot be read: %.180s", err->text);
	session_happen(s, EV_GARBLED);
}

static void
on_message(void *arg, const char *text, size_t size)
{
	struct session *s = arg;
	struct frame frame;
	struct err err;

	if (!text) {
		log_warn("event-too-long", "effect=\"it is left out\"");
		return;
	}
	if (frame_parse(&frame, text, size, &err) < 0) {
		take_unreadable(s, text, size, &err);
		return;
	}
	for (size_t i = 0; i < N_OF(ops); i++)
		if ((int64_t)ops[i].op == frame.op)
			ops[i].take(s, &frame);
	frame_release(&frame);
}

const struct wire_events session_wire_events = {
	.on_open = on_open,
	.on_message = on_message,
	.on_closed = on_closed,
};
