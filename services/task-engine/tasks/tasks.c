/* Queues, cancels and repeats tasks. */

#include "services/task-engine/tasks/tasks.h"

#include <stddef.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/store/turns.h"

static const char *const priorities[] = { "p1", "p2", "p3" };

/* 1 to 3; 0 for what is no priority. */
static int64_t
priority_number(const char *name)
{
	for (size_t i = 0; i < N_OF(priorities); i++)
		if (strcmp(priorities[i], name) == 0)
			return (int64_t)i + 1;
	return 0;
}

static const char *
or_else(const char *text, const char *fallback)
{
	return text && *text ? text : fallback;
}

static int
complete(const struct context_row *context, struct task_row *row,
    struct arena *arena, struct err *err)
{
	struct task *t = &row->task;
	char id[ID_UUID_SIZE];

	id_uuid(id);
	t->id = arena_strdup(arena, id);
	t->workspace_id = context->workspace_id;
	t->context_id = context->id;
	t->status = "queued";
	t->kind = or_else(t->kind, "general");
	t->priority = or_else(t->priority, "p2");
	row->instance = or_else(row->instance, context->instance);
	if (!priority_number(t->priority))
		return err_set(err, ERR_INVALID,
		    "priority \"%s\" is not one of p1, p2, p3", t->priority);
	if (strcmp(t->kind, "general") != 0)
		return err_set(err, ERR_INVALID,
		    "unsupported task kind \"%s\": only \"general\" can be "
		    "queued",
		    t->kind);
	return 0;
}

static int
find_earlier(struct store *store, struct task_row *row, struct arena *arena,
    struct err *err)
{
	const char *asked = row->request_sha256;
	int got = store_task_find_run_key(store, row->run_key, arena, row, err);

	if (got < 0)
		return -1;
	if (got == 1 || strcmp(row->request_sha256, asked) != 0)
		return err_set(err, ERR_CONFLICT,
		    "this Idempotency-Key was used for another request: use "
		    "a new key for a new request");
	return 1;
}

static int
note(struct store *store, const char *actor, const char *operation,
    const struct task *task, const char *detail, int64_t now_ms,
    struct err *err)
{
	const struct audit_entry entry = {
		.actor = actor,
		.operation = operation,
		.workspace_id = task->workspace_id,
		.context_id = task->context_id,
		.subject = task->id,
		.detail = detail,
	};

	return audit_add(store, &entry, now_ms, err);
}

static int
queue(struct store *store, const struct context_row *context,
    struct task_row *row, int64_t now_ms, struct arena *arena, struct err *err)
{
	struct turn_new turn = { .kind = TURN_TASK };
	int64_t turn_id;
	int got;

	if (complete(context, row, arena, err) < 0)
		return -1;
	got = store_task_add(store, row, now_ms, err);
	if (got < 0)
		return -1;
	if (got == 1)
		return find_earlier(store, row, arena, err);
	turn.workspace_id = row->task.workspace_id;
	turn.context_id = row->task.context_id;
	turn.task_id = row->task.id;
	turn.message_seq = row->source_message_seq;
	turn.priority = priority_number(row->task.priority);
	turn.due_unix = row->task.due_at_unix;
	if (store_turn_add(store, &turn, now_ms, &turn_id, err) < 0)
		return -1;
	row->task.created_at_unix = now_ms / 1000;
	row->task.updated_at_unix = now_ms / 1000;
	return 0;
}

int
task_queue(struct store *store, const struct context_row *context,
    struct task_row *row, int64_t now_ms, struct arena *arena, struct err *err)
{
	int got = queue(store, context, row, now_ms, arena, err);

	if (got != 0)
		return got;
	return note(store, row->asked_by, "task.create", &row->task,
	    arena_printf(arena, "%s %s", row->task.kind, row->task.priority),
	    now_ms, err);
}

int
task_cancel(struct store *store, const struct actor *actor,
    struct task_row *row, int64_t now_ms, struct arena *arena,
    int64_t *turn_id_out, struct err *err)
{
	const char *id = row->task.id, *was = row->task.status;
	const char *why = arena_printf(arena, "cancelled by %s", actor->name);
	int got = store_task_cancelled(store, id, why, now_ms, err);

	if (got == 1)
		return err_set(err, ERR_CONFLICT,
		    "task %s has ended already (%s) and cannot be cancelled",
		    id, was);
	*turn_id_out = 0;
	if (got < 0 ||
	    store_turn_cancel_task(store, id, now_ms, turn_id_out, err) < 0 ||
	    note(store, actor->name, "task.cancel", &row->task, was, now_ms,
		err) < 0)
		return -1;
	return store_task_get(store, id, arena, row, err) == 0 ? 0 : -1;
}

int
task_retry(struct store *store, const struct actor *actor, enum role role,
    const struct task_row *failed, struct task_row *copy, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	const char *run_key = copy->run_key, *sha256 = copy->request_sha256;
	struct context_row context;
	int got;

	if (strcmp(failed->task.status, "failed") != 0)
		return err_set(err, ERR_INVALID,
		    "only failed tasks can be retried: %s is %s",
		    failed->task.id, failed->task.status);
	if (store_context_get(
		store, failed->task.context_id, arena, &context, err) != 0)
		return -1;
	*copy = *failed;
	/* Never more than who asked first, nor than whoever asks again. */
	if (role < role_read(failed->asked_as)) {
		copy->asked_by = actor->name;
		copy->asked_as = role_name(role);
	}
	copy->run_key = run_key;
	copy->request_sha256 = sha256;
	copy->source_message_seq = 0;
	copy->task.attempts = 0;
	copy->task.worker_id = 0;
	copy->task.started_at_unix = 0;
	copy->task.finished_at_unix = 0;
	copy->task.error_message = "";
	copy->task.result_summary = "";
	copy->task.result_path = "";
	got = queue(store, &context, copy, now_ms, arena, err);
	if (got != 0)
		return got;
	return note(store, actor->name, "task.retry", &copy->task,
	    failed->task.id, now_ms, err);
}
