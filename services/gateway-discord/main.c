/* Starts the Discord gateway and joins its parts: the session to the inbox,
 * the outbox to REST. */

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/confine.h"
#include "libcommon/connector.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/edits.h"
#include "libcommon/outbound.h"
#include "libcommon/service.h"
#include "libcommon/suspects.h"
#include "libcommon/typing.h"
#include "proto/action.h"
#include "proto/message.h"
#include "services/gateway-discord/grow.h"
#include "services/gateway-discord/complete.h"
#include "services/gateway-discord/config.h"
#include "services/gateway-discord/cursor.h"
#include "services/gateway-discord/deliver.h"
#include "services/gateway-discord/events.h"
#include "services/gateway-discord/files.h"
#include "services/gateway-discord/frame.h"
#include "services/gateway-discord/gate.h"
#include "services/gateway-discord/gateway.h"
#include "services/gateway-discord/inbox.h"
#include "services/gateway-discord/interactions.h"
#include "services/gateway-discord/menu.h"
#include "services/gateway-discord/places.h"
#include "services/gateway-discord/render.h"
#include "services/gateway-discord/rest.h"
#include "services/gateway-discord/roll.h"
#include "services/gateway-discord/session.h"

enum {
	ARENA_BYTES = 1024 * 1024,
	/* A connection that comes back sooner is nobody's worry. */
	GRACE_MS = 10000,
	/* Discord shows it for ten seconds. */
	TYPING_AGAIN_MS = 8000,
};

/* -- what Discord tells ---------------------------------------------------- */

static void
on_event(void *arg, const struct frame *frame)
{
	struct svc *svc = arg;

	gate_take(svc->gate, frame, session_cursor(svc->session)->session_id,
	    session_number(svc->session));
}

static enum beat_state
state_of(const struct session *session)
{
	if (session_is_stopped(session))
		return BEAT_NEEDS_PERSON;
	return session_is_ready(session) && !*session_text(session)
		   ? BEAT_HEALTHY
		   : BEAT_DEGRADED;
}

static void
tell_state(void *arg)
{
	struct svc *svc = arg;

	service_set_state(state_of(svc->session), session_text(svc->session));
}

static void
on_state(void *arg, enum session_state state)
{
	struct svc *svc = arg;

	if (state == SESSION_READY)
		menu_begin(svc->menu,
		    *svc->cfg->application_id
			? svc->cfg->application_id
			: session_cursor(svc->session)->application_id);
	if (state == SESSION_READY || state == SESSION_STOPPED) {
		timer_stop(svc->grace);
		tell_state(svc);
		outbound_allow(svc->outbound, state == SESSION_READY);
	} else if (!timer_is_running(svc->grace)) {
		timer_start(svc->grace, GRACE_MS, 0);
	}
}

static void
on_heartbeat(void *arg)
{
	(void)arg;
	service_proof();
}

static const struct session_events session_events = {
	.on_event = on_event,
	.on_state = on_state,
	.on_beat = on_heartbeat,
};

/* -- what the engine has stored -------------------------------------------- */

static const struct cursor *
cursor_now(void *arg)
{
	const struct svc *svc = arg;

	return session_cursor(svc->session);
}

static int64_t
session_now(void *arg)
{
	const struct svc *svc = arg;

	return session_number(svc->session);
}

static void
on_stored(void *arg, int64_t session_number, int64_t seq)
{
	struct svc *svc = arg;

	session_settle(svc->session, session_number, seq);
}

static void
on_full(void *arg)
{
	struct svc *svc = arg;

	session_pause(svc->session);
}

static void
on_drained(void *arg)
{
	struct svc *svc = arg;

	session_go_on(svc->session);
}

/* A sign of life, where an answer may be due. A command has its own. */
static void
on_accepted(void *arg, const struct message_inbound *message)
{
	struct svc *svc = arg;

	if (message->is_addressed && strncmp(message->event_id, "m:", 2) == 0)
		typing_expect(svc->typing, message->chat_id);
}

static void
on_decided(void *arg, const struct button_pressed *pressed,
    const struct button_outcome *outcome)
{
	struct svc *svc = arg;

	interactions_decide(svc->interactions, pressed, outcome);
}

static const struct gate_events gate_events = {
	.pass = events_pass,
	.leave = events_leave,
	.full = on_full,
	.drained = on_drained,
};

static const struct inbox_events inbox_events = {
	.cursor = cursor_now,
	.session_number = session_now,
	.stored = on_stored,
	.accepted = on_accepted,
	.decided = on_decided,
	.full = on_full,
	.drained = on_drained,
};

static void
on_waited_for(void *arg)
{
	struct svc *svc = arg;

	inbox_go_on(svc->inbox);
}

/* -- what goes out --------------------------------------------------------- */

static void
on_part(void *arg, struct outbound_job *job, const struct outbound_part *part)
{
	struct svc *svc = arg;

	typing_end(svc->typing, part->chat_id);
	deliver_part(svc->deliver, job, part);
}

static bool
on_edit(void *arg, struct edit *edit)
{
	struct svc *svc = arg;

	return grow_show(svc->rest, edit);
}

static const struct edits_platform edits_platform = {
	.split = {
		.limit = RENDER_LIMIT,
		.unit = UTF8_CODE_POINTS,
		.renderer = &render_discord,
	},
	.every_ms = grow_every_ms,
	.show = on_edit,
};

static void
on_typing_shown(void *arg, const struct rest_answer *answer,
    const struct err *err, int64_t retry_after_ms)
{
	(void)answer;
	(void)err;
	typing_shown(arg, retry_after_ms);
}

static bool
show_typing(void *arg, struct typing_sign *sign, const char *chat_id)
{
	struct svc *svc = arg;
	char path[64], lane[sizeof(path) + 8];

	snprintf(path, sizeof(path), "/channels/%.24s/typing", chat_id);
	snprintf(lane, sizeof(lane), "POST %s", path);
	rest_call(svc->rest,
	    &(struct rest_request){
		.method = "POST",
		.path = path,
		.lane = lane,
		.flags = REST_IDLE,
	    },
	    on_typing_shown, sign);
	return true;
}

static const struct typing_platform typing_platform = {
	.again_ms = TYPING_AGAIN_MS,
	.show = show_typing,
};

static void
on_delivery_ready(
    struct svc *svc, const struct bus_peer *from, const struct envelope *news)
{
	(void)from;
	(void)news;
	if (svc->outbound)
		outbound_ring(svc->outbound);
}

static void
on_turn_progress(
    struct svc *svc, const struct bus_peer *from, const struct envelope *news)
{
	(void)from;
	if (!svc->typing || !session_is_ready(svc->session))
		return;
	typing_take(svc->typing, news);
	edits_take(svc->edits, news);
}

static const struct handler handlers[] = {
	{ "delivery.ready", .on_news = on_delivery_ready },
	{ "turn.progress", .on_news = on_turn_progress },
};

/* -- beginning and end ----------------------------------------------------- */

static void
on_refused(void *arg)
{
	struct svc *svc = arg;

	session_stop(svc->session,
	    "Discord refuses the token: set AGENT_RUNTIME_DISCORD_TOKEN and "
	    "restart");
}

static void
on_welcome(void *arg, const char *text, bool was_clean_stop)
{
	struct svc *svc = arg;
	struct cursor cursor;

	if (!svc->session)
		return;
	if (!was_clean_stop)
		suspects_begin(svc->suspects);
	(void)cursor_read(&cursor, text);
	session_start(svc->session, &cursor);
}

static int
open_session(struct svc *svc, struct err *err)
{
	const struct discord_cfg *cfg = svc->cfg;
	struct rest_options rest = {
		.base_url = cfg->api_base,
		.token = cfg->token,
		.ca_file = cfg->ca_file,
		.on_refused = on_refused,
		.arg = svc,
	};
	struct session_options session = {
		.token = cfg->token,
		.gateway_url = cfg->gateway_url,
		.ca_file = cfg->ca_file,
		.needs_tls = strncmp(cfg->api_base, "https://", 8) == 0,
	};

	/* Checked before. */
	(void)discord_cfg_shard(cfg->shard, &session.shard, &session.n_shards);
	rest.n_shards = session.n_shards;
	if (rest_open(&svc->rest, svc->env.loop, &rest, err) < 0)
		return -1;
	return session_open(&svc->session, svc->env.loop, svc->rest, &session,
	    &session_events, svc, err);
}

static int
open_parts(struct svc *svc, struct err *err)
{
	struct loop *loop = svc->env.loop;
	const struct menu_options menu = {
		.guild_ids = svc->cfg->command_guild_ids,
		/* One of several shards is enough. */
		.is_synced = svc->cfg->syncs_commands &&
			     strncmp(svc->cfg->shard, "0/", 2) == 0,
	};
	const struct files_options files = {
		.api_base = svc->cfg->api_base,
		.ca_file = svc->cfg->ca_file,
		.done = on_waited_for,
		.arg = svc,
	};
	struct inbox_parts inbox = { .connector = svc->connector };
	struct outbound_platform platform = {
		.split = edits_platform.split,
		.send = on_part,
	};

	if (files_open(&svc->files, loop, svc->connector, &files, err) < 0)
		return -1;

	svc->suspects = suspects_new(loop, svc->connector);
	svc->gate = gate_new(svc->suspects, &gate_events, svc);
	svc->places = places_new(svc->rest, on_waited_for, svc);
	svc->roll = roll_new(loop, svc->connector);
	svc->interactions = interactions_new(svc->rest);
	svc->complete = complete_new(svc->connector, svc->rest);
	svc->deliver = deliver_new(svc->rest, svc->interactions);
	svc->typing = typing_new(loop, &typing_platform, svc);
	svc->menu = menu_new(loop, svc->connector, svc->rest, &menu);
	inbox.places = svc->places;
	inbox.files = svc->files;
	svc->inbox = inbox_new(loop, &inbox, &inbox_events, svc);
	svc->edits = edits_new(&edits_platform, svc);
	platform.edits = svc->edits;
	svc->outbound = outbound_open(loop, svc->connector, &platform, svc);
	svc->grace = timer_new(loop, tell_state, svc);
	svc->arena = arena_new(ARENA_BYTES);
	return 0;
}

static void
show_counters(const struct svc *svc)
{
	const struct session_counters *session = session_counters(svc->session);
	const struct inbox_counters *inbox = inbox_counters(svc->inbox);
	const struct outbound_counters *out = outbound_counters(svc->outbound);
	const struct rest_counters *rest = rest_counters(svc->rest);

	service_counter("identifies", &session->identifies);
	service_counter("resumes", &session->resumes);
	service_counter("events", &inbox->events);
	service_counter("accepted", &inbox->accepted);
	service_counter("duplicates", &inbox->duplicates);
	service_counter("waiting", &inbox->waiting);
	service_counter("set_aside", &inbox->set_aside);
	service_counter("poison", suspects_counter(svc->suspects));
	service_counter("parts_sent", &out->parts);
	service_counter("delivery_retries", &out->retries);
	service_counter("deliveries_refused", &out->refused);
	service_counter("rate_limited", &rest->rate_limited);
}

static int
discord_init(
    struct svc **svc_out, const struct service_env *env, struct err *err)
{
	struct svc *svc = xcalloc(1, sizeof(*svc));

	svc->env = *env;
	svc->cfg = env->cfg;
	*svc_out = svc;
	if (svc->cfg->token[0] != '\0' && open_session(svc, err) < 0)
		return -1;
	svc->connector = connector_open(env, on_welcome, svc);
	if (!svc->session) {
		service_set_state(
		    BEAT_DISABLED, "set AGENT_RUNTIME_DISCORD_TOKEN");
		return 0;
	}
	if (open_parts(svc, err) < 0)
		return -1;
	show_counters(svc);
	service_set_state(BEAT_STARTING, "");
	return 0;
}

static void
discord_deinit(struct svc **slot)
{
	struct svc *svc = *slot;

	rest_close(&svc->rest);
	session_close(&svc->session);
	outbound_close(&svc->outbound);
	gate_free(&svc->gate);
	suspects_free(&svc->suspects);
	inbox_free(&svc->inbox);
	files_close(&svc->files);
	deliver_free(&svc->deliver);
	complete_free(&svc->complete);
	interactions_free(&svc->interactions);
	typing_free(&svc->typing);
	edits_free(&svc->edits);
	menu_free(&svc->menu);
	places_free(&svc->places);
	roll_free(&svc->roll);
	if (svc->grace)
		timer_free(&svc->grace);
	if (svc->arena)
		arena_free(&svc->arena);
	connector_close(&svc->connector);
	xfree(slot);
}

/* Nothing on disk: Discord, and what TLS and names need. */
static void
discord_confine(const struct svc *svc, struct confine_rules *rules)
{
	static struct confine_path paths[1];

	*rules = (struct confine_rules){ 0 };
	if (!svc->session)
		return;
	rules->flags = CONFINE_ALLOW_CONNECT;
	if (!*svc->cfg->ca_file)
		return;
	paths[0] = (struct confine_path){ svc->cfg->ca_file, CONFINE_READ };
	rules->paths = paths;
	rules->n_paths = 1;
}

static const struct service discord = {
	.id = SVC_GATEWAY_DISCORD,
	.summary = "connects Discord servers to the agent",
	.items = discord_items,
	.n_items = N_DISCORD_ITEMS,
	.cfg_size = sizeof(struct discord_cfg),
	SERVICE_HANDLERS(handlers),
	.check = discord_cfg_check,
	.init = discord_init,
	.deinit = discord_deinit,
	.confine = discord_confine,
};

int
main(int argc, char **argv)
{
	return service_main(argc, argv, &discord);
}
