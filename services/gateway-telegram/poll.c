/* The long poll as a state machine; handing over is intake.c's. */

#include "services/gateway-telegram/poll.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/outbound.h"
#include "libcommon/suspects.h"
#include "services/gateway-telegram/bot.h"
#include "services/gateway-telegram/gateway.h"
#include "services/gateway-telegram/intake.h"
#include "services/gateway-telegram/menu.h"

enum state {
	STAY,		/* in the table only: the event changes nothing */
	STATE_ENGINE,	/* waits for the engine's welcome */
	STATE_IDENTIFY, /* getMe is under way */
	STATE_POLL,	/* getUpdates is under way */
	STATE_NAME,	/* the engine is asked whether to look at it */
	STATE_HAND,	/* the engine is given what came */
	STATE_HELD,	/* only files are waited for; then the poll behind */
	STATE_PAUSE,	/* after trouble; then the poll again */
	STATE_PAUSE_ME, /* the same before getMe was answered */
	STATE_REFUSED,	/* the token is not good; asked again now and then */
	STATE_COUNT
};

enum event {
	EVENT_WELCOME,
	EVENT_OK,	 /* the call under way was answered */
	EVENT_COMMITTED, /* the engine has it all */
	EVENT_HELD,	 /* it has all but what waits for files */
	EVENT_SUSPECT,	 /* what came may be what we died of */
	EVENT_FEWER,	 /* what came cannot be read: ask for less of it */
	EVENT_TROUBLE,	 /* no answer, 429, 409, 5xx */
	EVENT_REFUSED,
	EVENT_TIMER,
	EVENT_COUNT
};

static const char *const state_names[STATE_COUNT] = {
	[STATE_ENGINE] = "engine",
	[STATE_IDENTIFY] = "identify",
	[STATE_POLL] = "poll",
	[STATE_NAME] = "name",
	[STATE_HAND] = "hand",
	[STATE_HELD] = "held",
	[STATE_PAUSE] = "pause",
	[STATE_PAUSE_ME] = "pause-me",
	[STATE_REFUSED] = "refused",
};

static const enum state next[STATE_COUNT][EVENT_COUNT] = {
	[STATE_ENGINE][EVENT_WELCOME] = STATE_IDENTIFY,

	[STATE_IDENTIFY][EVENT_OK] = STATE_POLL,
	[STATE_IDENTIFY][EVENT_TROUBLE] = STATE_PAUSE_ME,
	[STATE_IDENTIFY][EVENT_REFUSED] = STATE_REFUSED,

	[STATE_POLL][EVENT_OK] = STATE_HAND,
	[STATE_POLL][EVENT_FEWER] = STATE_POLL,
	[STATE_POLL][EVENT_TROUBLE] = STATE_PAUSE,
	[STATE_POLL][EVENT_REFUSED] = STATE_REFUSED,
	[STATE_POLL][EVENT_SUSPECT] = STATE_NAME,

	[STATE_NAME][EVENT_OK] = STATE_POLL,

	[STATE_HAND][EVENT_COMMITTED] = STATE_POLL,
	[STATE_HAND][EVENT_HELD] = STATE_HELD,

	[STATE_HELD][EVENT_COMMITTED] = STATE_POLL,
	[STATE_HELD][EVENT_TIMER] = STATE_POLL,

	[STATE_PAUSE][EVENT_TIMER] = STATE_POLL,
	[STATE_PAUSE_ME][EVENT_TIMER] = STATE_IDENTIFY,
	[STATE_REFUSED][EVENT_TIMER] = STATE_IDENTIFY,
};

enum {
	BACK_OFF_LEAST_MS = 1000,
	BACK_OFF_MOST_MS = 60000,
	/* Telegram ends the older of two polls: whoever asks at once again
	 * only takes turns with the other. */
	CONFLICT_LEAST_MS = 10000,
	/* A token that was replaced is seen after at most so long. */
	REFUSED_MS = 60000,
	/* What is held is given again at once: nothing makes Telegram wait. */
	HELD_MS = 500,
	UPDATES_MAX = 100,
	/* Of one update alone: it may have been cut on its way. */
	GARBLED_MAX = 1,
};

struct poll {
	struct svc *svc;
	enum state state;
	struct timer *timer;
	struct buf params;
	int64_t offset;	  /* all before it are committed */
	int64_t held;	  /* the first that waits for a file; 0: none does */
	int64_t asked;	  /* from which the poll asked */
	int64_t pause_ms; /* how long the next pause is */
	int n_troubles;	  /* in a row */
	int n_garbled;	  /* answers in a row with one update, unreadable */
	int n_updates;	  /* how many the next poll may bring */
	int n_asked;	  /* how many the last one was to bring */
	int64_t named_id; /* the last update that the engine was asked about */
};

static void happened(struct poll *p, enum event event);

/* Up to a quarter more or less, so that many do not come back together. */
static int64_t
jitter(int64_t ms)
{
	uint32_t chance;

	id_random(&chance, sizeof(chance));
	return ms - ms / 4 + (int64_t)(chance % 1024) * ms / 2048;
}

static int64_t
back_off(int n_troubles)
{
	int64_t ms = BACK_OFF_LEAST_MS;

	for (int i = 1; i < n_troubles && ms < BACK_OFF_MOST_MS; i++)
		ms *= 2;
	return ms < BACK_OFF_MOST_MS ? ms : BACK_OFF_MOST_MS;
}

static void
tell_conflict(const char *why)
{
	service_set_state(BEAT_NEEDS_PERSON,
	    strstr(why, "webhook")
		? "Telegram sends updates to a webhook: remove it "
		  "(deleteWebhook), then messages arrive here"
		: "another program polls with the same bot token: stop it, "
		  "or give one of the two a bot of its own");
}

static void
tell_trouble(const struct bot_answer *answer)
{
	char text[300];

	if (answer->outcome == BOT_CONFLICT) {
		tell_conflict(answer->why);
		return;
	}
	snprintf(text, sizeof(text), "cannot reach Telegram: %s", answer->why);
	if (answer->outcome == BOT_LIMITED)
		snprintf(text, sizeof(text),
		    "Telegram asks to wait %" PRId64 " s",
		    answer->retry_after_ms / 1000);
	service_set_state(BEAT_DEGRADED, text);
}

static void
on_refused(struct poll *p, const char *why)
{
	log_error("token-refused", "why=%s", log_quote(why));
	service_set_state(BEAT_NEEDS_PERSON,
	    "Telegram refuses the bot token: get it again from @BotFather "
	    "and set AGENT_RUNTIME_TELEGRAM_TOKEN");
	happened(p, EVENT_REFUSED);
}

static void
on_trouble(struct poll *p, const struct bot_answer *answer)
{
	if (answer->outcome == BOT_REFUSED) {
		on_refused(p, answer->why);
		return;
	}
	p->n_troubles++;
	p->pause_ms = jitter(back_off(p->n_troubles));
	if (answer->outcome == BOT_CONFLICT && p->pause_ms < CONFLICT_LEAST_MS)
		p->pause_ms = jitter(CONFLICT_LEAST_MS);
	/* Its time is the least; the jitter comes on top. */
	if (p->pause_ms < answer->retry_after_ms)
		p->pause_ms = answer->retry_after_ms + p->pause_ms / 4;
	log_warn("poll-trouble", "state=%s pause_ms=%" PRId64 " why=%s",
	    state_names[p->state], p->pause_ms, log_quote(answer->why));
	tell_trouble(answer);
	happened(p, EVENT_TROUBLE);
}

static void
it_works(struct poll *p)
{
	p->n_troubles = 0;
	service_proof();
	service_set_state(BEAT_HEALTHY, "");
	outbound_allow(p->svc->outbound, true);
}

static void
on_me(void *arg, const struct bot_answer *answer)
{
	struct poll *p = arg;
	struct svc *svc = p->svc;

	if (answer->outcome != BOT_OK) {
		on_trouble(p, answer);
		return;
	}
	svc->me.id = json_int(json_get(answer->result, "id"), 0);
	snprintf(svc->username, sizeof(svc->username), "%s",
	    json_str(json_get(answer->result, "username"), ""));
	svc->me.username = svc->username;
	log_info("identified", "bot=%" PRId64 " username=%s reads_groups=%s",
	    svc->me.id, log_quote(svc->username),
	    json_bool(
		json_get(answer->result, "can_read_all_group_messages"), false)
		? "true"
		: "false");
	it_works(p);
	happened(p, EVENT_OK);
}

/*
 * One update that we cannot read must not hold up the others for ever: they
 * are then asked for one by one, and the one that still cannot be read goes.
 */
static void
on_garbled(struct poll *p, const char *body)
{
	int64_t id = telegram_first_update(body);

	if (++p->n_garbled <= GARBLED_MAX || id < p->offset || id == 0)
		return;
	p->svc->counters.dropped++;
	log_error("update-dropped", "update=%" PRId64 " why=%s", id,
	    log_quote("it is not JSON as we accept it"));
	p->offset = id + 1;
	p->n_garbled = 0;
	p->n_troubles = 0;
}

/* Too much at once, or an update among others that we cannot read. */
static void
on_unreadable(struct poll *p, const struct bot_answer *answer)
{
	if (p->n_asked > 1) {
		log_warn("poll-narrowed", "updates=%d why=%s", p->n_asked,
		    log_quote(answer->why));
		p->n_updates = 1;
		happened(p, EVENT_FEWER);
		return;
	}
	on_garbled(p, answer->raw);
	on_trouble(p, answer);
}

/* Those behind the one that could not be read come together again. */
static void
ask_for_more(struct poll *p)
{
	p->n_updates *= 2;
	if (p->n_updates > UPDATES_MAX)
		p->n_updates = UPDATES_MAX;
}

static void
on_verdict(void *arg, bool is_poison)
{
	struct poll *p = arg;

	if (is_poison)
		p->offset = p->named_id + 1;
	/* Else Telegram gives it again, and it is looked at. */
	happened(p, EVENT_OK);
}

/*
 * After a kill updates come one by one, and nothing of one is looked at but its
 * number before the engine knows of it. Telegram has none left: then what we
 * died of is through.
 */
static bool
is_suspect(struct poll *p, const struct json *updates)
{
	struct suspects *suspects = p->svc->suspects;
	int64_t id = json_int(json_get(json_first(updates), "update_id"), 0);
	char name[32];

	if (json_count(updates) == 0)
		suspects_end(suspects);
	if (!suspects_are_on(suspects) || id == p->named_id)
		return false;
	p->named_id = id;
	snprintf(name, sizeof(name), "%" PRId64, id);
	suspects_name(suspects, name, on_verdict, p);
	return true;
}

static void
on_updates(void *arg, const struct bot_answer *answer)
{
	struct poll *p = arg;

	if (answer->outcome == BOT_GARBLED) {
		on_unreadable(p, answer);
		return;
	}
	if (answer->outcome != BOT_OK) {
		on_trouble(p, answer);
		return;
	}
	p->n_garbled = 0;
	ask_for_more(p);
	it_works(p);
	if (is_suspect(p, answer->result)) {
		happened(p, EVENT_SUSPECT);
		return;
	}
	menu_sync(p->svc->menu);
	happened(p, EVENT_OK);
	/* May be committed at once: there was nothing. */
	intake_take(p->svc->intake, answer->result, p->asked);
}

static void
ask_me(struct poll *p)
{
	buf_reset(&p->params);
	buf_adds(&p->params, "{}");
	bot_call(p->svc->bot, "getMe", &p->params, 0, on_me, p);
}

static void
ask_updates(struct poll *p)
{
	int64_t seconds = p->held ? 0 : p->svc->cfg->poll_seconds;
	struct json_out out;

	p->asked = p->held ? p->held : p->offset;
	p->n_asked = suspects_are_on(p->svc->suspects) ? 1 : p->n_updates;
	buf_reset(&p->params);
	json_out_init(&out, &p->params);
	json_out_object(&out, NULL);
	if (p->asked > 0)
		json_out_int(&out, "offset", p->asked);
	json_out_int(&out, "limit", p->n_asked);
	json_out_int(&out, "timeout", seconds);
	json_out_list(&out, "allowed_updates");
	json_out_str(&out, NULL, "message");
	json_out_str(&out, NULL, "edited_message");
	json_out_str(&out, NULL, "callback_query");
	json_out_str(&out, NULL, "my_chat_member");
	json_out_list_end(&out);
	json_out_object_end(&out);
	bot_call(p->svc->bot, "getUpdates", &p->params, seconds * 1000,
	    on_updates, p);
}

static void
pause(struct poll *p)
{
	timer_start(p->timer, p->pause_ms, 0);
}

static void
pause_held(struct poll *p)
{
	timer_start(p->timer, HELD_MS, 0);
}

static void
wait_for_token(struct poll *p)
{
	outbound_allow(p->svc->outbound, false);
	timer_start(p->timer, jitter(REFUSED_MS), 0);
}

/* The states that are not listed wait for somebody else. */
static void (*const on_enter[STATE_COUNT])(struct poll *p) = {
	[STATE_IDENTIFY] = ask_me,
	[STATE_POLL] = ask_updates,
	[STATE_HELD] = pause_held,
	[STATE_PAUSE] = pause,
	[STATE_PAUSE_ME] = pause,
	[STATE_REFUSED] = wait_for_token,
};

static void
enter(struct poll *p, enum state state)
{
	log_debug("poll-state", "was=%s now=%s", state_names[p->state],
	    state_names[state]);
	timer_stop(p->timer);
	p->state = state;
	if (on_enter[state])
		on_enter[state](p);
}

static void
happened(struct poll *p, enum event event)
{
	enum state state = next[p->state][event];

	if (state != STAY)
		enter(p, state);
}

static void
on_timer(void *arg)
{
	happened(arg, EVENT_TIMER);
}

struct poll *
poll_open(struct svc *svc)
{
	struct poll *p = xcalloc(1, sizeof(*p));

	p->svc = svc;
	p->state = STATE_ENGINE;
	p->n_updates = UPDATES_MAX;
	p->timer = timer_new(svc->env.loop, on_timer, p);
	buf_init(&p->params);
	return p;
}

void
poll_close(struct poll **slot)
{
	struct poll *p = *slot;

	if (!p)
		return;
	timer_free(&p->timer);
	buf_release(&p->params);
	xfree(slot);
}

void
poll_begin(struct poll *p, int64_t offset)
{
	p->offset = offset;
	happened(p, EVENT_WELCOME);
}

void
poll_committed(struct poll *p, int64_t offset)
{
	p->offset = offset;
	p->held = 0;
	suspects_looked(p->svc->suspects);
	happened(p, EVENT_COMMITTED);
}

void
poll_held(struct poll *p, int64_t update_id)
{
	p->held = update_id;
	happened(p, EVENT_HELD);
}
