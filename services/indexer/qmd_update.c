/* Brings qmd's indexes up to date, one workspace after the other. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/indexer/qmd_impl.h"

enum {
	ARENA_BYTES = 64 * 1024,
	/* It says a line or two of each collection and of what it skipped. */
	MAX_OUT_BYTES = 1024 * 1024,
	LEAST_EMBED_MS = 1000,
	FIRST_RETRY_MS = 5 * 1000,
	MAX_RETRY_MS = 10 * 60 * 1000,
};

void
qmd_want_update(struct qmd *qmd, struct qmd_workspace *ws, int64_t in_ms)
{
	ws->due_ms = clock_mono_ms() + in_ms;
	qmd_update_next(qmd);
}

static struct qmd_workspace *
earliest(struct qmd *qmd)
{
	struct qmd_workspace *ws, *next, *first = NULL;

	HASH_ITER (hh, qmd->workspaces, ws, next)
		if (ws->due_ms > 0 && (!first || ws->due_ms < first->due_ms))
			first = ws;
	return first;
}

static int64_t
retry_ms(int n_failed)
{
	int64_t ms = FIRST_RETRY_MS;

	while (--n_failed > 0 && ms < MAX_RETRY_MS)
		ms *= 2;
	return ms < MAX_RETRY_MS ? ms : MAX_RETRY_MS;
}

static void
failed(struct qmd *qmd, struct qmd_workspace *ws, const char *why)
{
	/* Once: it is tried again and again. */
	if (ws->n_failed == 0)
		log_warn("qmd-update-failed", "workspace=%s why=%s",
		    log_quote(ws->id), log_quote(why));
	qmd->n_stuck += ws->n_failed == 0;
	qmd->counters->n_failures++;
	ws->n_failed++;
	ws->is_behind = true;
	snprintf(qmd->stuck, sizeof(qmd->stuck), "%s", why);
	ws->due_ms = clock_mono_ms() + retry_ms(ws->n_failed);
	qmd_report(qmd);
	qmd_update_next(qmd);
}

static void
done(struct qmd *qmd, struct qmd_workspace *ws)
{
	if (ws->n_failed > 0)
		log_info("qmd-update-works-again", "workspace=%s",
		    log_quote(ws->id));
	qmd->n_stuck -= ws->n_failed > 0;
	ws->n_failed = 0;
	ws->is_built = true;
	/* Set again by what changed meanwhile, which will settle. */
	if (!ws->is_behind)
		qmd_place_set_current(&qmd->options, ws->id, true);
	qmd_report(qmd);
	qmd_update_next(qmd);
}

/* The one whose update just ended. */
static struct qmd_workspace *
take_updated(struct qmd *qmd)
{
	struct qmd_workspace *ws;

	HASH_FIND_STR(qmd->workspaces, qmd->updated, ws);
	xfree(&qmd->updated);
	qmd->update = NULL;
	return ws;
}

static void
on_embedded(void *arg, const struct program_end *end)
{
	struct qmd *qmd = arg;
	struct qmd_workspace *ws = take_updated(qmd);

	/* Searching does without vectors. */
	if (end->failure)
		log_warn("qmd-embed-failed", "workspace=%s why=%s",
		    log_quote(ws->id), log_quote(end->failure));
	done(qmd, ws);
}

static int
start(struct qmd *qmd, struct qmd_workspace *ws, const char *word,
    program_end_fn on_end, struct err *err)
{
	const char *const words[] = { "--index", qmd->options.index, word,
		NULL };

	if (qmd_run(qmd, &qmd->update, ws->id, words,
		&(struct program_options){
		    .timeout_ms = qmd->update_until_ms - clock_mono_ms(),
		    .max_out = MAX_OUT_BYTES,
		    .on_end = on_end,
		    .arg = qmd,
		},
		err) < 0)
		return -1;
	qmd->updated = xstrdup(ws->id);
	return 0;
}

static bool
is_embedding_due(struct qmd *qmd, struct qmd_workspace *ws, const char *out)
{
	return qmd->options.embeds && ws->wants_embed &&
	       strcasestr(out, "run 'qmd embed'") &&
	       qmd->update_until_ms - clock_mono_ms() > LEAST_EMBED_MS &&
	       qmd_place_has_model(&qmd->options);
}

static void
on_updated(void *arg, const struct program_end *end)
{
	struct qmd *qmd = arg;
	struct qmd_workspace *ws = take_updated(qmd);
	struct err err;

	if (end->failure) {
		failed(qmd, ws, end->failure);
		return;
	}
	if (!is_embedding_due(qmd, ws, end->out)) {
		done(qmd, ws);
		return;
	}
	ws->wants_embed = false;
	if (start(qmd, ws, "embed", on_embedded, &err) < 0)
		done(qmd, ws);
}

static int
update(struct qmd *qmd, struct qmd_workspace *ws, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);

	/* What was left behind may be the cause, and all of it is a cache. */
	if (ws->n_failed > 1 &&
	    file_remove_tree(
		qmd_place_folder(&qmd->options, ws->id, arena), err) < 0)
		return -1;
	if (qmd_place_make(&qmd->options, ws->id, arena, err) < 0)
		return -1;
	qmd->update_until_ms = clock_mono_ms() + qmd->options.index_timeout_ms;
	ws->is_behind = false;
	return start(qmd, ws, "update", on_updated, err);
}

void
qmd_update_next(struct qmd *qmd)
{
	struct qmd_workspace *ws = earliest(qmd);
	int64_t in_ms = ws ? ws->due_ms - clock_mono_ms() : 0;
	struct err err;

	if (!ws || qmd->update || qmd->health != QMD_READY)
		return;
	if (in_ms > 0) {
		timer_start(qmd->work, in_ms, 0);
		return;
	}
	ws->due_ms = 0;
	if (update(qmd, ws, &err) < 0)
		failed(qmd, ws, err.text);
}
