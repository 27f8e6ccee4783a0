/* The asking side of a door: calls, their retries and their deadlines. */

#include "libcommon/bus_impl.h"

#include <stdlib.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"

enum {
	/* Calls that wait for a free context; more are refused at once. */
	MAX_WAITING = 1024,
	RETRY_MIN_MS = 20,
	RETRY_MAX_MS = 200,
	/* So much later than a new pipe nng has told what it lost with the old
	 * one. It forgets some. */
	FORGOTTEN_MS = 100,
	/* What an envelope may add around a body. */
	HEAD_ROOM = 1024,
};

enum req_state { REQ_FREE, REQ_SENDING, REQ_WAITING };

/*
 * One request at a time. A context whose call has ended without it comes back
 * by itself: its send is never cancelled, its receive has a time-out.
 */
struct req_cx {
	struct bus_item item;
	struct dial_sock *socket;
	nng_ctx nng;
	nng_aio *aio;
	enum req_state state;
	nng_msg *msg;
	int rv;
	int64_t until_ms;
	_Atomic uint32_t n_ups; /* of the socket's pipes when it was sent */
	atomic_bool was_sent;
	struct call *call; /* NULL: nobody waits any longer */
	struct req_cx *next;
};

struct dial_sock {
	struct bus_dial *dial;
	struct bus_sock *sock;
	struct req_cx *cxs;
	struct req_cx *free;
	int n_busy;
};

enum { PLAIN, DEFERRED, N_QUEUES };

struct bus_dial {
	struct bus_door *door;
	struct dial_sock *socks;
	/* Each call is in one of these lists. */
	struct call *waiting[N_QUEUES];
	struct call *resting; /* until it is tried again */
	struct call *active;
	int n_waiting; /* and resting */
	int n_active;
	int n_deferred; /* active ones */
};

struct call {
	struct bus_dial *dial;
	struct call **list;
	const struct route *route;
	char id[ID_ULID_SIZE];
	char *cause;
	struct buf body;
	int64_t until_ms; /* monotonic */
	int64_t again_ms;
	int n_tries;
	bool was_sent;
	struct req_cx *cx;
	bus_answer_fn fn;
	void *arg;
	struct call *prev, *next;
};

static bool
is_deferred(const struct call *call)
{
	return (call->route->flags & ROUTE_DEFERRED) != 0;
}

/* list NULL: into none. */
static void
move(struct call *call, struct call **list, bool to_front)
{
	struct bus_dial *dial = call->dial;

	if (call->list) {
		DL_DELETE(*call->list, call);
		if (call->list == &dial->active) {
			dial->n_active--;
			dial->n_deferred -= is_deferred(call);
		} else {
			dial->n_waiting--;
		}
	}
	call->list = list;
	if (!list)
		return;
	if (to_front)
		DL_PREPEND(*list, call);
	else
		DL_APPEND(*list, call);
	if (list == &dial->active) {
		dial->n_active++;
		dial->n_deferred += is_deferred(call);
	} else {
		dial->n_waiting++;
	}
}

/* The owner may call again from within fn. */
static void
finish(struct call *call, const struct envelope *answer, const struct err *err)
{
	move(call, NULL, false);
	if (call->cx)
		call->cx->call = NULL;
	call->fn(call->arg, answer, err);
	buf_release(&call->body);
	free(call->cause);
	free(call);
}

static void
finish_late(struct call *call)
{
	const char *peer = service_name(call->dial->door->listener);
	bool was_sent = call->was_sent;
	struct err err;

	if (call->cx)
		was_sent |= atomic_load(&call->cx->was_sent);
	if (was_sent)
		err_set(&err, ERR_TIMEOUT, "%s did not answer %s in time", peer,
		    call->route->type);
	else
		err_set(&err, ERR_UNAVAILABLE, "%s is not reachable", peer);
	finish(call, NULL, &err);
}

/* On a thread of nng's. */
static void
on_req_aio(void *arg)
{
	struct req_cx *cx = arg;
	struct bus *bus = cx->socket->dial->door->bus;
	int rv = nng_aio_result(cx->aio);
	int64_t left_ms = cx->until_ms - clock_mono_ms();

	cx->rv = rv;
	if (cx->state == REQ_SENDING)
		atomic_fetch_sub(&bus->n_sending, 1);
	if (cx->state == REQ_SENDING && rv) {
		nng_msg_free(nng_aio_get_msg(cx->aio));
	} else if (cx->state == REQ_SENDING) {
		atomic_store(&cx->n_ups, atomic_load(&cx->socket->sock->n_ups));
		atomic_store(&cx->was_sent, true);
		if (left_ms > 0) {
			cx->state = REQ_WAITING;
			nng_aio_set_timeout(cx->aio, (nng_duration)left_ms);
			nng_ctx_recv(cx->nng, cx->aio);
			return;
		}
		cx->rv = NNG_ETIMEDOUT;
	} else if (!rv) {
		cx->msg = nng_aio_get_msg(cx->aio);
	}
	bus_push(bus, &cx->item);
}

/* Their own id, and their deadline in wall time as it is now. */
static void
encode(struct call *call, struct buf *out)
{
	const struct bus_door *door = call->dial->door;
	int64_t now_ms = clock_unix_ms();
	struct envelope_head head = {
		.id = call->id,
		.type = call->route->type,
		.from = door->bus->self_name,
		.cause = call->cause,
		.key = door->key,
		.at_ms = now_ms,
		.deadline_ms = now_ms + call->until_ms - clock_mono_ms(),
	};

	buf_reset(out);
	envelope_encode(out, &head, &call->body);
}

static void
start(struct call *call, struct dial_sock *socket)
{
	struct bus *bus = call->dial->door->bus;
	struct req_cx *cx = socket->free;

	LL_DELETE(socket->free, cx);
	socket->n_busy++;
	move(call, &call->dial->active, false);
	call->cx = cx;
	call->n_tries++;
	cx->call = call;
	cx->until_ms = call->until_ms;
	cx->state = REQ_SENDING;
	atomic_store(&cx->was_sent, false);
	encode(call, &bus->scratch);
	atomic_fetch_add(&bus->n_sending, 1);
	nng_aio_set_timeout(cx->aio, NNG_DURATION_INFINITE);
	nng_aio_set_msg(cx->aio, bus_msg(&bus->scratch));
	nng_ctx_send(cx->nng, cx->aio);
	bus_watch_closely(bus);
}

/* The one with a pipe and the least to do. */
static struct dial_sock *
free_socket(struct bus_dial *dial)
{
	struct dial_sock *best = NULL;

	for (int i = 0; i < dial->door->size->n_sockets; i++) {
		struct dial_sock *socket = &dial->socks[i];

		if (!socket->free || !bus_sock_is_up(socket->sock))
			continue;
		if (!best || socket->n_busy < best->n_busy)
			best = socket;
	}
	return best;
}

/* Those that may take long leave contexts for those that must be quick. */
static struct call *
next_call(struct bus_dial *dial)
{
	if (dial->waiting[PLAIN])
		return dial->waiting[PLAIN];
	if (dial->n_deferred < dial->door->size->n_deferred)
		return dial->waiting[DEFERRED];
	return NULL;
}

static void
dispatch(struct bus_dial *dial)
{
	struct dial_sock *socket;
	struct call *call;

	while ((call = next_call(dial)) && (socket = free_socket(dial)))
		start(call, socket);
}

/* 20, 40, 80, … 200 ms, and up to half of it more, so that not all come at
 * the same moment. */
static void
rest(struct call *call)
{
	struct bus *bus = call->dial->door->bus;
	int64_t wait_ms = RETRY_MAX_MS;
	unsigned jitter;

	id_random(&jitter, sizeof(jitter));
	if (call->n_tries < 4)
		wait_ms = RETRY_MIN_MS << (call->n_tries - 1);
	wait_ms += jitter % (unsigned)(wait_ms / 2 + 1);
	if (wait_ms > RETRY_MAX_MS)
		wait_ms = RETRY_MAX_MS;
	call->was_sent |= atomic_load(&call->cx->was_sent);
	call->cx = NULL;
	call->again_ms = clock_mono_ms() + wait_ms;
	move(call, &call->dial->resting, false);
	bus->counters.retries++;
	bus_due_at(bus, call->again_ms);
}

/* Whether the answer is one to this call. */
static int
check_answer(
    const struct call *call, const struct envelope *answer, struct err *err)
{
	const struct bus_door *door = call->dial->door;

	if (!answer->is_reply || strcmp(answer->from, door->listener_name) != 0)
		return err_set(err, ERR_INVALID, "the answer of %s is none",
		    door->listener_name);
	if (strcmp(answer->id, call->id) == 0 &&
	    strcmp(answer->type, call->route->type) == 0)
		return 0;
	/* It could not even read whom it answers. */
	if (!answer->ok)
		return err_set(
		    err, answer->error.code, "%s", answer->error.text);
	return err_set(err, ERR_INVALID, "%s answered %.64s to %s",
	    door->listener_name, answer->type, call->route->type);
}

static void
take_answer(struct call *call, nng_msg *msg)
{
	struct bus_door *door = call->dial->door;
	AUTO(envelope_release)
	struct envelope answer = { 0 };
	struct err err;

	if (envelope_decode(
		&answer, nng_msg_body(msg), nng_msg_len(msg), &err) < 0 ||
	    check_answer(call, &answer, &err) < 0) {
		bus_complain(door, BUS_FAULT_REPLY, err.text);
		finish(call, NULL, &err);
		return;
	}
	finish(call, &answer, NULL);
}

static void
on_done(struct bus_item *item)
{
	struct req_cx *cx = (struct req_cx *)item;
	struct dial_sock *socket = cx->socket;
	struct bus_dial *dial = socket->dial;
	struct call *call = cx->call;
	nng_msg *msg = STEAL(cx->msg);
	int rv = cx->rv;

	if (call && !msg && rv != NNG_ETIMEDOUT)
		rest(call);
	cx->call = NULL;
	cx->state = REQ_FREE;
	LL_PREPEND(socket->free, cx);
	socket->n_busy--;
	if (call && msg) {
		call->cx = NULL;
		take_answer(call, msg);
	} else if (call && rv == NNG_ETIMEDOUT) {
		call->was_sent = true;
		call->cx = NULL;
		finish_late(call);
	}
	if (msg)
		nng_msg_free(msg);
	dispatch(dial);
}

void
bus_dial_on_pipe(struct bus_dial *dial)
{
	dispatch(dial);
	bus_due_at(dial->door->bus, clock_mono_ms() + FORGOTTEN_MS + 1);
}

/*
 * A request that went down with a pipe, and nng has not told. The call is made
 * again; the context comes back when its receive has timed out.
 */
static bool
is_forgotten(const struct call *call, int64_t now_ms)
{
	const struct bus_sock *sock = call->cx->socket->sock;

	return atomic_load(&call->cx->was_sent) &&
	       atomic_load(&call->cx->n_ups) != atomic_load(&sock->n_ups) &&
	       now_ms - atomic_load(&sock->up_ms) > FORGOTTEN_MS;
}

static void
try_forgotten_again(struct bus_dial *dial, int64_t now_ms)
{
	struct call *call, *next;

	DL_FOREACH_SAFE(dial->active, call, next)
	{
		if (!is_forgotten(call, now_ms))
			continue;
		call->cx->call = NULL;
		rest(call);
	}
}

/* What has ended is set apart first: the owners' callbacks may call again. */
static int64_t
sweep_list(struct bus_dial *dial, struct call **list, struct call **ended,
    int64_t now_ms)
{
	struct call *call, *next;
	int64_t next_ms = INT64_MAX, due_ms;

	DL_FOREACH_SAFE(*list, call, next)
	{
		due_ms = call->until_ms;
		if (due_ms <= now_ms) {
			move(call, NULL, false);
			DL_APPEND(*ended, call);
			continue;
		}
		if (list == &dial->resting && call->again_ms <= now_ms)
			move(call, &dial->waiting[is_deferred(call)], true);
		else if (list == &dial->resting && call->again_ms < due_ms)
			due_ms = call->again_ms;
		if (due_ms < next_ms)
			next_ms = due_ms;
	}
	return next_ms;
}

int64_t
bus_dial_sweep(struct bus_dial *dial, int64_t now_ms)
{
	struct call **lists[] = { &dial->resting, &dial->waiting[PLAIN],
		&dial->waiting[DEFERRED], &dial->active };
	struct call *ended = NULL, *call, *next;
	int64_t next_ms = INT64_MAX;

	try_forgotten_again(dial, now_ms);
	for (size_t i = 0; i < N_OF(lists); i++) {
		int64_t list_ms = sweep_list(dial, lists[i], &ended, now_ms);

		if (list_ms < next_ms)
			next_ms = list_ms;
	}
	DL_FOREACH_SAFE(ended, call, next)
	{
		DL_DELETE(ended, call);
		finish_late(call);
	}
	dispatch(dial);
	return next_ms;
}

bool
bus_dial_is_idle(const struct bus_dial *dial)
{
	return dial->n_active == 0 && dial->n_waiting == 0;
}

static int
open_socket(struct bus_dial *dial, struct dial_sock *socket, struct err *err)
{
	int n = dial->door->size->n_contexts;

	socket->dial = dial;
	if (bus_sock_open(&socket->sock, dial->door, ROUTE_REQ, err) < 0)
		return -1;
	socket->cxs = xcalloc((size_t)n, sizeof(*socket->cxs));
	for (int i = 0; i < n; i++) {
		struct req_cx *cx = &socket->cxs[i];
		int rv = nng_ctx_open(&cx->nng, socket->sock->nng);

		if (!rv)
			rv = nng_aio_alloc(&cx->aio, on_req_aio, cx);
		if (rv)
			return err_set(err, ERR_INTERNAL,
			    "cannot make a context for %s: %s",
			    dial->door->name, nng_strerror(rv));
		cx->item.fn = on_done;
		cx->socket = socket;
		LL_PREPEND(socket->free, cx);
	}
	return bus_sock_start(socket->sock, err);
}

void
bus_dial_new(struct bus_door *door)
{
	struct bus_dial *dial = xcalloc(1, sizeof(*dial));

	door->dial = dial;
	dial->door = door;
	dial->socks =
	    xcalloc((size_t)door->size->n_sockets, sizeof(*dial->socks));
}

int
bus_dial_open(struct bus_door *door, struct err *err)
{
	struct bus_dial *dial = door->dial;

	for (int i = 0; i < door->size->n_sockets; i++)
		if (open_socket(dial, &dial->socks[i], err) < 0)
			return -1;
	return 0;
}

static struct bus_dial *
find_dial(struct bus *bus, const struct bus_call *call)
{
	struct bus_door *door;

	if (call->instance && strcmp(call->instance, "main") != 0)
		return NULL;
	LL_FOREACH (bus->doors, door)
		if (door->dial && door->listener == call->to)
			return door->dial;
	return NULL;
}

static int
check_call(const struct bus *bus, const struct bus_call *in,
    const struct bus_dial *dial, struct err *err)
{
	const struct route *route = route_find(in->type);

	if (!route || route->how != ROUTE_REQ ||
	    !(route->from & SVC_BIT(bus->self)) ||
	    !(route->to & SVC_BIT(in->to)))
		return err_set(err, ERR_INVALID,
		    "%s sends no request \"%.64s\" to %s", bus->self_name,
		    in->type, service_name(in->to));
	if (in->id && !id_is_ulid(in->id))
		return err_set(
		    err, ERR_INVALID, "\"%.64s\" is no ULID", in->id);
	if (!dial)
		return err_set(err, ERR_UNAVAILABLE, "there is no door to %s",
		    service_name(in->to));
	if (in->body && in->body->size + HEAD_ROOM > bus_route_max(route))
		return err_set(err, ERR_INVALID,
		    "%s: a body of %zu bytes is too large", in->type,
		    in->body->size);
	if (dial->n_waiting >= MAX_WAITING)
		return err_set(err, ERR_BUSY,
		    "too many requests wait for %s: try again later",
		    service_name(in->to));
	return 0;
}

static struct call *
call_new(struct bus_dial *dial, const struct bus_call *in)
{
	struct call *call = xcalloc(1, sizeof(*call));
	int64_t now_ms = clock_unix_ms();
	int64_t left_ms = in->deadline_ms - now_ms;

	call->dial = dial;
	call->route = route_find(in->type);
	if (in->id)
		memcpy(call->id, in->id, sizeof(call->id));
	else
		id_ulid(call->id, now_ms);
	call->cause = xstrdup(in->cause ? in->cause : "");
	buf_init(&call->body);
	if (in->body)
		buf_add(&call->body, in->body->data, in->body->size);
	call->until_ms = clock_mono_ms() +
			 (left_ms < BUS_LONGEST_MS ? left_ms : BUS_LONGEST_MS);
	return call;
}

int
bus_call(struct bus *bus, const struct bus_call *in, bus_answer_fn fn,
    void *arg, struct err *err)
{
	struct bus_dial *dial = find_dial(bus, in);
	struct call *call;

	if (check_call(bus, in, dial, err) < 0)
		return -1;
	call = call_new(dial, in);
	call->fn = fn;
	call->arg = arg;
	move(call, &dial->waiting[is_deferred(call)], false);
	bus->counters.calls++;
	bus_due_at(bus, call->until_ms);
	dispatch(dial);
	return 0;
}
