/* What each route asks a daemon and how the answer looks: health and the like. */

#include "libcommon/err.h"
#include "proto/beat.h"
#include "proto/credential.h"
#include "proto/empty.h"
#include "services/api/answers.h"
#include "services/api/http_server.h"
#include "services/api/visit.h"

int
on_healthz(struct visit *visit, struct err *err)
{
	static const struct standing well = { .status = "ok" };

	(void)err;
	visit_show(visit, HTTP_OK, &standing_shape, &well);
	return 0;
}

int
on_openapi(struct visit *visit, struct err *err)
{
	const struct buf *document = &visit->svc->openapi;
	AUTO(buf_release)
	struct buf body;

	(void)err;
	buf_init(&body);
	buf_add(&body, document->data, document->size);
	visit_answer(visit, HTTP_OK, &body);
	return 0;
}

enum {
	ACCESS_WAIT_MS = 2000,
	/* A million rows are some ten seconds. */
	SLOW_WAIT_MS = 120 * 1000,
};

static void
access_silent(struct visit *visit, const struct err *why)
{
	static const struct err away = { ERR_UNAVAILABLE,
		"the task-engine, which checks credentials, does not answer; "
		"try again, or see `agent-runtime logs` and `agent-runtime "
		"doctor`" };

	visit_fail(visit, why->code == ERR_NOT_FOUND ? why : &away, 0);
}

/* For what no message to the engine carries the credential. */
static int
ask_access(struct visit *visit, visit_answer_fn fn, struct err *err)
{
	struct access_check in = {
		.credential = visit->credential,
		.operation = visit->route->operation,
	};

	/* What is asked next waits no longer either: nothing here is work. */
	visit->wait_ms = ACCESS_WAIT_MS;
	return visit_ask(visit, "access.check", &in, fn, access_silent, err);
}

static int
show_heartbeat(struct visit *visit, const struct json *body, struct err *err)
{
	struct health health;

	if (visit_decode(visit, &health_shape, &health, body, err) < 0)
		return -1;
	visit_show(visit, HTTP_OK, &health_shape, &health);
	return 0;
}

static void
show_no_heartbeat(struct visit *visit, const char *why)
{
	const struct standing out = { .status = "unavailable", .error = why };

	visit_show(visit, HTTP_UNAVAILABLE, &standing_shape, &out);
}

static void
scheduler_silent(struct visit *visit, const struct err *why)
{
	(void)why;
	visit->exchange->retry_after_s = 1;
	show_no_heartbeat(visit, "the scheduler does not answer; try again");
}

static int
ask_heartbeat(struct visit *visit, const struct json *body, struct err *err)
{
	struct empty nothing = { 0 };

	(void)body;
	if (!visit->svc->cfg->heartbeat_enabled) {
		show_no_heartbeat(visit, "heartbeat is disabled");
		return 0;
	}
	return visit_ask(visit, "health.snapshot", &nothing, show_heartbeat,
	    scheduler_silent, err);
}

int
on_heartbeat(struct visit *visit, struct err *err)
{
	return ask_access(visit, ask_heartbeat, err);
}

static int
show_info(struct visit *visit, const struct json *body, struct err *err)
{
	const struct api_cfg *cfg = visit->svc->cfg;
	const struct info out = {
		.name = "agent-runtime",
		.version = AGENT_RUNTIME_VERSION,
		.environment = cfg->environment,
		.public_host = cfg->public_host,
		.admin_host = cfg->admin_host,
	};

	(void)body;
	(void)err;
	visit_show(visit, HTTP_OK, &info_shape, &out);
	return 0;
}

int
on_info(struct visit *visit, struct err *err)
{
	return ask_access(visit, show_info, err);
}

int
on_plain_slow(struct visit *visit, struct err *err)
{
	visit->wait_ms = SLOW_WAIT_MS;
	return on_plain(visit, err);
}
