/* What happened to documents, on its way to the engine. */

#include "services/indexer/teller.h"

#include <inttypes.h>
#include <stdlib.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/bounds.h"
#include "proto/document.h"
#include "services/indexer/index.h"
#include "services/indexer/library.h"
#include "services/indexer/sources.h"
#include "services/indexer/workspace.h"

enum {
	PATIENCE_MS = 10 * 1000,
	BATCH_ARENA_BYTES = 256 * 1024,
};

struct teller {
	struct bus *bus;
	struct library *library;
	struct source *sources; /* the first is being asked or told of */
	struct timer *again;
	int64_t pause_ms; /* 0: the last was answered */
	struct batch *in_flight;
};

struct batch {
	struct teller *teller; /* NULL: it is closed */
	char *workspace_id;
	struct arena *arena;
	struct index_change changes[BOUND_CHANGES];
	size_t n_changes;
};

static void go_on(void *arg);

static void
batch_free(struct batch **batch)
{
	if (!*batch)
		return;
	arena_free(&(*batch)->arena);
	xfree(&(*batch)->workspace_id);
	xfree(batch);
}

void
teller_open(struct teller **teller_out, struct loop *loop, struct bus *bus,
    struct library *library)
{
	struct teller *t = xcalloc(1, sizeof(*t));

	t->bus = bus;
	t->library = library;
	t->again = timer_new(loop, go_on, t);
	*teller_out = t;
}

void
teller_close(struct teller **teller)
{
	struct teller *t = *teller;

	if (!t)
		return;
	sources_release(&t->sources);
	if (t->in_flight)
		t->in_flight->teller = NULL;
	timer_free(&t->again);
	xfree(teller);
}

void
teller_wake(struct teller *t, const char *workspace_id)
{
	sources_add(&t->sources, workspace_id);
	/* From the loop: who wakes is in the middle of its own work. */
	if (!t->in_flight && !timer_is_running(t->again))
		timer_start(t->again, 0, 0);
}

/* Once: it is tried again for as long as it takes, and the workspace goes
 * behind the others, in case that it is to blame. */
static void
put_off(struct teller *t, const char *why)
{
	if (t->pause_ms == 0)
		log_warn("changes-not-told", "why=%s", log_quote(why));
	t->pause_ms = sources_longer_pause(t->pause_ms);
	if (t->sources)
		sources_put_off(&t->sources, t->sources->workspace_id, why);
	timer_start(t->again, t->pause_ms, 0);
}

static int
note_told(struct teller *t, const struct batch *batch, struct err *err)
{
	struct workspace *ws;
	int rc = library_use_known(t->library, batch->workspace_id, &ws, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return index_changes_told(
	    ws->index, batch->changes, batch->n_changes, err);
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(batch_free)
	struct batch *batch = arg;
	struct teller *t = batch->teller;
	struct err err;

	if (!t)
		return;
	t->in_flight = NULL;
	if (!answer || !answer->ok) {
		put_off(t, answer ? answer->error.text : why->text);
		return;
	}
	if (note_told(t, batch, &err) < 0) {
		put_off(t, err.text);
		return;
	}
	if (t->pause_ms > 0)
		log_info("changes-told-again", "n=%zu", batch->n_changes);
	t->pause_ms = 0;
	go_on(t);
}

static int
send(struct teller *t, struct batch *batch, struct err *err)
{
	static const char *const kinds[INDEX_CHANGE_COUNT] = {
		[INDEX_APPEARED] = "appeared",
		[INDEX_CHANGED] = "changed",
		[INDEX_VANISHED] = "vanished",
	};
	struct document_change changes[BOUND_CHANGES];
	const struct document_changed body = {
		.workspace_id = batch->workspace_id,
		.changes = changes,
		.n_changes = batch->n_changes,
	};
	AUTO(buf_release)
	struct buf bytes;
	const struct bus_call call = {
		.to = SVC_TASK_ENGINE,
		.type = "document.changed",
		.deadline_ms = clock_unix_ms() + PATIENCE_MS,
		.body = &bytes,
	};

	for (size_t i = 0; i < batch->n_changes; i++)
		changes[i] = (struct document_change){
			.path = batch->changes[i].path,
			.sha256 = batch->changes[i].sha256,
			.change = kinds[batch->changes[i].kind],
		};
	buf_init(&bytes);
	document_changed_encode(&body, &bytes);
	return bus_call(t->bus, &call, on_answer, batch, err);
}

/* Returns 1 when the workspace has nothing to tell. */
static int
collect(struct teller *t, struct batch *batch, struct err *err)
{
	struct workspace *ws;
	int rc = library_use_known(t->library, batch->workspace_id, &ws, err);

	if (rc != 0)
		return rc;
	if (index_changes(ws->index, batch->changes, BOUND_CHANGES,
		&batch->n_changes, batch->arena, err) < 0)
		return -1;
	return batch->n_changes == 0;
}

/* Returns 1 when the first workspace had nothing to tell. */
static int
tell_first(struct teller *t, struct err *err)
{
	AUTO(batch_free)
	struct batch *batch = xcalloc(1, sizeof(*batch));
	int rc;

	batch->teller = t;
	batch->workspace_id = xstrdup(t->sources->workspace_id);
	batch->arena = arena_new(BATCH_ARENA_BYTES);
	rc = collect(t, batch, err);
	if (rc != 0)
		return rc;
	if (send(t, batch, err) < 0)
		return -1;
	t->in_flight = STEAL(batch);
	return 0;
}

static void
go_on(void *arg)
{
	struct teller *t = arg;
	struct err err;

	while (t->sources && !t->in_flight) {
		int rc = tell_first(t, &err);

		if (rc == 1)
			sources_drop(&t->sources, t->sources->workspace_id);
		if (rc < 0) {
			put_off(t, err.text);
			return;
		}
	}
}
