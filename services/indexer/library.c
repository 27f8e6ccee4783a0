/* All workspaces: whose turn it is to be indexed, and who waits for it. */

#include "services/indexer/library_impl.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/service.h"
#include "proto/search.h"
#include "services/indexer/index.h"
#include "services/indexer/paths.h"

enum {
	/* Changes that never pause are indexed after so many debounces. */
	LATEST_DEBOUNCES = 10,
	/* After a failed write: the disk may have room again. */
	AGAIN_MS = 5000,
};

static void schedule(struct library *lib);

void
library_report(struct library *lib)
{
	AUTO(buf_release)
	struct buf why;

	buf_init(&why);
	if (lib->is_root_lost)
		buf_addf(&why, "cannot read %s", lib->root);
	else if (lib->n_failed > 0)
		buf_adds(&why, lib->failure);
	else if (lib->n_unwatched > 0)
		buf_addf(&why,
		    "%" PRId64 " folders cannot be watched: their changes are "
		    "found within 10 minutes (raise "
		    "fs.inotify.max_user_watches)",
		    lib->n_unwatched);
	else
		buf_adds(&why, *lib->trouble ? lib->trouble : lib->note);
	service_set_state(
	    why.size > 0 ? BEAT_DEGRADED : BEAT_HEALTHY, why.data);
}

static void
note_failure(struct library *lib, struct workspace *ws, const struct err *why)
{
	/* Once: it is tried again every few seconds. */
	if (!ws->has_failed)
		log_error("index-failed", "workspace=%s why=%s",
		    log_quote(ws->id), log_quote(why->text));
	lib->n_failed += !ws->has_failed;
	ws->has_failed = true;
	snprintf(lib->failure, sizeof(lib->failure), "%s", why->text);
	library_check_folders(lib);
	library_report(lib);
}

static void
note_success(struct library *lib, struct workspace *ws)
{
	if (ws->has_failed)
		log_info(
		    "index-works-again", "workspace=%s", log_quote(ws->id));
	lib->n_failed -= ws->has_failed;
	ws->has_failed = false;
	service_proof();
	library_report(lib);
}

void
library_list(struct library *lib, struct workspace *ws, int64_t after_ms)
{
	int64_t now_ms = clock_mono_ms();
	int64_t latest_ms = now_ms + LATEST_DEBOUNCES * after_ms;

	if (!ws->is_listed) {
		DL_APPEND(lib->listed, ws);
		ws->is_listed = true;
		ws->latest_ms = latest_ms;
	}
	ws->due_ms = now_ms + after_ms;
	if (ws->due_ms > ws->latest_ms)
		ws->due_ms = ws->latest_ms;
	schedule(lib);
}

static void
unlist(struct library *lib, struct workspace *ws)
{
	if (!ws->is_listed)
		return;
	DL_DELETE(lib->listed, ws);
	ws->is_listed = false;
}

void
library_close_index(struct library *lib, struct workspace *ws)
{
	if (!ws->index)
		return;
	DL_DELETE2(lib->opened, ws, open_prev, open_next);
	lib->n_opened--;
	workspace_close_index(ws);
}

static void
drop_workspace(struct library *lib, struct workspace *ws)
{
	log_info("workspace-gone", "workspace=%s", log_quote(ws->id));
	if (lib->places.hooks)
		lib->places.hooks->on_gone(lib->places.hooks->arg, ws->id);
	lib->n_failed -= ws->has_failed;
	unlist(lib, ws);
	library_close_index(lib, ws);
	workspace_drop_index(ws, &lib->places);
	HASH_DEL(lib->all, ws);
	workspace_free(&ws);
}

struct workspace *
library_add(struct library *lib, const char *id)
{
	struct workspace *ws;

	HASH_FIND_STR(lib->all, id, ws);
	if (!ws) {
		ws = workspace_new(id);
		ws->has_appeared = lib->is_started;
		HASH_ADD_KEYPTR(hh, lib->all, ws->id, strlen(ws->id), ws);
	}
	workspace_add_all(ws, false);
	library_list(lib, ws, 0);
	return ws;
}

int
library_use(struct library *lib, struct workspace *ws, struct err *err)
{
	if (ws->index) {
		DL_DELETE2(lib->opened, ws, open_prev, open_next);
		lib->n_opened--;
	} else if (lib->n_opened >= LIBRARY_MAX_OPEN) {
		library_close_index(lib, lib->opened->open_prev);
	}
	if (workspace_open_index(ws, &lib->places, err) < 0) {
		library_check_folders(lib);
		return -1;
	}
	DL_PREPEND2(lib->opened, ws, open_prev, open_next);
	lib->n_opened++;
	ws->used_ms = clock_mono_ms();
	if (workspace_is_pending(ws) && !ws->is_listed)
		library_list(lib, ws, 0);
	return 0;
}

int
library_use_known(struct library *lib, const char *id,
    struct workspace **ws_out, struct err *err)
{
	*ws_out = library_known(lib, id);
	return *ws_out ? library_use(lib, *ws_out, err) : 1;
}

/* Returns whether the workspace still exists and has more to do now. */
static bool
work_on(struct library *lib, struct workspace *ws, int64_t until_ms)
{
	struct err err;
	int rc = 0;

	while (workspace_is_pending(ws)) {
		if (clock_mono_ms() >= until_ms)
			return true;
		if (library_use(lib, ws, &err) < 0)
			rc = -1;
		else
			rc = workspace_step(ws, &lib->places, &err);
		if (rc != 0)
			break;
	}
	if (rc == 1) {
		drop_workspace(lib, ws);
		return false;
	}
	unlist(lib, ws);
	if (rc < 0) {
		note_failure(lib, ws, &err);
		library_list(lib, ws, AGAIN_MS);
	} else {
		note_success(lib, ws);
		if (lib->on_indexed)
			lib->on_indexed(lib->arg, ws->id);
	}
	return false;
}

static struct workspace *
next_due(struct library *lib)
{
	int64_t now_ms = clock_mono_ms();
	struct workspace *ws;
	struct waiter *waiter;

	DL_FOREACH (lib->waiters, waiter) {
		HASH_FIND_STR(lib->all, waiter->workspace_id, ws);
		if (ws && ws->is_listed && !ws->has_failed)
			return ws;
	}
	DL_FOREACH (lib->listed, ws)
		if (ws->due_ms <= now_ms)
			return ws;
	return NULL;
}

static void
answer_waiters(struct library *lib)
{
	int64_t now_ms = clock_mono_ms();
	struct waiter *waiter, *next;

	DL_FOREACH_SAFE(lib->waiters, waiter, next)
	{
		struct workspace *ws;
		bool is_stale;

		HASH_FIND_STR(lib->all, waiter->workspace_id, ws);
		is_stale = ws && workspace_is_pending(ws);
		if (is_stale && !ws->has_failed && now_ms < waiter->until_ms)
			continue;
		DL_DELETE(lib->waiters, waiter);
		waiter->fn(waiter->arg, lib, ws, is_stale);
		xfree(&waiter->workspace_id);
		xfree(&waiter);
	}
}

static int64_t
earliest(const struct library *lib, int64_t now_ms)
{
	int64_t at_ms = INT64_MAX;
	const struct workspace *ws;
	const struct waiter *waiter;

	DL_FOREACH (lib->listed, ws)
		if (ws->due_ms < at_ms)
			at_ms = ws->due_ms;
	/* What is waited for is worked on whether it is due or not. */
	DL_FOREACH (lib->waiters, waiter)
		at_ms = now_ms;
	return at_ms;
}

static void
schedule(struct library *lib)
{
	int64_t now_ms = clock_mono_ms();
	int64_t at_ms = earliest(lib, now_ms);

	if (at_ms == INT64_MAX)
		timer_stop(lib->work);
	else
		timer_start(lib->work, at_ms - now_ms, 0);
}

static void
on_work(void *arg)
{
	struct library *lib = arg;
	int64_t until_ms = clock_mono_ms() + LIBRARY_SLICE_MS;
	struct workspace *ws;

	while (clock_mono_ms() < until_ms && (ws = next_due(lib)))
		if (work_on(lib, ws, until_ms)) {
			/* The others get their turn as well. */
			DL_DELETE(lib->listed, ws);
			DL_APPEND(lib->listed, ws);
		}
	answer_waiters(lib);
	schedule(lib);
}

struct workspace *
library_known(struct library *lib, const char *id)
{
	struct workspace *ws;

	HASH_FIND_STR(lib->all, id, ws);
	return ws;
}

struct workspace *
library_find(struct library *lib, const char *id)
{
	struct workspace *ws;
	struct stat st;

	if (!paths_is_workspace(id))
		return NULL;
	folders_drain(lib->places.folders);
	HASH_FIND_STR(lib->all, id, ws);
	if (ws)
		return ws;
	/* The watch may have missed it; a look costs nothing. */
	if (fstatat(lib->places.root_fd, id, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return NULL;
	return library_add(lib, id);
}

void
library_refresh(struct library *lib, struct workspace *ws)
{
	struct err err;

	/* After a failure it is not tried at every search. */
	if (ws->has_failed)
		return;
	/* Whether the index file is still there shows when it is used. */
	if (ws->index && library_use(lib, ws, &err) < 0)
		note_failure(lib, ws, &err);
	else if (ws->is_listed)
		(void)work_on(lib, ws, clock_mono_ms() + LIBRARY_SLICE_MS);
}

void
library_when_ready(
    struct library *lib, struct workspace *ws, library_ready_fn fn, void *arg)
{
	char *id = xstrdup(ws->id);
	struct waiter *waiter;

	library_refresh(lib, ws);
	HASH_FIND_STR(lib->all, id, ws);
	if (!ws || !workspace_is_pending(ws) || ws->has_failed) {
		fn(arg, lib, ws, ws && workspace_is_pending(ws));
		xfree(&id);
		return;
	}
	waiter = xcalloc(1, sizeof(*waiter));
	waiter->workspace_id = id;
	waiter->fn = fn;
	waiter->arg = arg;
	waiter->until_ms = clock_mono_ms() + LIBRARY_WAIT_MS - LIBRARY_SLICE_MS;
	DL_APPEND(lib->waiters, waiter);
	schedule(lib);
}

void
library_reindex(struct library *lib, struct workspace *ws)
{
	workspace_add_all(ws, true);
	library_list(lib, ws, 0);
}

int
library_open(struct library **library_out, struct loop *loop,
    const struct library_options *options, struct err *err)
{
	AUTO(library_close)
	struct library *lib = xcalloc(1, sizeof(*lib));
	const struct folders_events events = library_events(lib);

	lib->loop = loop;
	lib->root = xstrdup(options->root);
	lib->index_root = xstrdup(options->index_root);
	lib->index_root_fd = -1;
	lib->debounce_ms = options->debounce_ms;
	lib->on_indexed = options->on_indexed;
	lib->arg = options->arg;
	lib->places.index_root = lib->index_root;
	lib->places.n_unwatched = &lib->n_unwatched;
	lib->work = timer_new(loop, on_work, lib);
	lib->places.root_fd =
	    open(lib->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lib->places.root_fd < 0)
		return err_errno(err, "cannot read %s", lib->root);
	lib->index_root_fd =
	    open(lib->index_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lib->index_root_fd < 0)
		return err_errno(err, "cannot read %s", lib->index_root);
	if (folders_open(&lib->places.folders, loop, lib->root, &events, err) <
	    0)
		return -1;
	if (library_rescan(lib) < 0)
		return err_errno(err, "cannot read %s", lib->root);
	lib->is_started = true;
	library_drop_orphans(lib);
	library_probe_start(lib);
	library_report(lib);
	service_proof();
	*library_out = STEAL(lib);
	return 0;
}

void
library_close(struct library **library)
{
	struct library *lib = *library;
	struct workspace *ws, *next;
	struct waiter *waiter, *next_waiter;

	if (!lib)
		return;
	/* Who still waits is not answered: the process is leaving. */
	DL_FOREACH_SAFE(lib->waiters, waiter, next_waiter)
	{
		xfree(&waiter->workspace_id);
		xfree(&waiter);
	}
	HASH_ITER (hh, lib->all, ws, next) {
		HASH_DEL(lib->all, ws);
		workspace_free(&ws);
	}
	folders_close(&lib->places.folders);
	timer_free(&lib->work);
	timer_free(&lib->probe);
	fd_close(&lib->places.root_fd);
	fd_close(&lib->index_root_fd);
	xfree(&lib->root);
	xfree(&lib->index_root);
	xfree(library);
}

static void
describe(const struct index_totals *totals, struct buf *out)
{
	if (totals->n_large > 0)
		buf_addf(out, "%" PRId64 " not indexed: larger than 1 MiB",
		    totals->n_large);
	if (totals->n_not_utf8 > 0)
		buf_addf(out, "%s%" PRId64 " not indexed: not UTF-8",
		    out->size > 0 ? "; " : "", totals->n_not_utf8);
}

int
library_state(struct library *lib, struct workspace *ws,
    struct search_state *out, struct arena *arena, struct err *err)
{
	AUTO(buf_release)
	struct buf detail;
	struct index_totals totals;

	buf_init(&detail);
	*out = (struct search_state){ .backend = "fts5", .detail = "" };
	if (!ws)
		return 0;
	if (library_use(lib, ws, err) < 0 ||
	    index_totals(ws->index, &totals, err) < 0)
		return -1;
	describe(&totals, &detail);
	out->folder_exists = true;
	out->is_indexed = ws->is_scanned;
	out->is_pending = workspace_is_pending(ws);
	out->n_documents = totals.n_documents;
	out->last_indexed_unix = ws->last_indexed_unix;
	out->detail = arena_strdup(arena, detail.data);
	return 0;
}

void
library_hook(struct library *lib, const struct workspace_hooks *hooks)
{
	lib->places.hooks = hooks;
}

void
library_set_trouble(struct library *lib, const char *text)
{
	snprintf(lib->trouble, sizeof(lib->trouble), "%s", text);
	library_report(lib);
}

void
library_note(struct library *lib, const char *text)
{
	snprintf(lib->note, sizeof(lib->note), "%s", text);
	library_report(lib);
}

int
library_root_fd(const struct library *lib)
{
	return lib->places.root_fd;
}
