/* Whether qmd is there and of use, and what is known of each workspace. */

#include "services/indexer/qmd.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/indexer/qmd_impl.h"
#include "services/indexer/qmd_text.h"

enum {
	ARENA_BYTES = 256 * 1024,
	CHECK_TIMEOUT_MS = 60 * 1000, /* nobody waits for it */
	CHECK_OUT_BYTES = 1024,
	/* One may be a bad query, two a busy machine. */
	MAX_FAILED = 3,
	FIRST_PAUSE_MS = 1000,
	MAX_PAUSE_MS = 60 * 1000,
	MAX_WORDS = 24,
};

void
qmd_report(struct qmd *qmd)
{
	char text[sizeof(qmd->why) + 128] = "";

	if (qmd->health == QMD_AWAY)
		snprintf(text, sizeof(text),
		    "qmd %s%s%s (the own index answers)", qmd->trouble,
		    *qmd->why ? ": " : "", qmd->why);
	else if (qmd->n_stuck > 0)
		snprintf(text, sizeof(text),
		    "qmd: %d workspaces cannot be indexed: %s", qmd->n_stuck,
		    qmd->stuck);
	qmd->on_state(qmd->arg, text);
}

static void
leave_alone(struct qmd *qmd, const char *trouble, const char *why)
{
	if (strcmp(qmd->trouble, trouble) != 0)
		log_warn("qmd-away", "trouble=%s why=%s", log_quote(trouble),
		    log_quote(why));
	qmd->trouble = trouble;
	snprintf(qmd->why, sizeof(qmd->why), "%s", why);
	qmd->health = QMD_AWAY;
	timer_start(qmd->again, qmd->pause_ms, 0);
	qmd->pause_ms *= 2;
	if (qmd->pause_ms > MAX_PAUSE_MS)
		qmd->pause_ms = MAX_PAUSE_MS;
	qmd_report(qmd);
}

void
qmd_failed(struct qmd *qmd, const char *workspace, const char *why)
{
	log_warn("qmd-search-failed", "workspace=%s why=%s",
	    log_quote(workspace), log_quote(why));
	qmd->counters->n_failures++;
	if (++qmd->n_failed >= MAX_FAILED && qmd->health == QMD_READY)
		leave_alone(qmd, "fails", why);
}

static void
ready(struct qmd *qmd, const char *version)
{
	log_info("qmd-ready", "version=%s", version);
	snprintf(qmd->version, sizeof(qmd->version), "%s", version);
	qmd->health = QMD_READY;
	/* It has shown that it starts, not that it answers: the next failure
	 * is enough. */
	if (qmd->n_failed >= MAX_FAILED)
		qmd->n_failed = MAX_FAILED - 1;
	else
		qmd->pause_ms = FIRST_PAUSE_MS;
	qmd->trouble = "";
	qmd_report(qmd);
	qmd_update_next(qmd);
}

static void
on_version(void *arg, const struct program_end *end)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct qmd *qmd = arg;
	const char *version;
	struct err err;

	qmd->check = NULL;
	if (end->failure)
		leave_alone(qmd, "does not start", end->failure);
	else if (qmd_version_parse(&version, end->out, arena, &err) < 0)
		leave_alone(qmd, "is not of a version that is known", err.text);
	else
		ready(qmd, version);
}

static void
check(void *arg)
{
	static const char *const words[] = { "--version", NULL };
	struct qmd *qmd = arg;
	struct err err;

	if (qmd_run(qmd, &qmd->check, "", words,
		&(struct program_options){
		    .timeout_ms = CHECK_TIMEOUT_MS,
		    .max_out = CHECK_OUT_BYTES,
		    .on_end = on_version,
		    .arg = qmd,
		},
		&err) < 0)
		leave_alone(qmd,
		    err.code == ERR_NOT_FOUND ? "is not installed"
					      : "does not start",
		    err.text);
}

int
qmd_run(struct qmd *qmd, struct program **program_out, const char *workspace,
    const char *const *words, const struct program_options *how,
    struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct program_options options = *how;
	const char *program = qmd_place_program(&qmd->options, arena);
	char *argv[MAX_WORDS + 2] = { NULL };

	if (!program)
		return err_set(err, ERR_NOT_FOUND,
		    "there is no program %s (AGENT_RUNTIME_QMD_BINARY)",
		    qmd->options.binary);
	options.cwd = *workspace
			  ? qmd_place_folder(&qmd->options, workspace, arena)
			  : qmd->options.index_root;
	argv[0] = arena_strdup(arena, program);
	for (size_t i = 0; i < MAX_WORDS && words[i]; i++)
		argv[i + 1] = arena_strdup(arena, words[i]);
	options.argv = argv;
	options.envp = qmd_place_environment(program, options.cwd, arena);
	return program_start(program_out, qmd->loop, &options, err);
}

struct qmd_workspace *
qmd_workspace_of(struct qmd *qmd, const char *id)
{
	struct qmd_workspace *ws;

	HASH_FIND_STR(qmd->workspaces, id, ws);
	if (ws)
		return ws;
	ws = xcalloc(1, sizeof(*ws));
	ws->id = xstrdup(id);
	ws->is_built = qmd_place_is_current(&qmd->options, id);
	ws->is_behind = !ws->is_built;
	HASH_ADD_KEYPTR(hh, qmd->workspaces, ws->id, strlen(ws->id), ws);
	return ws;
}

void
qmd_on_change(struct qmd *qmd, const char *workspace, const char *path)
{
	struct qmd_workspace *ws = qmd_workspace_of(qmd, workspace);

	/* Before the own index is committed: after a crash in between it
	 * would know of no change any more. */
	if (!ws->is_behind)
		qmd_place_set_current(&qmd->options, workspace, false);
	ws->is_behind = true;
	ws->wants_embed |= !qmd_is_excluded(qmd->options.embed_excluded, path);
}

void
qmd_on_settled(struct qmd *qmd, const char *workspace)
{
	struct qmd_workspace *ws;

	/* One in which nothing ever changed is updated when it is searched. */
	HASH_FIND_STR(qmd->workspaces, workspace, ws);
	if (ws && ws->is_behind)
		qmd_want_update(qmd, ws, 0);
}

static void
workspace_free(struct qmd *qmd, struct qmd_workspace *ws)
{
	HASH_DEL(qmd->workspaces, ws);
	qmd->n_stuck -= ws->n_failed > 0;
	xfree(&ws->id);
	xfree(&ws);
}

void
qmd_on_gone(struct qmd *qmd, const char *workspace)
{
	struct qmd_workspace *ws;

	if (qmd->updated && strcmp(qmd->updated, workspace) == 0) {
		program_free(&qmd->update);
		xfree(&qmd->updated);
	}
	HASH_FIND_STR(qmd->workspaces, workspace, ws);
	if (ws)
		workspace_free(qmd, ws);
	qmd_update_next(qmd);
	qmd_report(qmd);
}

bool
qmd_is_behind(struct qmd *qmd, const char *workspace)
{
	const struct qmd_workspace *ws;

	HASH_FIND_STR(qmd->workspaces, workspace, ws);
	return ws && (ws->is_behind ||
			 (qmd->updated && strcmp(qmd->updated, ws->id) == 0));
}

void
qmd_describe(struct qmd *qmd, const char *workspace, struct buf *out)
{
	const struct qmd_workspace *ws = qmd_workspace_of(qmd, workspace);

	if (qmd->health == QMD_UNKNOWN)
		buf_adds(out, "is being looked for");
	else if (qmd->health == QMD_AWAY)
		buf_adds(out, qmd->trouble);
	else if (ws->n_failed > 0)
		buf_adds(out, "cannot index this workspace");
	else
		buf_addf(out, "%s%s", qmd->version,
		    ws->is_built ? "" : ", its index is not made yet");
	if (qmd->health != QMD_READY || ws->n_failed > 0 || !ws->is_built)
		buf_adds(out, "; the own index answers");
}

static void
on_work(void *arg)
{
	qmd_update_next(arg);
}

void
qmd_open(struct qmd **qmd_out, struct loop *loop,
    const struct qmd_options *options, struct qmd_counters *counters,
    qmd_state_fn on_state, void *arg)
{
	struct qmd *qmd = xcalloc(1, sizeof(*qmd));

	qmd->loop = loop;
	qmd->options = *options;
	qmd->counters = counters;
	qmd->on_state = on_state;
	qmd->arg = arg;
	qmd->pause_ms = FIRST_PAUSE_MS;
	qmd->trouble = "";
	qmd->again = timer_new(loop, check, qmd);
	qmd->work = timer_new(loop, on_work, qmd);
	/* Not now: what is started before the lock-down is free of it. */
	timer_start(qmd->again, 0, 0);
	*qmd_out = qmd;
}

void
qmd_close(struct qmd **slot)
{
	struct qmd *qmd = STEAL(*slot);
	struct qmd_workspace *ws, *next;

	if (!qmd)
		return;
	qmd->health = QMD_AWAY;
	qmd_drop_searches(qmd);
	program_free(&qmd->check);
	program_free(&qmd->update);
	xfree(&qmd->updated);
	timer_free(&qmd->again);
	timer_free(&qmd->work);
	HASH_ITER (hh, qmd->workspaces, ws, next)
		workspace_free(qmd, ws);
	xfree(&qmd);
}
