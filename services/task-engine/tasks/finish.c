/* The end of a turn: what is stored, said and written about it, at once. */

#include "services/task-engine/tasks/finish.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/policy/names.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/tasks/notify.h"
#include "services/task-engine/tasks/routing.h"
#include "services/task-engine/workspace/artifact.h"

enum {
	ARENA_BYTES = 1024 * 1024,
	ERROR_MAX = 1000,
	ROUTED_SUMMARY_MAX = 1400, /* both from the predecessor */
	ONE_LINE_SUMMARY_MAX = 180,
};

static const char *
cut(struct arena *arena, const char *text, size_t limit)
{
	size_t size = strlen(text);

	if (size <= limit)
		return text;
	return arena_printf(
	    arena, "%.*s...", (int)utf8_cut(text, size, limit), text);
}

static const char *
one_line(struct arena *arena, const char *text)
{
	char *line = arena_strdup(arena, text), *out = line;

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p > ' ')
			*out++ = *p;
		else if (out > line && out[-1] != ' ')
			*out++ = ' ';
	*out = '\0';
	return line;
}

static const char *
summarise(struct arena *arena, const struct task *task, const char *text)
{
	if (!*text)
		return "task completed";
	if (*task->route_class)
		return cut(arena, text, ROUTED_SUMMARY_MAX);
	return cut(arena, one_line(arena, text), ONE_LINE_SUMMARY_MAX);
}

static int
write_artifact(struct store *store, const struct task *task,
    const struct turn_outcome *outcome, const char *path, int64_t now_ms,
    struct err *err)
{
	AUTO(buf_release)
	struct buf content = { 0 };

	buf_init(&content);
	artifact_format(&content, task, outcome->trace, outcome->text, now_ms);
	const struct file_row file = {
		.workspace_id = task->workspace_id,
		.path = path,
		.content = content.data,
	};

	return store_file_add(store, &file, now_ms, err);
}

static int
end_task(struct store *store, const struct task *task,
    const struct turn_outcome *outcome, const char *path, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	int got;

	if (!outcome->is_ok)
		return store_task_failed(store, task->id,
		    cut(arena, outcome->error ? outcome->error : outcome->text,
			ERROR_MAX),
		    now_ms, err);
	got = store_task_succeeded(store, task->id,
	    summarise(arena, task, outcome->text), path, now_ms, err);
	if (got != 0)
		return got;
	return write_artifact(store, task, outcome, path, now_ms, err);
}

/* Nobody did it but the engine, for whoever asked. */
static int
note_end(struct store *store, const struct turn_work *work, bool is_ok,
    const char *detail, int64_t now_ms, struct err *err)
{
	const struct task *task = &work->task.task;
	const struct audit_entry entry = {
		.actor = "engine",
		.speaks_as = work->task.asked_by,
		.operation = is_ok ? "task.succeeded" : "task.failed",
		.workspace_id = task->workspace_id,
		.context_id = task->context_id,
		.subject = task->id,
		.detail = detail,
		.cause = work->has_message ? work->message.cause : "",
	};

	return audit_add(store, &entry, now_ms, err);
}

static const struct notify_policies all_are_told = { NOTIFY_BOTH, NOTIFY_BOTH };

static int
end_turn(struct store *store, const struct turn_work *work,
    const struct turn_outcome *outcome, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	const char *error = outcome->error ? outcome->error : "";

	if (outcome->is_ok)
		return store_turn_done(store, work->turn_id, now_ms, err);
	return store_turn_failed(
	    store, work->turn_id, cut(arena, error, ERROR_MAX), now_ms, err);
}

static int
finish_task(struct store *store, const struct turn_work *work,
    const struct turn_outcome *outcome, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	const struct task *task = &work->task.task;
	const struct notify_end end = {
		.is_ok = outcome->is_ok,
		.text = outcome->text,
		/* What stands for an answer may quote a private place. */
		.why = work->kind == TURN_TASK || !outcome->error
			   ? outcome->text
			   : outcome->error,
		.path = name_artifact(arena, task->id, now_ms),
	};
	int got = end_task(store, task, outcome, end.path, now_ms, arena, err);

	if (got != 0)
		return got;
	if (note_end(store, work, end.is_ok,
		end.is_ok ? end.path : outcome->error, now_ms, err) < 0)
		return -1;
	return notify_ended(store, work, &end,
	    outcome->policies ? outcome->policies : &all_are_told, now_ms,
	    arena, err);
}

static int
finish(struct store *store, const struct turn_work *work,
    const struct turn_outcome *outcome, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	int got = end_turn(store, work, outcome, now_ms, arena, err);

	if (got != 0)
		return got;
	if (outcome->before &&
	    outcome->before(outcome->also_arg, now_ms, err) < 0)
		return -1;
	if (work->has_task)
		return finish_task(store, work, outcome, now_ms, arena, err);
	if (notify_answer(store, work, outcome->text, now_ms, err) < 0)
		return -1;
	if (!outcome->unanswered)
		return 0;
	/* A guest who has had their rows is answered all the same. */
	return routing_add(store, &work->context, outcome->unanswered,
		   ROUTING_OPEN, now_ms, arena, err) < 0
		   ? -1
		   : 0;
}

static int
commit_and_say(
    struct store *store, const struct turn_work *work, struct err *err)
{
	int rc;

	/* For the doorbells that the commit rings, too. */
	log_context("", work->has_message ? work->message.cause : "");
	rc = store_commit(store, err);
	if (rc == 0 && work->has_message)
		log_info("message-answered",
		    "turn=%" PRId64 " seq=%" PRId64 " task=%s", work->turn_id,
		    work->message.seq,
		    work->has_task ? work->task.task.id : "");
	log_context_clear();
	return rc;
}

int
finish_turn(struct store *store, const struct turn_work *work,
    const struct turn_outcome *outcome, int64_t now_ms, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	int got;

	if (store_begin(store, err) < 0)
		return -1;
	got = finish(store, work, outcome, now_ms, arena, err);
	if (got == 0 && outcome->also)
		got = outcome->also(outcome->also_arg, now_ms, err);
	if (got != 0) {
		store_rollback(store);
		return got;
	}
	return commit_and_say(store, work, err);
}

int
tell_set_aside(struct store *store, const struct turn_work *work,
    const struct notify_policies *policies, struct routed *unanswered,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	static const char text[] =
	    "I gave up on this: the engine stopped unexpectedly three times "
	    "while it worked on it, so it is set aside. The log of the "
	    "task-engine says more; please say it in other words, or tell the "
	    "people who run me.";
	static const struct notify_end end = { .text = text, .why = text };

	if (work->has_task) {
		if (note_end(store, work, false, "set aside", now_ms, err) < 0)
			return -1;
		return notify_ended(
		    store, work, &end, policies, now_ms, arena, err);
	}
	if (notify_answer(store, work, end.text, now_ms, err) < 0)
		return -1;
	if (!unanswered)
		return 0;
	return routing_add(store, &work->context, unanswered, ROUTING_OPEN,
		   now_ms, arena, err) < 0
		   ? -1
		   : 0;
}

int
tell_began(struct store *store, const struct turn_work *work,
    const struct notify_policies *policies, int64_t now_ms, struct err *err)
{
	if (work->kind != TURN_TASK)
		return 0;
	/* May be lost with the power, as the claim may. */
	if (store_begin_relaxed(store, err) < 0)
		return -1;
	if (notify_began(store, work, policies, now_ms, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

int
requeue_turn(struct store *store, const struct turn_work *work,
    int64_t not_before_ms, const char *why, int64_t now_ms, struct err *err)
{
	int got;

	if (store_begin_relaxed(store, err) < 0)
		return -1;
	got = store_turn_requeue(
	    store, work->turn_id, not_before_ms, why, now_ms, err);
	if (got != 0) {
		store_rollback(store);
		return got;
	}
	return store_commit(store, err);
}
