/* The session with Discord as a table: in which state what happens is met by
 * which function. */

#include "services/gateway-discord/session_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/gateway-discord/address.h"
#include "services/gateway-discord/frame.h"
#include "services/gateway-discord/rest.h"
#include "services/gateway-discord/wire.h"

enum {
	/* Until a step of the beginning is answered. */
	STEP_MS = 20000,
	LASTING_MS = 2000,
	LASTING_SESSION_MS = 10 * 60 * 1000,
	FIRST_WAIT_MS = 300,
	LONGEST_WAIT_MS = 60000,
	/* Discord: after an invalid session one to five seconds. */
	INVALID_LEAST_MS = 1000,
	INVALID_MOST_MS = 5000,
	/* One identify in five seconds, for each of max_concurrency. */
	IDENTIFY_EVERY_MS = 5000,
	/* So often its own URL, then the general one. */
	RESUME_URL_TRIES = 3,
	/* Closing with 1000 or 1001 would end the session at Discord's. */
	CLOSE_TO_RESUME = 4900,
};

typedef void (*action_fn)(struct session *s);

static const char *const state_names[SESSION_STATE_COUNT] = {
	[SESSION_IDLE] = "idle",
	[SESSION_ASKING] = "asking",
	[SESSION_CONNECTING] = "connecting",
	[SESSION_GREETING] = "greeting",
	[SESSION_IDENTIFYING] = "identifying",
	[SESSION_RESUMING] = "resuming",
	[SESSION_READY] = "ready",
	[SESSION_WAITING] = "waiting",
	[SESSION_PAUSED] = "paused",
	[SESSION_STOPPED] = "stopped",
};

/* Nowhere else is the state set. for_ms 0: as long as it takes. */
static void
session_enter(struct session *s, enum session_state state, int64_t for_ms)
{
	log_info("session", "from=%s to=%s why=%s", state_names[s->state],
	    state_names[state], log_quote(s->text));
	s->state = state;
	timer_stop(s->timer);
	if (for_ms > 0)
		timer_start(s->timer, for_ms, 0);
	s->events->on_state(s->arg, state);
}

void
session_say(struct session *s, const char *text)
{
	snprintf(s->text, sizeof(s->text), "%s", text);
}

static bool
has_session(const struct session *s)
{
	return *s->cursor.session_id != '\0';
}

int64_t
session_random_ms(int64_t least_ms, int64_t most_ms)
{
	uint32_t r;

	id_random(&r, sizeof(r));
	return least_ms + (int64_t)(r % (uint64_t)(most_ms - least_ms + 1));
}

/* Doubled with each failure, and never the same for two of us. */
static int64_t
back_off_ms(const struct session *s)
{
	int64_t ms = FIRST_WAIT_MS;

	for (int i = 1; i < s->n_failures && ms < LONGEST_WAIT_MS; i++)
		ms *= 2;
	if (ms > LONGEST_WAIT_MS)
		ms = LONGEST_WAIT_MS;
	return session_random_ms(ms / 2, ms);
}

static void
hang_up(struct session *s)
{
	session_beats_stop(s);
	wire_hang_up(s->wire, CLOSE_TO_RESUME);
}

static void
wait_and_return(struct session *s, int64_t ms)
{
	hang_up(s);
	s->counters.losses++;
	session_enter(s, SESSION_WAITING, ms);
}

/* A connection that lasted owes nothing to the failures before it. A session
 * that is lost costs one of a thousand beginnings a day. */
static void
note_failure(struct session *s, int64_t lasted_least_ms)
{
	int64_t lasted_ms = clock_mono_ms() - s->ready_ms;

	if (s->state == SESSION_READY && lasted_ms >= lasted_least_ms)
		s->n_failures = 0;
	s->n_failures++;
}

static void
lose(struct session *s)
{
	note_failure(s, LASTING_MS);
	wait_and_return(s, back_off_ms(s));
}

static void
forget(struct session *s)
{
	s->cursor.session_id[0] = '\0';
	s->cursor.seq = s->seq = -1;
	s->number++;
}

static void
lose_session(struct session *s)
{
	forget(s);
	note_failure(s, LASTING_SESSION_MS);
	wait_and_return(s, back_off_ms(s));
}

static void
lose_invalid(struct session *s)
{
	session_say(s, "Discord has ended the session: a new one begins");
	forget(s);
	note_failure(s, LASTING_SESSION_MS);
	wait_and_return(s, back_off_ms(s) + session_random_ms(INVALID_LEAST_MS,
						INVALID_MOST_MS));
}

static void
lose_silent(struct session *s)
{
	session_say(s, "Discord did not acknowledge a heartbeat");
	lose(s);
}

static void
lose_asked(struct session *s)
{
	session_say(s, "Discord asked for a new connection");
	lose(s);
}

static void
lose_late(struct session *s)
{
	session_say(s, "Discord did not answer in time");
	lose(s);
}

static void
stop(struct session *s)
{
	hang_up(s);
	session_enter(s, SESSION_STOPPED, 0);
}

/* Without the intent we still hear direct messages and mentions. */
static void
go_without_content(struct session *s)
{
	if (!(s->intents & INTENT_MESSAGE_CONTENT)) {
		stop(s);
		return;
	}
	log_warn("no-message-content",
	    "remedy=\"turn on Message Content Intent in Discord's developer "
	    "portal and restart\"");
	s->intents &= ~(int64_t)INTENT_MESSAGE_CONTENT;
	lose_session(s);
}

static void
pause_session(struct session *s)
{
	session_say(s, "the engine does not keep up: events wait at Discord");
	hang_up(s);
	session_enter(s, SESSION_PAUSED, 0);
}

static int
read_address(const struct session *s, struct address *out, const char *url,
    struct err *err)
{
	if (address_parse(out, url, err) < 0)
		return -1;
	if (s->options.needs_tls && !out->is_tls)
		return err_set(err, ERR_INVALID,
		    "the gateway's URL is not wss://: all could read the "
		    "token");
	return 0;
}

static void
dial(struct session *s, const char *url)
{
	struct address address;
	struct err err;

	if (read_address(s, &address, url, &err) < 0) {
		session_say(s, err.text);
		lose(s);
		return;
	}
	session_enter(s, SESSION_CONNECTING, STEP_MS);
	wire_dial(s->wire, &address);
}

/* Until when Discord lets nobody begin a session. */
static int64_t
wait_for_start_ms(const struct json *limit)
{
	int64_t remaining = json_int(json_get(limit, "remaining"), 1);

	if (remaining > 0)
		return 0;
	return json_int(json_get(limit, "reset_after"), LONGEST_WAIT_MS);
}

static void
note_shards(const struct session *s, int64_t recommended)
{
	if (recommended > s->options.n_shards)
		log_warn("more-shards",
		    "have=%" PRId64 " recommended=%" PRId64
		    " remedy=\"run more instances, see "
		    "AGENT_RUNTIME_DISCORD_SHARD\"",
		    s->options.n_shards, recommended);
}

static void
on_gateway(void *arg, const struct rest_answer *answer, const struct err *err,
    int64_t retry_after_ms)
{
	struct session *s = arg;
	const struct json *limit;
	int64_t wait_ms;

	(void)retry_after_ms;
	if (s->state != SESSION_ASKING)
		return;
	if (!answer || answer->status != 200) {
		session_say(s, answer ? answer->text : err->text);
		session_happen(s, EV_UNKNOWN);
		return;
	}
	snprintf(s->general_url, sizeof(s->general_url), "%s",
	    json_str(json_get(answer->json, "url"), ""));
	note_shards(s, json_int(json_get(answer->json, "shards"), 1));
	limit = json_get(answer->json, "session_start_limit");
	wait_ms = has_session(s) ? 0 : wait_for_start_ms(limit);
	if (wait_ms > 0) {
		session_say(
		    s, "Discord allows no new session today: it is waited for");
		session_enter(s, SESSION_WAITING, wait_ms);
		return;
	}
	session_happen(s, EV_KNOWN);
}

static void
ask(struct session *s)
{
	session_enter(s, SESSION_ASKING, 0);
	rest_call(s->rest,
	    &(struct rest_request){
		.method = "GET",
		.path = "/gateway/bot",
		.lane = "GET /gateway/bot",
	    },
	    on_gateway, s);
}

/* A session that is to be resumed has a URL of its own. Only when that fails
 * again and again the general one is tried; Discord alone ends a session. */
static void
begin(struct session *s)
{
	if (has_session(s) && s->n_failures <= RESUME_URL_TRIES)
		dial(s, s->cursor.resume_url);
	else
		ask(s);
}

static void
connect_general(struct session *s)
{
	dial(s,
	    *s->options.gateway_url ? s->options.gateway_url : s->general_url);
}

static void
greet(struct session *s)
{
	session_enter(s, SESSION_GREETING, STEP_MS);
}

static void
resume(struct session *s)
{
	struct buf payload;

	buf_init(&payload);
	/* Discord may forget what it is told that we have: so that is what is
	 * stored. What was only received comes again, and is known then. */
	frame_resume(
	    &payload, s->options.token, s->cursor.session_id, s->cursor.seq);
	session_send(s, &payload);
	s->counters.resumes++;
	session_enter(s, SESSION_RESUMING, SESSION_REPLAY_MS);
}

static void
identify(struct session *s)
{
	const struct frame_identity identity = {
		.token = s->options.token,
		.shard = s->options.shard,
		.n_shards = s->options.n_shards,
		.intents = s->intents,
	};
	struct buf payload;

	buf_init(&payload);
	frame_identify(&payload, &identity);
	session_send(s, &payload);
	s->counters.identifies++;
	s->identified_ms = clock_mono_ms();
	session_enter(s, SESSION_IDENTIFYING, STEP_MS);
}

static void
authenticate(struct session *s)
{
	session_beats_start(s);
	if (has_session(s))
		resume(s);
	else
		identify(s);
}

/* An identify too early would end in an invalid session. */
static void
return_after_wait(struct session *s)
{
	int64_t since_ms = clock_mono_ms() - s->identified_ms;

	if (!has_session(s) && s->identified_ms &&
	    since_ms < IDENTIFY_EVERY_MS) {
		session_enter(
		    s, SESSION_WAITING, IDENTIFY_EVERY_MS - since_ms + 50);
		return;
	}
	begin(s);
}

static void
become_ready(struct session *s)
{
	s->ready_ms = clock_mono_ms();
	s->cursor.has_content = s->intents & INTENT_MESSAGE_CONTENT;
	session_say(
	    s, s->cursor.has_content
		   ? ""
		   : "works without the Message Content intent: in servers "
		     "only mentions are heard");
	session_enter(s, SESSION_READY, 0);
}

// clang-format off
#define WHILE_CONNECTED \
	[EV_RECONNECT] = lose_asked, \
	[EV_INVALID] = lose_invalid, \
	[EV_INVALID_RESUMABLE] = lose_asked, \
	[EV_SILENT] = lose_silent, \
	[EV_GARBLED] = lose, \
	[EV_LOST] = lose, \
	[EV_LOST_SESSION] = lose_session, \
	[EV_NO_CONTENT] = go_without_content, \
	[EV_FATAL] = stop, \
	[EV_FULL] = pause_session

/* What is not there cannot happen, or means nothing in that state. */
static const action_fn table[SESSION_STATE_COUNT][EV_COUNT] = {
	[SESSION_IDLE] = {
		[EV_START] = begin,
		[EV_FATAL] = stop,
	},
	[SESSION_ASKING] = {
		[EV_KNOWN] = connect_general,
		[EV_UNKNOWN] = lose,
		[EV_FATAL] = stop,
		[EV_FULL] = pause_session,
	},
	[SESSION_CONNECTING] = {
		WHILE_CONNECTED,
		[EV_OPEN] = greet,
		[EV_TIMEOUT] = lose_late,
	},
	[SESSION_GREETING] = {
		WHILE_CONNECTED,
		[EV_HELLO] = authenticate,
		[EV_TIMEOUT] = lose_late,
	},
	[SESSION_IDENTIFYING] = {
		WHILE_CONNECTED,
		[EV_READY] = become_ready,
		[EV_TIMEOUT] = lose_late,
	},
	[SESSION_RESUMING] = {
		WHILE_CONNECTED,
		[EV_RESUMED] = become_ready,
		[EV_TIMEOUT] = lose_late,
	},
	[SESSION_READY] = {
		WHILE_CONNECTED,
	},
	[SESSION_WAITING] = {
		[EV_TIMEOUT] = return_after_wait,
		[EV_FATAL] = stop,
		[EV_FULL] = pause_session,
	},
	[SESSION_PAUSED] = {
		[EV_DRAINED] = begin,
		[EV_FATAL] = stop,
	},
};
// clang-format on

void
session_happen(struct session *s, enum session_event event)
{
	action_fn action = table[s->state][event];

	if (action)
		action(s);
}

static void
on_timer(void *arg)
{
	session_happen(arg, EV_TIMEOUT);
}

int
session_open(struct session **session_out, struct loop *loop, struct rest *rest,
    const struct session_options *options, const struct session_events *events,
    void *arg, struct err *err)
{
	struct session *s = xcalloc(1, sizeof(*s));

	if (wire_open(&s->wire, loop, options->ca_file, &session_wire_events, s,
		err) < 0) {
		xfree(&s);
		return -1;
	}
	s->loop = loop;
	s->rest = rest;
	s->options = *options;
	s->events = events;
	s->arg = arg;
	s->intents = INTENT_GUILDS | INTENT_GUILD_MESSAGES |
		     INTENT_DIRECT_MESSAGES | INTENT_MESSAGE_CONTENT;
	s->timer = timer_new(loop, on_timer, s);
	s->beat = timer_new(loop, session_beats_on_timer, s);
	forget(s);
	*session_out = s;
	return 0;
}

void
session_close(struct session **slot)
{
	struct session *s = STEAL(*slot);

	if (!s)
		return;
	timer_free(&s->timer);
	timer_free(&s->beat);
	wire_close(&s->wire);
	xfree(&s);
}

void
session_start(struct session *s, const struct cursor *cursor)
{
	bool is_ours = *cursor->session_id &&
		       cursor->shard == s->options.shard &&
		       cursor->n_shards == s->options.n_shards;

	if (is_ours) {
		s->cursor = *cursor;
		s->seq = cursor->seq;
		s->number++;
		if (!cursor->has_content)
			s->intents &= ~(int64_t)INTENT_MESSAGE_CONTENT;
	}
	session_happen(s, EV_START);
}

void
session_stop(struct session *s, const char *why)
{
	session_say(s, why);
	session_happen(s, EV_FATAL);
}

void
session_pause(struct session *s)
{
	session_happen(s, EV_FULL);
}

void
session_go_on(struct session *s)
{
	session_happen(s, EV_DRAINED);
}

void
session_settle(struct session *s, int64_t number, int64_t seq)
{
	/* It may be of a session that has ended meanwhile. */
	if (number != s->number)
		return;
	assert(seq <= s->seq);
	if (seq > s->cursor.seq)
		s->cursor.seq = seq;
}

const struct cursor *
session_cursor(const struct session *s)
{
	return &s->cursor;
}

int64_t
session_number(const struct session *s)
{
	return s->number;
}

bool
session_is_ready(const struct session *s)
{
	return s->state == SESSION_READY;
}

bool
session_is_stopped(const struct session *s)
{
	return s->state == SESSION_STOPPED;
}

const char *
session_text(const struct session *s)
{
	return s->text;
}

const struct session_counters *
session_counters(const struct session *s)
{
	return &s->counters;
}
