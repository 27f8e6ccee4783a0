/* Starts the api: HTTP in, bus out. It holds nothing and decides nothing; the
 * work is in visit.c and the handlers. */

#include "services/api/api.h"
#include "services/api/delivered.h"

#include "libcommon/arena.h"
#include "libcommon/confine.h"
#include "libcommon/err.h"
#include "services/api/http_server.h"
#include "services/api/openapi.h"
#include "services/api/probe.h"
#include "services/api/visit.h"

static struct api_counters counters;

const char *
api_listener_name(enum api_listener listener)
{
	static const char *const names[LISTENER_COUNT] = {
		[LISTENER_LOCAL] = "local",
		[LISTENER_ADMIN] = "admin",
		[LISTENER_PUBLIC] = "public",
	};

	return names[listener];
}

static void
api_deinit(struct svc **slot)
{
	struct svc *svc = *slot;

	probe_stop(svc);
	http_server_close(&svc->server);
	delivered_close(&svc->delivered);
	buf_release(&svc->openapi);
	xfree(slot);
}

static int
api_init(struct svc **svc_out, const struct service_env *env, struct err *err)
{
	struct svc *svc = xcalloc(1, sizeof(*svc));
	struct http_server_options options = {
		.on_head = visit_on_head,
		.on_request = visit_on_request,
		.on_done = visit_on_done,
		.on_tick = visit_on_tick,
		.arg = svc,
	};

	svc->cfg = env->cfg;
	svc->loop = env->loop;
	svc->bus = env->bus;
	delivered_open(&svc->delivered, svc);
	buf_init(&svc->openapi);
	openapi_print(&svc->openapi);
	*svc_out = svc;
	if (http_server_open(&svc->server, svc->loop, &options, err) < 0 ||
	    api_serve_sockets(svc, err) < 0) {
		api_deinit(svc_out);
		return -1;
	}
	svc->counters = &counters;
	probe_start(svc);
	service_counter("requests", &counters.n_requests);
	service_counter("refused", &counters.n_refused);
	service_set_state(BEAT_HEALTHY, "");
	return 0;
}

/* No file, no program, no way out. Its own sockets are bound by now, and the
 * folder they lie in holds the doors of all others. */
static void
api_confine(const struct svc *svc, struct confine_rules *rules)
{
	*rules = (struct confine_rules){
		.flags = svc->has_tcp ? CONFINE_ALLOW_LISTEN : 0,
	};
}

int
main(int argc, char **argv)
{
	const struct service api = {
		.id = SVC_API,
		.summary = "serves the HTTP interface",
		.items = api_cfg_items,
		.n_items = n_api_cfg_items,
		.cfg_size = sizeof(struct api_cfg),
		.check = api_cfg_check,
		.open_first = api_open_sockets,
		.init = api_init,
		.deinit = api_deinit,
		.confine = api_confine,
	};

	return service_main(argc, argv, &api);
}
