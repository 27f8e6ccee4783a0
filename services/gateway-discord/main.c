/* Starts the Discord gateway. This version has no session with Discord: it
 * only says which variable turns it on, or that it cannot do it yet. */

#include "libcommon/arena.h"
#include "libcommon/confine.h"
#include "libcommon/connector.h"
#include "libcommon/log.h"
#include "libcommon/service.h"

struct discord_cfg {
	const char *token;
};

static const struct cfg_item items[] = {
	CFG_SECRET("AGENT_RUNTIME_DISCORD_TOKEN", struct discord_cfg, token,
	    "bot token from Discord's developer portal; empty: the gateway is "
	    "disabled"),
};

static const struct handler handlers[] = {
	{ "delivery.ready", .on_news = connector_leave_delivery },
};

struct svc {
	struct connector *connector;
};

static void
discord_stand(const struct discord_cfg *cfg)
{
	static const char cannot[] = "this version cannot talk to Discord yet";

	if (cfg->token[0] == '\0') {
		service_set_state(
		    BEAT_DISABLED, "set AGENT_RUNTIME_DISCORD_TOKEN");
		return;
	}
	log_warn("no-session", "text=%s", log_quote(cannot));
	service_set_state(BEAT_DEGRADED, cannot);
}

static int
discord_init(
    struct svc **svc_out, const struct service_env *env, struct err *err)
{
	struct svc *svc = xcalloc(1, sizeof(*svc));

	(void)err;
	discord_stand(env->cfg);
	svc->connector = connector_open(env, NULL, NULL);
	*svc_out = svc;
	return 0;
}

static void
discord_deinit(struct svc **svc)
{
	connector_close(&(*svc)->connector);
	xfree(svc);
}

/* Nothing on disk, no network: there is nobody yet to talk to. */
static void
discord_confine(const struct svc *svc, struct confine_rules *rules)
{
	(void)svc;
	*rules = (struct confine_rules){ 0 };
}

static const struct service discord = {
	.id = SVC_GATEWAY_DISCORD,
	.summary = "connects Discord servers to the agent",
	SERVICE_CFG(items, struct discord_cfg),
	SERVICE_HANDLERS(handlers),
	.init = discord_init,
	.deinit = discord_deinit,
	.confine = discord_confine,
};

int
main(int argc, char **argv)
{
	return service_main(argc, argv, &discord);
}
