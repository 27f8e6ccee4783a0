/* What each route asks a daemon and how the answer looks: health and the like. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/beat.h"
#include "proto/empty.h"
#include "proto/engine.h"
#include "services/api/http_json.h"
#include "services/api/http_server.h"
#include "services/api/visit.h"

struct answer {
	struct buf body;
	struct json_out out;
};

static void
answer_release(struct answer *answer)
{
	buf_release(&answer->body);
}

static void
answer_begin(struct answer *answer)
{
	buf_init(&answer->body);
	json_out_init(&answer->out, &answer->body);
	json_out_object(&answer->out, NULL);
}

static void
answer_end(struct answer *answer, struct visit *visit, unsigned status)
{
	json_out_object_end(&answer->out);
	visit_answer(visit, status, &answer->body);
}

int
on_healthz(struct visit *visit, struct err *err)
{
	AUTO(answer_release)
	struct answer answer;

	(void)err;
	answer_begin(&answer);
	json_out_str(&answer.out, "status", "ok");
	answer_end(&answer, visit, HTTP_OK);
	return 0;
}

enum {
	ACCESS_WAIT_MS = 2000,
	/* A million rows are some ten seconds. */
	VERIFY_WAIT_MS = 120 * 1000,
};

static void
access_silent(struct visit *visit, const struct err *why)
{
	static const struct err away = { ERR_UNAVAILABLE,
		"the task-engine, which checks credentials, does not answer; "
		"try again, and look at `agent-runtime status`" };

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

/* Empty ones are left out, as they always were. */
static void
print_component(struct json_out *out, const struct component *component)
{
	static const char *const skip[] = { "message", "stale",
		"last_beat_at_unix", NULL };

	json_out_object(out, NULL);
	http_members_print(out, &component_shape, component, skip);
	if (*component->message != '\0')
		json_out_str(out, "message", component->message);
	if (component->last_beat_at_unix != 0)
		json_out_int(
		    out, "last_beat_at_unix", component->last_beat_at_unix);
	if (component->stale)
		json_out_bool(out, "stale", true);
	json_out_object_end(out);
}

static int
show_heartbeat(struct visit *visit, const struct json *body, struct err *err)
{
	AUTO(answer_release)
	struct answer answer = { 0 };
	struct health health;

	if (visit_decode(visit, &health_shape, &health, body, err) < 0)
		return -1;
	answer_begin(&answer);
	json_out_int(
	    &answer.out, "generated_at_unix", health.generated_at_unix);
	json_out_str(&answer.out, "overall", health.overall);
	json_out_list(&answer.out, "components");
	for (size_t i = 0; i < health.n_components; i++)
		print_component(&answer.out, &health.components[i]);
	json_out_list_end(&answer.out);
	answer_end(&answer, visit, HTTP_OK);
	return 0;
}

static void
show_no_heartbeat(struct visit *visit, const char *why)
{
	AUTO(answer_release)
	struct answer answer;

	answer_begin(&answer);
	json_out_str(&answer.out, "status", "unavailable");
	json_out_str(&answer.out, "error", why);
	answer_end(&answer, visit, HTTP_UNAVAILABLE);
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
	AUTO(answer_release)
	struct answer answer;

	(void)body;
	(void)err;
	answer_begin(&answer);
	json_out_str(&answer.out, "name", "agent-runtime");
	json_out_str(&answer.out, "version", AGENT_RUNTIME_VERSION);
	json_out_str(&answer.out, "environment", cfg->environment);
	json_out_str(&answer.out, "public_host", cfg->public_host);
	json_out_str(&answer.out, "admin_host", cfg->admin_host);
	answer_end(&answer, visit, HTTP_OK);
	return 0;
}

int
on_info(struct visit *visit, struct err *err)
{
	return ask_access(visit, show_info, err);
}

static int
show_status(struct visit *visit, const struct json *body, struct err *err)
{
	static const char *const skip[] = { "counts", NULL };
	AUTO(answer_release)
	struct answer answer = { 0 };
	struct engine_status status;

	if (visit_decode(visit, &engine_status_shape, &status, body, err) < 0)
		return -1;
	answer_begin(&answer);
	http_members_print(&answer.out, &engine_status_shape, &status, skip);
	json_out_object(&answer.out, "counts");
	for (size_t i = 0; i < status.n_counts; i++)
		json_out_int(
		    &answer.out, status.counts[i].name, status.counts[i].value);
	json_out_object_end(&answer.out);
	answer_end(&answer, visit, HTTP_OK);
	return 0;
}

int
on_status(struct visit *visit, struct err *err)
{
	struct engine_status_get in = { .credential = visit->credential };

	return visit_ask(visit, "engine.status", &in, show_status, NULL, err);
}

int
on_audit_verify(struct visit *visit, struct err *err)
{
	visit->wait_ms = VERIFY_WAIT_MS;
	return on_plain(visit, err);
}
