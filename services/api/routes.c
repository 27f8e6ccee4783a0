/* The HTTP interface as a table: who may ask what, where. */

#include "services/api/routes.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/defs.h"
#include "proto/beat.h"
#include "proto/task.h"
#include "services/api/answers.h"
#include "services/api/http_server.h"

#define LOCAL LISTENER_BIT(LISTENER_LOCAL)
#define KNOWN (LOCAL | LISTENER_BIT(LISTENER_ADMIN))
#define EVERYWHERE (KNOWN | LISTENER_BIT(LISTENER_PUBLIC))

static const struct api_answer document[] = { { HTTP_OK, NULL }, { 0 } };
static const struct api_answer standing[] = {
	{ HTTP_OK, &standing_shape },
	{ 0 },
};
static const struct api_answer readiness[] = {
	{ HTTP_OK, &standing_shape },
	{ HTTP_UNAVAILABLE, &standing_shape },
	{ 0 },
};
static const struct api_answer heartbeat[] = {
	{ HTTP_OK, &health_shape },
	{ HTTP_UNAVAILABLE, &standing_shape },
	{ 0 },
};
static const struct api_answer info[] = { { HTTP_OK, &info_shape }, { 0 } };
static const struct api_answer said[] = {
	{ HTTP_OK, &chat_said_shape },
	{ HTTP_ACCEPTED, &chat_working_shape },
	{ 0 },
};
static const struct api_answer task_queued[] = {
	{ HTTP_ACCEPTED, &task_made_shape },
	{ 0 },
};
static const struct api_answer task_or_list[] = {
	{ HTTP_OK, &task_list_shape },
	{ HTTP_OK, &task_shape },
	{ 0 },
};
static const struct api_answer task_requeued[] = {
	{ HTTP_ACCEPTED, &task_changed_shape },
	{ 0 },
};
static const struct api_answer task_ended[] = {
	{ HTTP_OK, &task_changed_shape },
	{ 0 },
};

// clang-format off
const struct api_route api_routes[] = {
	{ "GET",  "/openapi.json",         KNOWN, API_OPEN,
	    "",                on_openapi,
	    document, .help = "this document" },
	{ "GET",  "/healthz",              EVERYWHERE, API_OPEN,
	    "",                on_healthz,
	    standing, .help = "whether the api lives" },
	{ "GET",  "/readyz",               EVERYWHERE, API_OPEN,
	    "engine.ready",    on_readyz,
	    readiness },
	{ "GET",  "/api/v1/heartbeat",     KNOWN, 0,
	    "heartbeat.read",  on_heartbeat,
	    heartbeat, .help = "how all daemons stand" },
	{ "GET",  "/api/v1/info",          KNOWN, 0,
	    "info.read",       on_info,
	    info, .help = "name and version of the installation" },
	{ "GET",  "/api/v1/status",        KNOWN, 0,
	    "engine.status",   on_plain },
	{ "POST", "/api/v1/chat",          KNOWN,
	    API_BODY | API_STRICT | API_KEYED,
	    "chat.turn",       on_chat_post,
	    said },
	{ "GET",  "/api/v1/chat",          KNOWN, 0,
	    "chat.result",     on_chat_get,
	    said, &chat_pick_shape },
	{ "POST", "/api/v1/tasks",         KNOWN, API_BODY | API_KEYED,
	    "task.create",     on_task_post,
	    task_queued },
	{ "GET",  "/api/v1/tasks",         KNOWN, 0,
	    "task.list",       on_task_get,
	    task_or_list, &task_pick_shape },
	{ "POST", "/api/v1/tasks/retry",   KNOWN, API_BODY | API_KEYED,
	    "task.retry",      on_task_retry,
	    task_requeued },
	{ "POST", "/api/v1/tasks/cancel",  KNOWN, API_BODY,
	    "task.cancel",     on_task_cancel,
	    task_ended },
	{ "GET",  "/api/v1/workspaces",    KNOWN, 0,
	    "workspace.list",  on_plain },
	{ "GET",  "/api/v1/workspaces/show", KNOWN, 0,
	    "workspace.get",   on_plain },
	{ "GET",  "/api/v1/contexts",      KNOWN, 0,
	    "context.list",    on_plain },
	{ "GET",  "/api/v1/contexts/show", KNOWN, 0,
	    "context.get",     on_plain },
	{ "GET",  "/api/v1/search",        KNOWN, 0,
	    "search.find",     on_plain },
	{ "POST", "/api/v1/tokens",        KNOWN,
	    API_BODY | API_STRICT | API_MAKES,
	    "token.add",       on_plain },
	{ "GET",  "/api/v1/tokens",        KNOWN, 0,
	    "token.list",      on_plain },
	{ "POST", "/api/v1/tokens/revoke", KNOWN, API_BODY | API_STRICT,
	    "token.revoke",    on_plain },
	{ "GET",  "/api/v1/audit",         KNOWN, 0,
	    "audit.list",      on_plain },
	{ "GET",  "/api/v1/audit/verify",  KNOWN, 0,
	    "audit.verify",    on_plain_slow },
	{ "GET",  "/api/v1/why",           KNOWN, 0,
	    "trace.why",       on_plain },
	{ "POST", "/api/v1/simulate",      KNOWN, API_BODY | API_STRICT,
	    "trace.simulate",  on_plain_slow },
	{ "GET",  "/api/v1/actions",         KNOWN, 0,
	    "action.list",     on_plain },
	{ "POST", "/api/v1/actions/approve", KNOWN, API_BODY | API_STRICT,
	    "action.approve",  on_plain },
	{ "POST", "/api/v1/actions/deny",    KNOWN, API_BODY | API_STRICT,
	    "action.deny",     on_plain },
	{ "POST", "/api/v1/pairings/start",    KNOWN,
	    API_BODY | API_STRICT | API_MAKES,
	    "pairing.start",   on_plain },
	{ "GET",  "/api/v1/pairings/lookup",   KNOWN, 0,
	    "pairing.lookup",  on_plain },
	{ "POST", "/api/v1/pairings/approve",  KNOWN, API_BODY | API_STRICT,
	    "pairing.approve", on_plain },
	{ "POST", "/api/v1/pairings/deny",     KNOWN, API_BODY | API_STRICT,
	    "pairing.deny",    on_plain },
	{ "GET",  "/api/v1/identities",        KNOWN, 0,
	    "identity.list",   on_plain },
	{ "POST", "/api/v1/identities/role",   KNOWN, API_BODY | API_STRICT,
	    "identity.role",   on_plain },
	{ "POST", "/api/v1/identities/unlink", KNOWN, API_BODY | API_STRICT,
	    "identity.unlink", on_plain },
};
// clang-format on
const size_t n_api_routes = N_OF(api_routes);

static void
add_allowed(char allow[API_ALLOW_SIZE], const char *method)
{
	size_t size = strlen(allow);

	snprintf(allow + size, API_ALLOW_SIZE - size, "%s%s%s",
	    size > 0 ? ", " : "", method,
	    strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

const struct api_route *
api_route_find(enum api_listener listener, const char *method, const char *path,
    char allow_out[API_ALLOW_SIZE])
{
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	allow_out[0] = '\0';
	for (size_t i = 0; i < n_api_routes; i++) {
		const struct api_route *route = &api_routes[i];

		if (!(route->listeners & LISTENER_BIT(listener)) ||
		    strcmp(route->path, path) != 0)
			continue;
		if (strcmp(route->method, method) == 0)
			return route;
		add_allowed(allow_out, route->method);
	}
	return NULL;
}
