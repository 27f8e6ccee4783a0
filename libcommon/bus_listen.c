/* The answering side of the doors: requests come in and are handed on. */

#include "libcommon/bus_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"

enum {
	/* Requests that have come and were not handed on; whoever comes when
	 * there are as many is told to come again. */
	MAX_WAITING = 1024,
	BUSY_RETRY_MS = 200,
	ARENA_BYTES = 1024 * 1024,
	ARENA_LARGE_BYTES = 12 * 1024 * 1024,
};

enum rep_state { REP_RECEIVING, REP_HELD, REP_SENDING };

/* One request at a time: received, held, answered, received again. */
struct rep_cx {
	struct bus_item item;
	struct bus_listen *listen;
	nng_ctx nng;
	nng_aio *aio;
	enum rep_state state;
	nng_msg *msg;
	bool is_excess;
};

struct bus_listen {
	struct bus_door *door;
	struct bus_sock *sock;
	struct rep_cx *cxs;
};

struct bus_request {
	UT_hash_handle hh;
	struct bus_request *prev, *next; /* while it waits for the owner */
	uint64_t ticket;
	struct bus_listen *listen;
	struct rep_cx *cx; /* NULL: nobody is there to be answered */
	uint32_t pipe_id;
	const struct route *route;
	char id[ID_ULID_SIZE];
	struct envelope envelope;
	struct arena *arena;
	int64_t until_ms; /* monotonic */
	bool is_delivered, is_deferred;
};

struct gone_item {
	struct bus_item item;
	struct bus_listen *listen;
	uint32_t pipe_id;
};

static void
receive(struct rep_cx *cx)
{
	cx->state = REP_RECEIVING;
	nng_ctx_recv(cx->nng, cx->aio);
}

/* On a thread of nng's. */
static void
on_rep_aio(void *arg)
{
	struct rep_cx *cx = arg;
	struct bus *bus = cx->listen->door->bus;
	int rv = nng_aio_result(cx->aio);

	if (cx->state == REP_SENDING) {
		if (rv)
			nng_msg_free(nng_aio_get_msg(cx->aio));
		atomic_fetch_sub(&bus->n_sending, 1);
		receive(cx);
		return;
	}
	/* Only a closed socket fails to receive, and we never close. */
	if (rv)
		return;
	cx->msg = nng_aio_get_msg(cx->aio);
	cx->state = REP_HELD;
	cx->is_excess = atomic_fetch_add(&bus->n_waiting, 1) >= MAX_WAITING;
	bus_push(bus, &cx->item);
}

static void
send_reply(struct rep_cx *cx, const struct buf *reply)
{
	struct bus *bus = cx->listen->door->bus;

	nng_aio_set_msg(cx->aio, bus_msg(reply));
	cx->state = REP_SENDING;
	atomic_fetch_add(&bus->n_sending, 1);
	nng_ctx_send(cx->nng, cx->aio);
}

static struct arena *
take_arena(struct bus *bus, const struct route *route)
{
	if (route->flags & ROUTE_LARGE)
		return arena_new(ARENA_LARGE_BYTES);
	if (bus->n_spare > 0)
		return bus->spare[--bus->n_spare];
	return arena_new(ARENA_BYTES);
}

static void
give_arena(struct bus *bus, struct arena *arena, const struct route *route)
{
	if (!arena)
		return;
	if ((route->flags & ROUTE_LARGE) || bus->n_spare == N_OF(bus->spare)) {
		arena_free(&arena);
		return;
	}
	arena_reset(arena);
	bus->spare[bus->n_spare++] = arena;
}

static void
release_content(struct bus_request *request)
{
	struct bus *bus = request->listen->door->bus;

	envelope_release(&request->envelope);
	give_arena(bus, STEAL(request->arena), request->route);
}

static void
request_free(struct bus_request *request)
{
	HASH_DEL(request->listen->door->bus->requests, request);
	release_content(request);
	free(request);
}

/* Nobody waits for the answer any longer: the context is free for the next. */
static void
abandon(struct bus_request *request)
{
	if (request->cx)
		receive(STEAL(request->cx));
}

static void
drop_waiting(struct bus *bus, struct bus_request *request)
{
	DL_DELETE(bus->waiting, request);
	atomic_fetch_sub(&bus->n_waiting, 1);
	abandon(request);
	request_free(request);
}

static void
refuse(struct rep_cx *cx, const struct envelope *envelope,
    const struct err *why, int64_t retry_after_ms)
{
	struct bus *bus = cx->listen->door->bus;
	int64_t now_ms = clock_unix_ms();
	char id[ID_ULID_SIZE];
	bool is_known = envelope->root != NULL;
	struct envelope_head head = {
		.id = is_known ? envelope->id : id,
		.type = is_known ? envelope->type : "invalid",
		.from = bus->self_name,
		.cause = "",
		.key = "",
		.at_ms = now_ms,
	};

	id_ulid(id, now_ms);
	buf_reset(&bus->scratch);
	envelope_encode_error(&bus->scratch, &head, why, retry_after_ms);
	send_reply(cx, &bus->scratch);
}

static enum bus_fault
too_large(size_t size, size_t limit, struct err *err)
{
	err_set(err, ERR_INVALID,
	    "a message of %zu bytes is too large: at most %zu are taken", size,
	    limit);
	return BUS_FAULT_FORM;
}

static enum bus_fault
examine(struct rep_cx *cx, struct envelope *envelope,
    const struct route **route, struct err *err)
{
	struct bus_door *door = cx->listen->door;
	size_t size = nng_msg_len(cx->msg);
	enum bus_fault fault;

	if (size > door->max_bytes)
		return too_large(size, door->max_bytes, err);
	if (envelope_decode(envelope, nng_msg_body(cx->msg), size, err) < 0)
		return BUS_FAULT_FORM;
	fault = bus_check(door, ROUTE_REQ, envelope, route, err);
	if (fault == BUS_FAULT_NONE && size > bus_route_max(*route))
		return too_large(size, bus_route_max(*route), err);
	return fault;
}

static void
enqueue(struct rep_cx *cx, struct envelope *envelope, const struct route *route,
    uint32_t pipe_id)
{
	struct bus *bus = cx->listen->door->bus;
	struct bus_request *request = xcalloc(1, sizeof(*request));
	int64_t left_ms = envelope->deadline_ms - clock_unix_ms();

	request->ticket = ++bus->last_ticket;
	request->listen = cx->listen;
	request->cx = cx;
	request->pipe_id = pipe_id;
	request->route = route;
	memcpy(request->id, envelope->id, sizeof(request->id));
	request->envelope = *envelope;
	*envelope = (struct envelope){ 0 };
	request->arena = take_arena(bus, route);
	request->until_ms =
	    clock_mono_ms() +
	    (left_ms < BUS_LONGEST_MS ? left_ms : BUS_LONGEST_MS);
	HASH_ADD(hh, bus->requests, ticket, sizeof(request->ticket), request);
	DL_APPEND(bus->waiting, request);
	bus->counters.requests++;
}

static void
on_received(struct bus_item *item)
{
	struct rep_cx *cx = (struct rep_cx *)item;
	struct bus *bus = cx->listen->door->bus;
	AUTO(envelope_release)
	struct envelope envelope = { 0 };
	uint32_t pipe_id = (uint32_t)nng_pipe_id(nng_msg_get_pipe(cx->msg));
	const struct route *route = NULL;
	struct err err;
	enum bus_fault fault = examine(cx, &envelope, &route, &err);

	nng_msg_free(STEAL(cx->msg));
	if (fault == BUS_FAULT_NONE && !cx->is_excess &&
	    envelope.deadline_ms > clock_unix_ms()) {
		enqueue(cx, &envelope, route, pipe_id);
		return;
	}
	atomic_fetch_sub(&bus->n_waiting, 1);
	if (fault != BUS_FAULT_NONE) {
		bus->counters.refused++;
		bus_complain(cx->listen->door, fault, err.text);
		refuse(cx, &envelope, &err, 0);
	} else if (envelope.deadline_ms <= clock_unix_ms()) {
		bus->counters.expired++;
		receive(cx);
	} else {
		bus->counters.busy++;
		err_set(&err, ERR_BUSY, "%s has too many requests waiting",
		    service_name(bus->self));
		refuse(cx, &envelope, &err, BUSY_RETRY_MS);
	}
}

/* Takes the next batch out of the queue, without what came too late. */
static size_t
next_batch(struct bus *bus, struct bus_request **batch)
{
	int64_t now_ms = clock_mono_ms();
	size_t n = 0;

	while (bus->waiting && n < BUS_BATCH_MAX) {
		struct bus_request *request = bus->waiting;

		if (request->until_ms <= now_ms) {
			bus->counters.expired++;
			drop_waiting(bus, request);
			continue;
		}
		DL_DELETE(bus->waiting, request);
		atomic_fetch_sub(&bus->n_waiting, 1);
		request->is_delivered = true;
		batch[n++] = request;
	}
	return n;
}

bool
bus_listen_deliver(struct bus *bus)
{
	struct bus_request *batch[BUS_BATCH_MAX];
	size_t n;

	if (!bus->on_batch)
		return false;
	n = next_batch(bus, batch);
	if (n > 0)
		bus->on_batch(bus->batch_arg, batch, n);
	return bus->waiting != NULL;
}

void
bus_on_requests(struct bus *bus, bus_batch_fn fn, void *arg)
{
	bus->on_batch = fn;
	bus->batch_arg = arg;
}

/*
 * A peer that died takes its questions along. It asks again under the same id;
 * until then the contexts are needed by others.
 */
static void
on_gone(struct bus_item *item)
{
	struct gone_item *gone = (struct gone_item *)item;
	struct bus *bus = gone->listen->door->bus;
	struct bus_request *request, *next;

	HASH_ITER (hh, bus->requests, request, next) {
		if (request->listen != gone->listen ||
		    request->pipe_id != gone->pipe_id)
			continue;
		if (!request->is_delivered) {
			drop_waiting(bus, request);
			continue;
		}
		abandon(request);
		if (request->is_deferred)
			request_free(request);
	}
	free(gone);
}

/* On a thread of nng's. */
static void
push_gone(struct bus_sock *sock, uint32_t pipe_id)
{
	struct gone_item *gone = xcalloc(1, sizeof(*gone));

	gone->item.fn = on_gone;
	gone->listen = sock->door->listen;
	gone->pipe_id = pipe_id;
	bus_push(sock->door->bus, &gone->item);
}

int64_t
bus_listen_sweep(struct bus *bus, int64_t now_ms)
{
	struct bus_request *request, *next;
	int64_t next_ms = INT64_MAX;

	HASH_ITER (hh, bus->requests, request, next) {
		if (!request->is_deferred)
			continue;
		if (request->until_ms <= now_ms) {
			bus->counters.expired++;
			abandon(request);
			request_free(request);
		} else if (request->until_ms < next_ms) {
			next_ms = request->until_ms;
		}
	}
	return next_ms;
}

static int
open_context(struct bus_listen *listen, struct rep_cx *cx)
{
	int rv;

	cx->item.fn = on_received;
	cx->listen = listen;
	rv = nng_ctx_open(&cx->nng, listen->sock->nng);
	return rv ? rv : nng_aio_alloc(&cx->aio, on_rep_aio, cx);
}

int
bus_listen_open(struct bus_door *door, struct err *err)
{
	struct bus_listen *listen = xcalloc(1, sizeof(*listen));
	int n = door->size->n_answering;

	listen->door = door;
	door->listen = listen;
	if (bus_sock_open(&listen->sock, door, ROUTE_REQ, err) < 0)
		return -1;
	listen->sock->on_pipe_gone = push_gone;
	listen->cxs = xcalloc((size_t)n, sizeof(*listen->cxs));
	for (int i = 0; i < n; i++) {
		int rv = open_context(listen, &listen->cxs[i]);

		if (rv)
			return err_set(err, ERR_INTERNAL,
			    "cannot make a context for %s: %s", door->name,
			    nng_strerror(rv));
		receive(&listen->cxs[i]);
	}
	return bus_sock_start(listen->sock, err);
}

const struct envelope *
bus_request_envelope(const struct bus_request *request)
{
	return &request->envelope;
}

const struct route *
bus_request_route(const struct bus_request *request)
{
	return request->route;
}

const struct bus_peer *
bus_request_peer(const struct bus_request *request)
{
	return &request->listen->door->peer;
}

const char *
bus_request_door(const struct bus_request *request)
{
	return request->listen->door->name;
}

struct arena *
bus_request_arena(const struct bus_request *request)
{
	return request->arena;
}

uint64_t
bus_request_ticket(const struct bus_request *request)
{
	return request->ticket;
}

/* Without the key: what is stored of a reply must not hold a secret. */
void
bus_reply_head(
    const struct bus_request *request, struct envelope_head *head_out)
{
	*head_out = (struct envelope_head){
		.id = request->id,
		.type = request->route->type,
		.from = request->listen->door->bus->self_name,
		.cause = "",
		.key = "",
		.at_ms = clock_unix_ms(),
	};
}

static void
reply_too_large(struct bus_request *request, size_t size)
{
	struct bus *bus = request->listen->door->bus;
	struct envelope_head head;
	struct err err;

	log_error("bus-reply-too-large", "door=%s type=%s size=%zu",
	    request->listen->door->name, request->route->type, size);
	err_set(&err, ERR_INTERNAL, "the answer is too large to be sent");
	bus_reply_head(request, &head);
	buf_reset(&bus->scratch);
	envelope_encode_error(&bus->scratch, &head, &err, 0);
	send_reply(STEAL(request->cx), &bus->scratch);
}

static void
answer(struct bus_request *request, const struct buf *reply)
{
	if (reply->size > request->listen->door->max_bytes)
		reply_too_large(request, reply->size);
	else
		send_reply(STEAL(request->cx), reply);
}

void
bus_reply(struct bus_request *request, const struct buf *reply)
{
	assert(request->is_delivered && !request->is_deferred);
	if (request->cx)
		answer(request, reply);
	request_free(request);
}

void
bus_defer(struct bus_request *request)
{
	assert(request->is_delivered && !request->is_deferred);
	/* Answered by its ticket already, or there is nobody to answer. */
	if (!request->cx) {
		request_free(request);
		return;
	}
	request->is_deferred = true;
	release_content(request);
	bus_due_at(request->listen->door->bus, request->until_ms);
}

int
bus_reply_later(struct bus *bus, uint64_t ticket, const struct buf *body,
    const struct err *error)
{
	struct bus_request *request;
	struct envelope_head head;
	struct buf reply;

	HASH_FIND(hh, bus->requests, &ticket, sizeof(ticket), request);
	if (!request || !request->cx)
		return 1;
	bus_reply_head(request, &head);
	buf_init(&reply);
	if (error)
		envelope_encode_error(&reply, &head, error,
		    error->code == ERR_BUSY ? BUSY_RETRY_MS : 0);
	else
		envelope_encode_ok(&reply, &head, body);
	answer(request, &reply);
	buf_release(&reply);
	/* Not deferred yet: bus_defer is still to come for it. */
	if (request->is_deferred)
		request_free(request);
	return 0;
}
