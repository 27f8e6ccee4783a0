/* Queues, cancels and repeats tasks. */

#include "services/task-engine/tasks/tasks.h"

#include <stddef.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/messages.h"
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
    const char *state, struct arena *arena, struct err *err)
{
	struct task *t = &row->task;
	char id[ID_UUID_SIZE];

	id_uuid(id);
	t->id = or_else(t->id, arena_strdup(arena, id));
	t->workspace_id = context->workspace_id;
	t->context_id = context->id;
	t->status = state;
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
add(struct store *store, const struct context_row *context,
    struct task_row *row, const char *state, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	int got;

	if (complete(context, row, state, arena, err) < 0)
		return -1;
	got = store_task_add(store, row, now_ms, err);
	if (got < 0)
		return -1;
	if (got == 1)
		return find_earlier(store, row, arena, err);
	row->task.created_at_unix = now_ms / 1000;
	row->task.updated_at_unix = now_ms / 1000;
	return 0;
}

static int
add_turn(struct store *store, const struct task_row *row, int64_t message_seq,
    int64_t now_ms, struct err *err)
{
	struct turn_new turn = { .kind = TURN_TASK };
	int64_t turn_id;

	turn.workspace_id = row->task.workspace_id;
	turn.context_id = row->task.context_id;
	turn.task_id = row->task.id;
	turn.message_seq = message_seq;
	turn.priority = priority_number(row->task.priority);
	turn.due_unix = row->task.due_at_unix;
	return store_turn_add(store, &turn, now_ms, &turn_id, err);
}

static int
note_new(struct store *store, const struct task_row *row, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	const struct task *t = &row->task;

	/* Nobody asked for what triage makes of a talk among others. */
	return note(store, row->is_draft ? "engine" : row->asked_by,
	    "task.create", t,
	    arena_printf(arena, "%s %s %s", t->kind, t->priority, t->status),
	    now_ms, err);
}

int
task_add(struct store *store, const struct context_row *context,
    struct task_row *row, const char *state, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	int got = add(store, context, row, state, now_ms, arena, err);

	return got == 0 ? note_new(store, row, now_ms, arena, err) : got;
}

static int
queue(struct store *store, const struct context_row *context,
    struct task_row *row, int64_t now_ms, struct arena *arena, struct err *err)
{
	int got = add(store, context, row, "queued", now_ms, arena, err);

	return got == 0
		   ? add_turn(store, row, row->source_message_seq, now_ms, err)
		   : got;
}

int
task_queue(struct store *store, const struct context_row *context,
    struct task_row *row, int64_t now_ms, struct arena *arena, struct err *err)
{
	int got = queue(store, context, row, now_ms, arena, err);

	return got == 0 ? note_new(store, row, now_ms, arena, err) : got;
}

static int
reread(struct store *store, struct task_row *row, struct arena *arena,
    struct err *err)
{
	return store_task_get(store, row->task.id, arena, row, err) == 0 ? 0
									 : -1;
}

int
task_route(struct store *store, const struct actor *actor, struct task_row *row,
    const struct task_routing *routing, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	struct task *t = &row->task;
	const char *detail = arena_printf(arena, "%s %s -> %s %s %s",
	    or_else(t->route_class, "none"), t->priority, routing->route_class,
	    routing->priority, routing->lane);

	t->route_class = routing->route_class;
	t->priority = routing->priority;
	t->assigned_lane = routing->lane;
	t->due_at_unix = routing->due_at_unix;
	if (store_task_route(store, t, now_ms, err) < 0 ||
	    store_turn_route(store, t->id, priority_number(t->priority),
		t->due_at_unix, now_ms, err) < 0 ||
	    note(store, actor->name, "command.route", t, detail, now_ms, err) <
		0)
		return -1;
	return reread(store, row, arena, err);
}

static int
not_open(const struct task *task, struct err *err)
{
	return err_set(err, ERR_CONFLICT,
	    "task %s is %s: only an open task waits for people", task->id,
	    task->status);
}

int
task_run(struct store *store, const struct actor *actor, enum role role,
    struct task_row *row, int64_t now_ms, struct arena *arena, struct err *err)
{
	int got;

	if (role < role_read(row->asked_as)) {
		row->asked_by = actor->name;
		row->asked_as = role_name(role);
	}
	got = store_task_run(store, row, now_ms, err);
	if (got == 1)
		return not_open(&row->task, err);
	if (got < 0 ||
	    add_turn(store, row, row->source_message_seq, now_ms, err) < 0 ||
	    note(store, actor->name, "task.run", &row->task, row->asked_by,
		now_ms, err) < 0)
		return -1;
	return reread(store, row, arena, err);
}

int
task_close(struct store *store, const struct actor *actor, struct task_row *row,
    const char *remark, int64_t now_ms, struct arena *arena, struct err *err)
{
	int got = store_task_close(store, row->task.id, remark, now_ms, err);

	if (got == 1)
		return not_open(&row->task, err);
	if (got < 0 || note(store, actor->name, "command.done", &row->task,
			   remark, now_ms, err) < 0)
		return -1;
	return reread(store, row, arena, err);
}

/* Whoever asked waits for a result that does not come any more. */
static int
say_cancelled(struct store *store, const struct actor *actor,
    const struct task_row *row, const struct message_row *answered,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	struct context_row context;
	struct post_note post = {
		.context = &context,
		.instance = row->instance,
		.task_id = row->task.id,
		.text = arena_printf(arena, "Task `%s` was cancelled by `%s`.",
		    row->task.id, actor->name),
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];

	if (answered) {
		post.in_reply_to_seq = answered->seq;
		post.reply_to_id = answered->platform_id;
	}
	if (store_context_get(
		store, row->task.context_id, arena, &context, err) != 0)
		return -1;
	return post_add(store, &post, now_ms, id, err);
}

/* The message whose answer was its run is answered so, and no otherwise. */
static int
stop_answer(struct store *store, const struct actor *actor,
    const struct task_row *row, int64_t now_ms, struct arena *arena,
    int64_t *turn_id_out, struct err *err)
{
	struct message_row message;
	int got = store_turn_cancel_answer(
	    store, row->source_message_seq, now_ms, turn_id_out, err);

	if (got != 0)
		return got;
	if (store_message_get(
		store, row->source_message_seq, arena, &message, err) != 0)
		return -1;
	return say_cancelled(store, actor, row, &message, now_ms, arena, err);
}

static int
stop(struct store *store, const struct actor *actor, const struct task_row *row,
    const char *told_context_id, int64_t now_ms, struct arena *arena,
    int64_t *turn_id_out, struct err *err)
{
	bool is_told = strcmp(row->asked_by, actor->name) == 0 ||
		       row->is_draft ||
		       (told_context_id &&
			   strcmp(told_context_id, row->task.context_id) == 0);
	int got = store_turn_cancel_task(
	    store, row->task.id, now_ms, turn_id_out, err);

	if (got < 0)
		return -1;
	if (got == 0)
		return is_told ? 0
			       : say_cancelled(store, actor, row, NULL, now_ms,
				     arena, err);
	if (strcmp(row->task.status, "running") != 0 ||
	    !row->source_message_seq)
		return 0;
	return stop_answer(store, actor, row, now_ms, arena, turn_id_out, err);
}

int
task_cancel(struct store *store, const struct actor *actor,
    struct task_row *row, const char *told_context_id, int64_t now_ms,
    struct arena *arena, int64_t *turn_id_out, struct err *err)
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
	    stop(store, actor, row, told_context_id, now_ms, arena, turn_id_out,
		err) < 0 ||
	    note(store, actor->name, "task.cancel", &row->task, was, now_ms,
		err) < 0)
		return -1;
	return reread(store, row, arena, err);
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
	copy->task.id = NULL;
	copy->run_key = run_key;
	copy->request_sha256 = sha256;
	copy->task.attempts = 0;
	copy->task.worker_id = 0;
	copy->task.started_at_unix = 0;
	copy->task.finished_at_unix = 0;
	copy->task.error_message = "";
	copy->task.result_summary = "";
	copy->task.result_path = "";
	got = add(store, &context, copy, "queued", now_ms, arena, err);
	if (got != 0)
		return got;
	/* Its words are still that message's; it is no answer to it. */
	if (add_turn(store, copy, 0, now_ms, err) < 0)
		return -1;
	return note(store, actor->name, "task.retry", &copy->task,
	    failed->task.id, now_ms, err);
}
