/* From a message that the bus has let in to its handler, and back. */

#include "libcommon/service.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/service_parts.h"

/* Beyond it a handler keeps others waiting (architecture.md: 20 ms is meant). */
enum { SLOW_MS = 50 };

static const struct handler *
find_handler(const struct service *service, const char *type)
{
	for (size_t i = 0; i < service->n_handlers; i++)
		if (strcmp(service->handlers[i].type, type) == 0)
			return &service->handlers[i];
	return NULL;
}

static bool
is_for(const struct route *route, enum service_id id)
{
	/* Nobody sends to itself, even where a mask says "all". */
	return (route->to & SVC_BIT(id)) && (route->from & ~SVC_BIT(id));
}

static const char *
what_is_wrong(const struct route *route, const struct handler *handler,
    enum service_id id)
{
	bool has_fn;

	if (route == NULL)
		return "has a handler and no route";
	if (handler == NULL)
		return is_for(route, id) ? "has a route and no handler" : NULL;
	if (!is_for(route, id))
		return "has a handler and a route to others";
	has_fn = route->how == ROUTE_REQ ? handler->fn != NULL
					 : handler->on_news != NULL;
	return has_fn ? NULL : "has the wrong kind of handler";
}

/* Handlers and routes are both ours: where they differ is a bug. */
void
service_check_handlers(const struct service *service)
{
	const char *wrong = NULL;
	const char *type = "";

	for (size_t i = 0; i < n_routes && wrong == NULL; i++) {
		type = routes[i].type;
		wrong = what_is_wrong(
		    &routes[i], find_handler(service, type), service->id);
	}
	for (size_t i = 0; i < service->n_handlers && wrong == NULL; i++) {
		type = service->handlers[i].type;
		wrong = what_is_wrong(
		    route_find(type), &service->handlers[i], service->id);
	}
	if (wrong != NULL)
		fprintf(stderr, "%s: %s %s\n", service_name(service->id), type,
		    wrong);
	assert(wrong == NULL);
}

static void
note_if_slow(const struct envelope *in, int64_t took_ms)
{
	struct buf body;

	if (took_ms <= SLOW_MS)
		return;
	buf_init(&body);
	json_print(in->body, &body);
	log_warn("slow-handler", "type=%s size=%zu ms=%" PRId64, in->type,
	    body.size, took_ms);
	buf_release(&body);
}

/*
 * Logs a failure, here and nowhere else, and takes from an internal one what
 * is not for the peer.
 */
static void
judge(struct err *err, const char *what, const char *id)
{
	if (err->code != ERR_INTERNAL) {
		log_info("refused", "%s code=%s why=%s", what,
		    err_code_name(err->code), log_quote(err->text));
		return;
	}
	log_error("failed", "%s why=%s", what, log_quote(err->text));
	err_set(err, ERR_INTERNAL,
	    "something went wrong inside %s; its log says what (%s)",
	    service_name(service_run.service->id), id);
}

static int
refuse(struct bus_request *request, struct buf *out, struct err *err,
    int64_t retry_after_ms)
{
	const struct envelope *in = bus_request_envelope(request);
	struct envelope_head head;
	char what[128];

	snprintf(what, sizeof(what), "type=%s door=%s", in->type,
	    bus_request_door(request));
	judge(err, what, in->id);
	bus_reply_head(request, &head);
	envelope_encode_error(out, &head, err, retry_after_ms);
	return -1;
}

static int
call_handler(struct svc *svc, struct bus_request *bus_request,
    struct reply *reply, struct err *err)
{
	const struct envelope *in = bus_request_envelope(bus_request);
	const struct request request = {
		.id = in->id,
		.type = in->type,
		.cause = in->cause,
		.peer = bus_request_peer(bus_request),
		.door = bus_request_door(bus_request),
		.body = in->body,
		.arena = bus_request_arena(bus_request),
		.now_ms = clock_unix_ms(),
		.deadline_ms = in->deadline_ms,
		.ticket = bus_request_ticket(bus_request),
	};
	const struct handler *handler =
	    find_handler(service_run.service, in->type);
	int64_t began_ms = clock_mono_ms();
	int rc = handler->fn(svc, &request, reply, err);

	note_if_slow(in, clock_mono_ms() - began_ms);
	if (rc == 0 && arena_is_over(request.arena))
		rc = err_set(err, ERR_INVALID,
		    "message too large: handling it takes more memory than "
		    "one message may");
	return rc;
}

static int
answer(struct svc *svc, struct bus_request *request, struct buf *out,
    struct reply *reply, struct err *err)
{
	struct envelope_head head;

	if (call_handler(svc, request, reply, err) < 0) {
		reply->is_deferred = false;
		return refuse(request, out, err, reply->retry_after_ms);
	}
	if (reply->is_deferred) {
		assert(bus_request_route(request)->flags & ROUTE_DEFERRED);
		return 0;
	}
	bus_reply_head(request, &head);
	if (reply->at_ms)
		head.at_ms = reply->at_ms;
	envelope_encode_ok(out, &head, reply->body);
	return 0;
}

int
service_dispatch(struct svc *svc, struct bus_request *request, struct buf *out,
    bool *deferred_out, struct err *err)
{
	const struct envelope *in = bus_request_envelope(request);
	struct buf body;
	struct reply reply = { .body = &body };
	int rc;

	buf_init(&body);
	log_context(in->id, in->cause);
	rc = answer(svc, request, out, &reply, err);
	log_context_clear();
	buf_release(&body);
	*deferred_out = reply.is_deferred;
	return rc;
}

static void
dispatch_one(struct svc *svc, struct bus_request *request)
{
	bool is_deferred;
	struct err ignored = { 0 };
	struct buf out;

	buf_init(&out);
	/* A failure is in out as well. */
	if (service_dispatch(svc, request, &out, &is_deferred, &ignored) == 0 &&
	    is_deferred)
		bus_defer(request);
	else
		bus_reply(request, &out);
	buf_release(&out);
}

void
service_on_requests(void *arg, struct bus_request **requests, size_t n_requests)
{
	const struct service_run *run = &service_run;

	(void)arg;
	if (run->service->on_batch != NULL) {
		run->service->on_batch(run->svc, requests, n_requests);
		return;
	}
	for (size_t i = 0; i < n_requests; i++)
		dispatch_one(run->svc, requests[i]);
}

void
service_on_news(
    void *arg, const struct bus_peer *from, const struct envelope *news)
{
	const struct handler *handler =
	    find_handler(service_run.service, news->type);
	int64_t began_ms = clock_mono_ms();

	(void)arg;
	log_context(news->id, news->cause);
	handler->on_news(service_run.svc, from, news);
	note_if_slow(news, clock_mono_ms() - began_ms);
	log_context_clear();
}

void
service_reply_later(
    uint64_t ticket, const struct buf *body, const struct err *error)
{
	struct err told = { 0 };
	char what[32];

	if (error != NULL) {
		told = *error;
		snprintf(what, sizeof(what), "ticket=%" PRIu64, ticket);
		judge(&told, what, what);
	}
	if (bus_reply_later(service_run.bus, ticket, body,
		error != NULL ? &told : NULL) == 1)
		log_debug("answer-too-late", "ticket=%" PRIu64, ticket);
}
