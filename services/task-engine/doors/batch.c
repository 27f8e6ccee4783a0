/* drain -> one transaction -> reply: an answer means that it is on disk. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/replies.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/turn/turns.h"

enum {
	/* A full disk or a held database is not over sooner. */
	RETRY_AFTER_MS = 1000,
	LOST_LINE_MS = 60 * 1000,
};

typedef int (*begin_fn)(struct store *store, struct err *err);

struct item {
	struct bus_request *request;
	struct buf reply;
	bool is_deferred;
	bool has_new_secret;
	struct heard_note *heard; /* NULL: it brought no message */
};

static bool
is(const struct bus_request *request, unsigned flags)
{
	return bus_request_route(request)->flags & flags;
}

static bool
are_all(struct bus_request **requests, size_t n, unsigned flags)
{
	for (size_t i = 0; i < n; i++)
		if (!is(requests[i], flags))
			return false;
	return true;
}

static void
refuse(struct item *item, const struct err *err)
{
	struct envelope_head head;

	buf_reset(&item->reply);
	item->is_deferred = false;
	xfree(&item->heard);
	bus_reply_head(item->request, &head);
	envelope_encode_error(&item->reply, &head, err, RETRY_AFTER_MS);
}

/* Whether a repeat is simply done again, or finds what is stored itself. */
static bool
needs_no_keeping(const struct bus_request *request)
{
	return is(request, ROUTE_READ | ROUTE_MARK | ROUTE_KEYED);
}

/*
 * The reply is kept when something changed: where nothing did, doing it again
 * gives the same, and an idle gateway's polls cost no disk. One that shows a
 * secret is never kept.
 */
static int
keep_reply(
    struct svc *svc, struct item *item, int64_t changes_before, struct err *err)
{
	const struct bus_request *request = item->request;

	if (needs_no_keeping(request) || item->is_deferred ||
	    store_count_changes(svc->store) == changes_before)
		return 0;
	if (is_secret_reply(request)) {
		secret_replies_put(&svc->secret_replies, request, &item->reply,
		    clock_unix_ms());
		item->has_new_secret = true;
		return 0;
	}
	return store_reply_put(svc->store, bus_request_door(request),
	    bus_request_envelope(request)->id, &item->reply, clock_unix_ms(),
	    err);
}

static void
keep_heard(struct svc *svc, struct item *item)
{
	if (!*svc->heard.ids)
		return;
	item->heard = xcalloc(1, sizeof(*item->heard));
	*item->heard = svc->heard;
}

/* What the audit log says of the request's rows by itself. */
static void
begin_audit(struct svc *svc, const struct bus_request *request)
{
	const struct bus_peer *peer = bus_request_peer(request);
	const struct envelope *in = bus_request_envelope(request);
	const struct audit_entry known = {
		.operation = in->type,
		.door = arena_printf(bus_request_arena(request), "%s.%s",
		    service_name(peer->service), peer->instance),
		.cause = *in->cause ? in->cause : in->id,
	};

	audit_request_end(svc->store);
	audit_request(svc->store, &known);
}

/*
 * A daemon at its own door is no actor. Of somebody who is not known only the
 * attempt to change something is worth a row.
 */
static void
audit_refusal(
    struct svc *svc, const struct bus_request *request, const struct err *err)
{
	struct audit_entry entry = { .reason = err->text };

	if (err->code == ERR_UNAUTHENTICATED && !is(request, ROUTE_READ))
		entry.actor = "nobody";
	else if (err->code != ERR_REFUSED || !audit_has_actor(svc->store))
		return;
	audit_refused(svc->store, &entry, clock_unix_ms());
}

static int
dispatch(struct svc *svc, struct item *item)
{
	struct err why = { 0 };
	int rc;

	svc->heard = (struct heard_note){ 0 };
	begin_audit(svc, item->request);
	rc = service_dispatch(
	    svc, item->request, &item->reply, &item->is_deferred, &why);
	if (rc < 0)
		audit_refusal(svc, item->request, &why);
	audit_request_end(svc->store);
	return rc;
}

/* Whatever else is asked finds the cursors where they are. */
static int
settle_before(
    struct svc *svc, const struct bus_request *request, struct err *err)
{
	return strcmp(bus_request_route(request)->type, "message.inbound") == 0
		   ? 0
		   : cursor_settle(svc, err);
}

static int
run_in_savepoint(struct svc *svc, struct item *item, struct err *err)
{
	int64_t changes = store_count_changes(svc->store);
	size_t n_cancelled = svc->n_cancelled;
	struct cursor_move cursor;

	if (settle_before(svc, item->request, err) < 0 ||
	    store_savepoint(svc->store, err) < 0)
		return -1;
	cursor = svc->cursor;
	if (dispatch(svc, item) < 0) {
		store_rollback_to(svc->store);
		svc->n_cancelled = n_cancelled;
		svc->cursor = cursor;
		/* SQLite may have rolled back all: then the next request would
		 * commit by itself, and its answer would not say so. */
		if (!store_is_in_transaction(svc->store))
			return err_set(err, ERR_UNAVAILABLE,
			    "the database could not be used; nothing was "
			    "changed");
		return 0;
	}
	keep_heard(svc, item);
	if (keep_reply(svc, item, changes, err) < 0 ||
	    store_release(svc->store, err) < 0)
		return -1;
	return 0;
}

/*
 * The only one of its batch: there is nothing beside it that a savepoint would
 * keep, and with one SQLite copies each page before it is changed. Refused, it
 * leaves an empty transaction.
 */
static int
run_alone(struct svc *svc, struct item *item, begin_fn begin, struct err *err)
{
	int64_t changes = store_count_changes(svc->store);

	if (dispatch(svc, item) == 0) {
		keep_heard(svc, item);
		return keep_reply(svc, item, changes, err);
	}
	store_rollback(svc->store);
	svc->n_cancelled = 0;
	svc->cursor = (struct cursor_move){ 0 };
	return begin(svc->store, err);
}

/* Whether it was given before; 1 when not. */
static int
find_reply(struct svc *svc, struct item *item, struct err *err)
{
	const struct bus_request *request = item->request;

	if (needs_no_keeping(request))
		return 1;
	if (secret_replies_get(
		&svc->secret_replies, request, clock_unix_ms(), &item->reply))
		return 0;
	if (is_secret_reply(request))
		return 1;
	return store_reply_get(svc->store, bus_request_door(request),
	    bus_request_envelope(request)->id, &item->reply, err);
}

/* -1: the whole transaction is lost. */
static int
run(struct svc *svc, struct item *item, begin_fn begin, bool is_alone,
    struct err *err)
{
	int got = find_reply(svc, item, err);

	if (got != 1)
		return got;
	return is_alone ? run_alone(svc, item, begin, err)
			: run_in_savepoint(svc, item, err);
}

/* What the requests that came together need of the disk. */
static begin_fn
begin_of(struct bus_request **requests, size_t n)
{
	if (are_all(requests, n, ROUTE_READ))
		return store_begin_read;
	if (are_all(requests, n, ROUTE_READ | ROUTE_MARK))
		return store_begin_relaxed;
	return store_begin;
}

static int
run_all(struct svc *svc, struct item *items, size_t n, begin_fn begin,
    struct err *err)
{
	int rc = begin(svc->store, err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = run(svc, &items[i], begin, n == 1, err);
	if (rc == 0)
		rc = cursor_settle(svc, err);
	if (rc == 0)
		rc = store_commit_quietly(svc->store, err);
	if (rc < 0)
		store_rollback(svc->store);
	svc->cursor = (struct cursor_move){ 0 };
	return rc;
}

/* A full disk fails every batch: a line a minute tells it. */
static void
say_lost(struct svc *svc, size_t n_requests, const char *why)
{
	int64_t now_ms = clock_mono_ms();

	svc->lost.n_batches++;
	svc->lost.n_requests += (int64_t)n_requests;
	if (svc->lost.next_line_ms > now_ms)
		return;
	log_error("batch-lost",
	    "batches=%" PRId64 " requests=%" PRId64 " why=%s",
	    svc->lost.n_batches, svc->lost.n_requests, log_quote(why));
	svc->lost.n_batches = svc->lost.n_requests = 0;
	svc->lost.next_line_ms = now_ms + LOST_LINE_MS;
}

static void
lose(struct svc *svc, struct item *items, size_t n, struct err *err)
{
	say_lost(svc, n, err->text);
	if (err->code == ERR_INTERNAL)
		err_set(err, ERR_UNAVAILABLE,
		    "the task-engine could not store this, so nothing was "
		    "changed; its log says why");
	engine_database_trouble(svc, err->text);
	for (size_t i = 0; i < n; i++) {
		post_forget(svc->post, bus_request_ticket(items[i].request));
		if (items[i].has_new_secret)
			secret_replies_drop(
			    &svc->secret_replies, items[i].request);
		refuse(&items[i], err);
	}
}

static void
stop_cancelled(struct svc *svc)
{
	for (size_t i = 0; i < svc->n_cancelled; i++)
		turns_cancel(svc->turns, svc->cancelled[i]);
}

/* A group may chatter: what is not for us is a line only for who looks. */
static void
say_heard(const struct item *item)
{
	const struct heard_note *heard = item->heard;

	if (!heard)
		return;
	(heard->is_queued || heard->is_answered ? log_info : log_debug)(
	    "message-taken", "%s", heard->ids);
	if (heard->is_answered)
		log_info("message-answered", "%s", heard->ids);
}

static void
answer(struct item *item)
{
	const struct envelope *in = bus_request_envelope(item->request);

	log_context(in->id, in->cause);
	if (item->is_deferred)
		bus_defer(item->request);
	else
		bus_reply(item->request, &item->reply);
	buf_release(&item->reply);
	/* Behind the answer: who waits for that waits for no line. */
	say_heard(item);
	xfree(&item->heard);
}

/* Outside of what the refusals undid. They stay refused without it. */
static void
write_refused(struct svc *svc)
{
	struct err err;

	if (audit_write_refused(svc->store, &err) < 0)
		log_error("refusal-not-audited", "why=%s", log_quote(err.text));
}

void
doors_on_batch(struct svc *svc, struct bus_request **requests, size_t n)
{
	AUTO(xfree)
	struct item *items = xcalloc(n, sizeof(*items));
	begin_fn begin = begin_of(requests, n);
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++) {
		items[i].request = requests[i];
		buf_init(&items[i].reply);
	}
	if (run_all(svc, items, n, begin, &err) < 0) {
		lose(svc, items, n, &err);
	} else if (begin != store_begin_read) {
		engine_database_trouble(svc, "");
		service_proof();
		stop_cancelled(svc);
	}
	write_refused(svc);
	svc->n_cancelled = 0;
	svc->n_batches++;
	svc->n_requests += (int64_t)n;
	for (size_t i = 0; i < n; i++)
		answer(&items[i]);
	/* Whom the commit rings is told what for, when that is one thing. */
	if (n != 1)
		log_context_clear();
	store_tell(svc->store);
	log_context_clear();
}
