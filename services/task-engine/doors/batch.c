/* drain -> one transaction -> reply: an answer means that it is on disk. */

#include <inttypes.h>
#include <stdlib.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
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

struct item {
	struct bus_request *request;
	struct buf reply;
	bool is_deferred;
	bool has_new_secret;
};

static bool
is_read(const struct bus_request *request)
{
	return bus_request_route(request)->flags & ROUTE_READ;
}

static bool
all_read(struct bus_request **requests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_read(requests[i]))
			return false;
	return true;
}

static void
refuse(struct item *item, const struct err *err)
{
	struct envelope_head head;

	buf_reset(&item->reply);
	item->is_deferred = false;
	bus_reply_head(item->request, &head);
	envelope_encode_error(&item->reply, &head, err, RETRY_AFTER_MS);
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

	if (is_read(request) || item->is_deferred ||
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

static int
run_in_savepoint(struct svc *svc, struct item *item, struct err *err)
{
	int64_t changes = store_count_changes(svc->store);

	if (store_savepoint(svc->store, err) < 0)
		return -1;
	if (service_dispatch(svc, item->request, &item->reply,
		&item->is_deferred) != ERR_NONE) {
		store_rollback_to(svc->store);
		/* SQLite may have rolled back all: then the next request would
		 * commit by itself, and its answer would not say so. */
		if (!store_is_in_transaction(svc->store))
			return err_set(err, ERR_UNAVAILABLE,
			    "the database could not be used; nothing was "
			    "changed");
		return 0;
	}
	if (keep_reply(svc, item, changes, err) < 0 ||
	    store_release(svc->store, err) < 0)
		return -1;
	return 0;
}

/* Whether it was given before; 1 when not. */
static int
find_reply(struct svc *svc, struct item *item, struct err *err)
{
	const struct bus_request *request = item->request;

	if (is_read(request))
		return 1;
	if (is_secret_reply(request))
		return secret_replies_get(&svc->secret_replies, request,
			   clock_unix_ms(), &item->reply)
			   ? 0
			   : 1;
	return store_reply_get(svc->store, bus_request_door(request),
	    bus_request_envelope(request)->id, &item->reply, err);
}

/* -1: the whole transaction is lost. */
static int
run(struct svc *svc, struct item *item, struct err *err)
{
	int got = find_reply(svc, item, err);

	return got == 1 ? run_in_savepoint(svc, item, err) : got;
}

static int
run_all(struct svc *svc, struct item *items, size_t n, bool is_read_only,
    struct err *err)
{
	int rc = is_read_only ? store_begin_read(svc->store, err)
			      : store_begin(svc->store, err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = run(svc, &items[i], err);
	if (rc == 0)
		rc = store_commit_quietly(svc->store, err);
	if (rc < 0)
		store_rollback(svc->store);
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

static void
answer(struct item *item)
{
	if (item->is_deferred)
		bus_defer(item->request);
	else
		bus_reply(item->request, &item->reply);
	buf_release(&item->reply);
}

void
doors_on_batch(struct svc *svc, struct bus_request **requests, size_t n)
{
	AUTO(xfree)
	struct item *items = xcalloc(n, sizeof(*items));
	bool is_read_only = all_read(requests, n);
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++) {
		items[i].request = requests[i];
		buf_init(&items[i].reply);
	}
	if (run_all(svc, items, n, is_read_only, &err) < 0) {
		lose(svc, items, n, &err);
	} else if (!is_read_only) {
		engine_database_trouble(svc, "");
		service_proof();
		stop_cancelled(svc);
	}
	svc->n_cancelled = 0;
	svc->n_batches++;
	svc->n_requests += (int64_t)n;
	for (size_t i = 0; i < n; i++)
		answer(&items[i]);
	store_tell(svc->store);
}
