/* Starts the Telegram gateway; the session is poll.c's, and its parts are
 * intake.c and send.c. */

#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/confine.h"
#include "libcommon/connector.h"
#include "libcommon/log.h"
#include "libcommon/markup.h"
#include "libcommon/edits.h"
#include "libcommon/outbound.h"
#include "libcommon/suspects.h"
#include "libcommon/typing.h"
#include "services/gateway-telegram/bot.h"
#include "services/gateway-telegram/gateway.h"
#include "services/gateway-telegram/intake.h"
#include "services/gateway-telegram/menu.h"
#include "services/gateway-telegram/poll.h"
#include "services/gateway-telegram/render.h"

/* Telegram shows it for five seconds, or until a message. */
enum { TYPING_AGAIN_MS = 4500 };

static const struct cfg_item items[] = {
	CFG_SECRET("AGENT_RUNTIME_TELEGRAM_TOKEN", struct telegram_cfg, token,
	    "bot token from @BotFather; empty: the gateway is disabled"),
	CFG_STR("AGENT_RUNTIME_TELEGRAM_API_BASE", struct telegram_cfg,
	    api_base, "https://api.telegram.org",
	    "where the Bot API is; another one for a server of your own"),
	CFG_INT("AGENT_RUNTIME_TELEGRAM_POLL_SECONDS", struct telegram_cfg,
	    poll_seconds, "25", 1, 50, "s",
	    "how long Telegram holds a poll that has nothing to bring"),
	CFG_BOOL("AGENT_RUNTIME_COMMAND_SYNC_ENABLED", struct telegram_cfg,
	    syncs_commands, "true",
	    "keep the platform's menu of commands as the engine has it"),
};

static int
telegram_check(
    const void *arg, const struct service_cfg *common, struct err *err)
{
	const struct telegram_cfg *cfg = arg;
	size_t size = strlen(cfg->api_base);

	(void)common;
	if (strncmp(cfg->api_base, "https://", 8) != 0 &&
	    strncmp(cfg->api_base, "http://", 7) != 0)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_TELEGRAM_API_BASE must begin with https:// "
		    "or http://");
	if (cfg->api_base[size - 1] == '/')
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_TELEGRAM_API_BASE must not end with /");
	return 0;
}

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
	if (!svc->typing)
		return;
	typing_take(svc->typing, news);
	edits_take(svc->edits, news);
}

static const struct handler handlers[] = {
	{ "delivery.ready", .on_news = on_delivery_ready },
	{ "turn.progress", .on_news = on_turn_progress },
};

static void
on_welcome(void *arg, const char *cursor, bool was_clean_stop)
{
	struct svc *svc = arg;

	if (!svc->poll)
		return;
	if (!was_clean_stop)
		suspects_begin(svc->suspects);
	poll_begin(svc->poll, strtoll(cursor, NULL, 10));
}

static void
show_counters(const struct svc *svc)
{
	const struct outbound_counters *out = outbound_counters(svc->outbound);

	service_counter("updates", &svc->counters.updates);
	service_counter("updates_ignored", &svc->counters.ignored);
	service_counter("updates_duplicate", &svc->counters.duplicates);
	service_counter("updates_dropped", &svc->counters.dropped);
	service_counter("updates_poison", suspects_counter(svc->suspects));
	service_counter("parts_sent", &out->parts);
	service_counter("parts_plain", &svc->counters.plain);
	service_counter("replies_sent", &out->rows);
	service_counter("replies_retried", &out->retries);
	service_counter("replies_refused", &out->refused);
}

static int
open_session(struct svc *svc, struct err *err)
{
	const struct bot_options options = {
		.api_base = svc->cfg->api_base,
		.token = svc->cfg->token,
	};
	static const struct edits_platform edits = {
		.split = {
			.limit = TELEGRAM_TEXT_MAX,
			.unit = UTF8_UTF16,
			.counts_plain = true,
			.renderer = &telegram_html,
		},
		.markup_flags = MARKUP_BREAK_MENTIONS | MARKUP_BREAK_COMMANDS,
		.every_ms = telegram_grows_every_ms,
		.show = telegram_grow,
	};
	struct outbound_platform platform = {
		.split = edits.split,
		.markup_flags = edits.markup_flags,
		.send = telegram_send,
	};
	static const struct typing_platform typing = {
		.again_ms = TYPING_AGAIN_MS,
		.show = telegram_type,
	};

	if (bot_open(&svc->bot, svc->env.loop, &options, err) < 0)
		return -1;
	svc->suspects = suspects_new(svc->env.loop, svc->connector);
	svc->poll = poll_open(svc);
	svc->intake = intake_open(svc);
	svc->menu = menu_open(svc);
	platform.edits = svc->edits = edits_new(&edits, svc);
	svc->outbound =
	    outbound_open(svc->env.loop, svc->connector, &platform, svc);
	svc->typing = typing_new(svc->env.loop, &typing, svc);
	show_counters(svc);
	service_set_state(BEAT_STARTING, "waits for Telegram");
	return 0;
}

static int
telegram_init(
    struct svc **svc_out, const struct service_env *env, struct err *err)
{
	struct svc *svc = xcalloc(1, sizeof(*svc));

	*svc_out = svc;
	svc->env = *env;
	svc->cfg = env->cfg;
	svc->me.username = svc->username;
	svc->connector = connector_open(env, on_welcome, svc);
	if (*svc->cfg->token == '\0') {
		service_set_state(
		    BEAT_DISABLED, "set AGENT_RUNTIME_TELEGRAM_TOKEN");
		return 0;
	}
	if (!bot_token_is_valid(svc->cfg->token)) {
		log_error("token-malformed", "variable=%s",
		    "AGENT_RUNTIME_TELEGRAM_TOKEN");
		service_set_state(BEAT_NEEDS_PERSON,
		    "AGENT_RUNTIME_TELEGRAM_TOKEN is no bot token: it looks "
		    "like 123456789:AAf…, from @BotFather");
		return 0;
	}
	return open_session(svc, err);
}

static void
telegram_deinit(struct svc **slot)
{
	struct svc *svc = *slot;

	bot_close(&svc->bot);
	outbound_close(&svc->outbound);
	typing_free(&svc->typing);
	edits_free(&svc->edits);
	intake_close(&svc->intake);
	menu_close(&svc->menu);
	poll_close(&svc->poll);
	suspects_free(&svc->suspects);
	connector_close(&svc->connector);
	xfree(slot);
}

/* Nothing on disk. */
static void
telegram_confine(const struct svc *svc, struct confine_rules *rules)
{
	*rules = (struct confine_rules){
		.flags = svc->bot ? CONFINE_ALLOW_CONNECT : 0,
	};
}

static const struct service telegram = {
	.id = SVC_GATEWAY_TELEGRAM,
	.summary = "connects Telegram chats to the agent",
	SERVICE_CFG(items, struct telegram_cfg),
	SERVICE_HANDLERS(handlers),
	.check = telegram_check,
	.init = telegram_init,
	.deinit = telegram_deinit,
	.confine = telegram_confine,
};

int
main(int argc, char **argv)
{
	return service_main(argc, argv, &telegram);
}
