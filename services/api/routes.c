/* The HTTP interface as a table: who may ask what, where. */

#include "services/api/routes.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/defs.h"

#define LOCAL LISTENER_BIT(LISTENER_LOCAL)
#define KNOWN (LOCAL | LISTENER_BIT(LISTENER_ADMIN))
#define EVERYWHERE (KNOWN | LISTENER_BIT(LISTENER_PUBLIC))

// clang-format off
const struct api_route api_routes[] = {
	{ "GET",  "/healthz",              EVERYWHERE, API_OPEN,
	    "",                on_healthz },
	{ "GET",  "/readyz",               EVERYWHERE, API_OPEN,
	    "engine.ready",    on_readyz },
	{ "GET",  "/api/v1/heartbeat",     KNOWN, 0,
	    "heartbeat.read",  on_heartbeat },
	{ "GET",  "/api/v1/info",          KNOWN, 0,
	    "info.read",       on_info },
	{ "GET",  "/api/v1/status",        KNOWN, 0,
	    "engine.status",   on_status },
	{ "POST", "/api/v1/chat",          KNOWN,
	    API_BODY | API_STRICT | API_KEYED,
	    "chat.turn",       on_chat_post },
	{ "GET",  "/api/v1/chat",          KNOWN, 0,
	    "chat.result",     on_chat_get },
	{ "POST", "/api/v1/tasks",         KNOWN, API_BODY | API_KEYED,
	    "task.create",     on_task_post },
	{ "GET",  "/api/v1/tasks",         KNOWN, 0,
	    "task.list",       on_task_get },
	{ "POST", "/api/v1/tasks/retry",   KNOWN, API_BODY | API_KEYED,
	    "task.retry",      on_task_retry },
	{ "POST", "/api/v1/tasks/cancel",  KNOWN, API_BODY,
	    "task.cancel",     on_task_cancel },
	{ "GET",  "/api/v1/workspaces",    KNOWN, 0,
	    "workspace.list",  on_plain },
	{ "GET",  "/api/v1/workspaces/show", KNOWN, 0,
	    "workspace.get",   on_plain },
	{ "GET",  "/api/v1/contexts",      KNOWN, 0,
	    "context.list",    on_plain },
	{ "GET",  "/api/v1/contexts/show", KNOWN, 0,
	    "context.get",     on_plain },
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
	    "audit.verify",    on_audit_verify },
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
