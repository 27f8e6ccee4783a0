/* Forgets in slices: the words, the files, the summary, and who is told. */

#include "services/task-engine/commands/forgetter.h"

#include <inttypes.h>
#include <stdlib.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/knowledge/memory.h"
#include "services/task-engine/store/forgotten.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tasks.h"

enum {
	/* What a summary is made of, with its lines at their longest. */
	ARENA_BYTES = 64 * 1024 * 1024,
	/* A full disk is rarely freed sooner. */
	AGAIN_MS = 2000,
};

struct forgetter {
	struct svc *svc;
	struct timer *next;
};

/* One context's, in one transaction. */
struct pass {
	struct svc *svc;
	const struct context_row *context;
	struct forgetting *what;
	int64_t now_ms;
	struct arena *arena;
};

/* What tasks wrote says no more than that it was there. */
static int
empty_files(const struct pass *p, const struct forgotten *gone, struct err *err)
{
	for (size_t i = 0; i < gone->n_paths; i++) {
		const struct file_row file = {
			.workspace_id = p->context->workspace_id,
			.path = gone->paths[i],
			.content = "# Task Result\n\nForgotten on request.\n",
		};

		if (store_file_add(p->svc->store, &file, p->now_ms, err) < 0)
			return -1;
	}
	return 0;
}

static int
slice(const struct pass *p, struct err *err)
{
	struct forgotten gone;
	int got = store_forget_slice(
	    p->svc->store, p->what, FORGET_SLICE, p->arena, &gone, err);

	return got < 0 || empty_files(p, &gone, err) < 0 ? -1 : got;
}

/* Log and summary are written anew, of what may be shown. */
static int
rewrite(const struct pass *p, struct err *err)
{
	const struct memory memory = { .store = p->svc->store,
		.cfg = p->svc->cfg,
		.context = p->context,
		.now_ms = p->now_ms,
		.arena = p->arena };

	if (store_forget_log(p->svc->store, p->context->id, err) < 0)
		return -1;
	return memory_redo(&memory, err) < 0 ? -1 : 0;
}

/* Who and where, and how much; of what was said nothing. */
static int
note(const struct pass *p, const char *how_far, struct err *err)
{
	const struct forgetting *what = p->what;
	const struct audit_entry entry = {
		.actor = what->asked_by,
		.operation =
		    *what->said_by ? "messages.forget" : "context.forget",
		.workspace_id = p->context->workspace_id,
		.subject = p->context->id,
		.detail = arena_printf(p->arena,
		    "%smessages=%" PRId64 " answers=%" PRId64 " tasks=%" PRId64,
		    how_far, what->n_messages, what->n_answers, what->n_tasks),
	};

	return audit_add(p->svc->store, &entry, p->now_ms, err);
}

int
forget_begin(struct svc *svc, const struct context_row *context,
    struct forgetting *forgetting, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	const struct pass pass = { svc, context, forgetting, now_ms, arena };
	int got = slice(&pass, err);
	bool has_more = got == 0;

	if (got < 0 ||
	    (has_more && store_forgetting_add(svc->store, forgetting, err) < 0))
		return -1;
	if (rewrite(&pass, err) < 0 ||
	    note(&pass, has_more ? "begun " : "", err) < 0)
		return -1;
	return has_more ? 1 : 0;
}

static int
tell(const struct pass *p, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	struct post_note post = { .context = p->context, .is_handled = true };
	char id[ID_UUID_SIZE];

	buf_init(&text);
	say_forgotten(&text, !*p->what->said_by, p->what->n_messages,
	    p->what->n_answers, p->what->n_tasks);
	post.text = text.data;
	return post_add(p->svc->store, &post, p->now_ms, id, err);
}

/* The row goes first: log and summary are then made of all that is left. */
static int
end(const struct pass *p, struct err *err)
{
	if (store_forgetting_end(p->svc->store, p->what->seq, err) < 0 ||
	    rewrite(p, err) < 0 || note(p, "", err) < 0)
		return -1;
	return tell(p, err);
}

static int
go_on(const struct pass *p, struct err *err)
{
	int got = slice(p, err);

	if (got < 0)
		return -1;
	return got == 1 ? end(p, err)
			: store_forgetting_put(p->svc->store, p->what, err);
}

/* 1: there is nothing to forget. */
static int
next(struct svc *svc, struct arena *arena, struct err *err)
{
	struct context_row context;
	struct forgetting what;
	const struct pass pass = { svc, &context, &what, clock_unix_ms(),
		arena };
	int got = store_forgetting_next(svc->store, arena, &what, err);

	if (got != 0)
		return got;
	/* Its context is there: the database sees to it. */
	if (store_context_get(
		svc->store, what.context_id, arena, &context, err) != 0 ||
	    store_begin(svc->store, err) < 0)
		return -1;
	if (go_on(&pass, err) < 0) {
		store_rollback(svc->store);
		return -1;
	}
	return store_commit(svc->store, err);
}

static void
on_next(void *arg)
{
	struct forgetter *f = arg;
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct err err = { 0 };
	int got = next(f->svc, arena, &err);

	if (got < 0)
		log_error("forgetting-delayed", "why=%s", log_quote(err.text));
	if (got != 1)
		timer_start(f->next, got < 0 ? AGAIN_MS : 0, 0);
}

static void
on_change(void *arg, unsigned changes)
{
	if (changes & STORE_CHANGED_FORGOTTEN)
		forgetter_wake(arg);
}

void
forgetter_open(struct forgetter **forgetter_out, struct svc *svc)
{
	struct forgetter *f = xcalloc(1, sizeof(*f));

	f->svc = svc;
	f->next = timer_new(svc->env.loop, on_next, f);
	store_on_commit(svc->store, on_change, f);
	*forgetter_out = f;
}

void
forgetter_close(struct forgetter **slot)
{
	struct forgetter *f = *slot;

	if (!f)
		return;
	timer_free(&f->next);
	xfree(slot);
}

void
forgetter_wake(struct forgetter *f)
{
	if (!timer_is_running(f->next))
		timer_start(f->next, 0, 0);
}
