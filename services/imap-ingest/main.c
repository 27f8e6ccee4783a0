/* Starts the mail connector. This version has no session with a mail server:
 * it only says which variables turn it on, or that it cannot do it. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/confine.h"
#include "libcommon/connector.h"
#include "libcommon/log.h"
#include "libcommon/service.h"

#define HOST "AGENT_RUNTIME_IMAP_HOST"
#define USERNAME "AGENT_RUNTIME_IMAP_USERNAME"
#define PASSWORD "AGENT_RUNTIME_IMAP_PASSWORD"

struct imap_cfg {
	const char *host;
	const char *username;
	const char *password;
};

static const struct cfg_item items[] = {
	CFG_STR(HOST, struct imap_cfg, host, "",
	    "IMAP server; empty, as user name and password: mail is disabled"),
	CFG_STR(USERNAME, struct imap_cfg, username, "",
	    "user name of the mailbox"),
	CFG_SECRET(
	    PASSWORD, struct imap_cfg, password, "password of the mailbox"),
};

static const struct handler handlers[] = {
	{ "delivery.ready", .on_news = connector_leave_delivery },
};

struct svc {
	struct connector *connector;
};

/* Half a credential is a mistake, and silence would hide it. */
static int
imap_check(
    const void *cfg_arg, const struct service_cfg *common, struct err *err)
{
	const struct imap_cfg *cfg = cfg_arg;
	const struct {
		const char *name, *value;
	} rows[] = {
		{ HOST, cfg->host },
		{ USERNAME, cfg->username },
		{ PASSWORD, cfg->password },
	};
	AUTO(buf_release)
	struct buf missing;
	size_t n_missing = 0;

	(void)common;
	buf_init(&missing);
	for (size_t i = 0; i < N_OF(rows); i++) {
		if (rows[i].value[0])
			continue;
		buf_addf(
		    &missing, "%s%s", n_missing++ ? " and " : "", rows[i].name);
	}
	if (n_missing == 0 || n_missing == N_OF(rows))
		return 0;
	return err_set(err, ERR_INVALID,
	    "%s %s not set: set all of " HOST ", " USERNAME " and " PASSWORD
	    ", or none of them to leave mail off",
	    missing.data, n_missing == 1 ? "is" : "are");
}

static void
imap_stand(const struct imap_cfg *cfg)
{
	static const char cannot[] = "this version cannot read mail yet";

	if (cfg->host[0] == '\0') {
		service_set_state(
		    BEAT_DISABLED, "set " HOST ", " USERNAME " and " PASSWORD);
		return;
	}
	log_warn("no-session", "text=%s", log_quote(cannot));
	service_set_state(BEAT_DEGRADED, cannot);
}

static int
imap_init(struct svc **svc_out, const struct service_env *env, struct err *err)
{
	struct svc *svc = xcalloc(1, sizeof(*svc));

	(void)err;
	imap_stand(env->cfg);
	svc->connector = connector_open(env, NULL, NULL);
	*svc_out = svc;
	return 0;
}

static void
imap_deinit(struct svc **svc)
{
	connector_close(&(*svc)->connector);
	xfree(svc);
}

/* Nothing on disk, no network: there is nobody yet to talk to. */
static void
imap_confine(const struct svc *svc, struct confine_rules *rules)
{
	(void)svc;
	*rules = (struct confine_rules){ 0 };
}

static const struct service imap = {
	.id = SVC_IMAP_INGEST,
	.summary = "brings mail from one IMAP mailbox to the agent",
	SERVICE_CFG(items, struct imap_cfg),
	.check = imap_check,
	SERVICE_HANDLERS(handlers),
	.init = imap_init,
	.deinit = imap_deinit,
	.confine = imap_confine,
};

int
main(int argc, char **argv)
{
	return service_main(argc, argv, &imap);
}
