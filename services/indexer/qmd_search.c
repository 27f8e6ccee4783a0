/* Searches by qmd: a few processes at once, a few that wait, and a time for
 * each. */

#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "services/indexer/qmd_impl.h"
#include "services/indexer/qmd_text.h"

enum {
	MAX_OUT_BYTES = 1024 * 1024,
	/* The text, its tree and what is kept of it. */
	ARENA_BYTES = 8 * 1024 * 1024,
};

struct qmd_search {
	struct qmd *qmd;
	struct arena *arena;
	const char *workspace, *query;
	int64_t until_ms;
	struct timer *patience; /* while it waits for its turn */
	struct program *program;
	qmd_found_fn fn;
	void *arg;
	struct qmd_search *prev, *next;
};

static void start_waiting(struct qmd *qmd);

/* Tells who asked, and ends it. */
static void
answer(struct qmd_search *search, const struct qmd_hits *hits)
{
	struct qmd *qmd = search->qmd;
	bool is_behind = qmd_is_behind(qmd, search->workspace);

	DL_DELETE(qmd->searches, search);
	if (search->patience)
		qmd->n_waiting--;
	else
		qmd->n_running--;
	timer_free(&search->patience);
	program_free(&search->program);
	search->fn(search->arg, hits, is_behind);
	arena_free(&search->arena);
	xfree(&search);
	start_waiting(qmd);
}

static void
on_found(void *arg, const struct program_end *end)
{
	struct qmd_search *search = arg;
	struct qmd *qmd = search->qmd;
	struct buf text = { .data = (char *)end->out, .size = end->out_size };
	struct qmd_hits hits;
	struct err err;

	search->program = NULL;
	if (end->failure)
		(void)err_set(&err, ERR_UNAVAILABLE, "%s", end->failure);
	else if (qmd_hits_parse(&hits, &text, qmd->options.collection,
		     qmd->options.index, search->arena, &err) == 0) {
		qmd->n_failed = 0;
		qmd->counters->n_searches++;
		answer(search, &hits);
		return;
	}
	qmd_failed(qmd, search->workspace, err.text);
	answer(search, NULL);
}

static int
start(struct qmd_search *search, int64_t timeout_ms, struct err *err)
{
	struct qmd *qmd = search->qmd;
	const char *const words[] = { "--index", qmd->options.index, "search",
		"--format", "json", "-n",
		arena_printf(search->arena, "%d", QMD_ASKED_HITS), "-c",
		qmd->options.collection, "--", search->query, NULL };

	return qmd_run(qmd, &search->program, search->workspace, words,
	    &(struct program_options){
		.timeout_ms = timeout_ms,
		.max_out = MAX_OUT_BYTES,
		.on_end = on_found,
		.arg = search,
	    },
	    err);
}

static struct qmd_search *
first_waiting(struct qmd *qmd)
{
	struct qmd_search *search;

	DL_FOREACH (qmd->searches, search)
		if (search->patience)
			return search;
	return NULL;
}

static void
start_waiting(struct qmd *qmd)
{
	struct qmd_search *search = first_waiting(qmd);
	int64_t left_ms;
	struct err err;

	if (!search || qmd->n_running >= QMD_MAX_RUNNING)
		return;
	left_ms = search->until_ms - clock_mono_ms();
	/* Its time may be over before its timer has run. */
	if (qmd->health != QMD_READY || left_ms <= 0) {
		answer(search, NULL);
		return;
	}
	timer_free(&search->patience);
	qmd->n_waiting--;
	qmd->n_running++;
	if (start(search, left_ms, &err) == 0)
		return;
	qmd_failed(qmd, search->workspace, err.text);
	answer(search, NULL);
}

static void
on_impatient(void *arg)
{
	answer(arg, NULL);
}

static struct qmd_search *
search_new(struct qmd *qmd, const char *workspace, int64_t patience_ms)
{
	struct qmd_search *search = xcalloc(1, sizeof(*search));

	if (patience_ms > qmd->options.query_timeout_ms)
		patience_ms = qmd->options.query_timeout_ms;
	search->qmd = qmd;
	search->arena = arena_new(ARENA_BYTES);
	search->workspace = arena_strdup(search->arena, workspace);
	search->until_ms = clock_mono_ms() + patience_ms;
	search->patience = timer_new(qmd->loop, on_impatient, search);
	timer_start(search->patience, patience_ms, 0);
	return search;
}

static bool
is_of_use(struct qmd *qmd, const char *workspace)
{
	struct qmd_workspace *ws = qmd_workspace_of(qmd, workspace);

	if (!ws->is_built && ws->due_ms == 0 &&
	    !(qmd->updated && strcmp(qmd->updated, workspace) == 0))
		qmd_want_update(qmd, ws, 0);
	return qmd->health == QMD_READY && ws->is_built && ws->n_failed == 0 &&
	       qmd->n_waiting < QMD_MAX_WAITING;
}

void
qmd_search(struct qmd *qmd, const char *workspace, const char *query,
    int64_t patience_ms, qmd_found_fn fn, void *arg)
{
	struct qmd_search *search;

	if (patience_ms <= 0 || !is_of_use(qmd, workspace)) {
		fn(arg, NULL, false);
		return;
	}
	search = search_new(qmd, workspace, patience_ms);
	search->query = qmd_query(query, search->arena);
	search->fn = fn;
	search->arg = arg;
	DL_APPEND(qmd->searches, search);
	qmd->n_waiting++;
	/* Without words it would print how it is used. */
	if (*search->query)
		start_waiting(qmd);
	else
		answer(search, NULL);
}

void
qmd_drop_searches(struct qmd *qmd)
{
	while (qmd->searches)
		answer(qmd->searches, NULL);
}
