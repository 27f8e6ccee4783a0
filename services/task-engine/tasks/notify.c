/* Who hears that a task has begun and how it ended. */

#include "services/task-engine/tasks/notify.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/notices.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/turns.h"

enum { ARENA_BYTES = 16 * 1024 };

int
notify_answer(struct store *store, const struct turn_work *work,
    const char *text, int64_t now_ms, struct err *err)
{
	const struct post_note note = {
		.context = &work->context,
		.instance = work->message.instance,
		.in_reply_to_seq = work->message.seq,
		.reply_to_id = work->message.platform_id,
		.task_id = work->has_task ? work->task.task.id : NULL,
		.text = text,
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];

	return post_add(store, &note, now_ms, id, err);
}

static int
say_there(struct store *store, const struct turn_work *work,
    const char *task_id, const char *text, int64_t now_ms, struct err *err)
{
	const struct post_note note = {
		.context = &work->context,
		.instance = work->task.instance,
		.task_id = task_id,
		.text = text,
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];

	return post_add(store, &note, now_ms, id, err);
}

/* A title is somebody's words: nothing in it may be rendered or pressed. */
static const char *
in_ticks(const char *title, struct arena *arena)
{
	char *text = arena_strdup(arena, title);

	for (char *p = text; *p; p++)
		if (*p == '`')
			*p = '\'';
		else if ((unsigned char)*p < ' ')
			*p = ' ';
	return arena_printf(arena, "`%s`", text);
}

int
notify_began(struct store *store, const struct turn_work *work,
    const struct notify_policies *policies, int64_t now_ms, struct err *err)
{
	const struct task *task = &work->task.task;
	AUTO(arena_free)
	struct arena *arena = NULL;

	if (work->kind != TURN_TASK || work->task.is_draft ||
	    task->attempts > 1 || !*task->route_class ||
	    work->context.is_admin || policies->success == NOTIFY_ADMIN ||
	    !connector_is_told(work->task.instance))
		return 0;
	arena = arena_new(ARENA_BYTES);
	return say_there(store, work, NULL,
	    arena_printf(arena, "I have begun with task `%s`: %s.", task->id,
		in_ticks(task->title, arena)),
	    now_ms, err);
}

static const char *
text_there(
    const struct task *task, const struct notify_end *end, struct arena *arena)
{
	if (!end->is_ok)
		return arena_printf(arena, "Task `%s` failed: %s\n\n%s",
		    task->id, task->title, end->text);
	return arena_printf(arena,
	    "Task `%s` is done: %s\n\n%s\n\nSaved as `%s`.", task->id,
	    task->title, end->text, end->path);
}

/*
 * Admins read where it lies, not what it says: it may come from a private
 * place. A draft is for them.
 */
static const char *
text_for_admins(const struct task_row *row, const struct notify_end *end,
    struct arena *arena)
{
	const struct task *task = &row->task;
	const char *title = in_ticks(task->title, arena);
	const char *class = *task->route_class ? task->route_class : "unrouted";

	if (!end->is_ok)
		return arena_printf(arena, "Task `%s` (%s) failed: %s\n\n%s",
		    task->id, class, title, end->why);
	if (row->is_draft)
		return arena_printf(arena,
		    "Draft of task `%s` (%s): %s\n\n%s\n\nNobody else was sent "
		    "this. Saved as `%s`.",
		    task->id, class, title, end->text, end->path);
	return arena_printf(arena, "Task `%s` (%s) is done: %s\nResult: `%s`",
	    task->id, class, title, end->path);
}

/* 0: said there; 1: not. */
static int
end_there(struct store *store, const struct turn_work *work,
    const struct notify_end *end, enum notify_policy policy, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	if (work->kind == TURN_ANSWER)
		return notify_answer(store, work, end->text, now_ms, err);
	if (work->task.is_draft || (end->is_ok && policy == NOTIFY_ADMIN))
		return 1;
	return say_there(store, work, work->task.task.id,
	    text_there(&work->task.task, end, arena), now_ms, err);
}

int
notify_ended(struct store *store, const struct turn_work *work,
    const struct notify_end *end, const struct notify_policies *policies,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	enum notify_policy policy =
	    end->is_ok ? policies->success : policies->failure;
	int got = end_there(store, work, end, policy, now_ms, arena, err);
	struct notice notice = { .workspace_id = work->context.workspace_id };
	size_t n_told;

	if (got < 0 || (policy == NOTIFY_ORIGIN && !work->task.is_draft))
		return got < 0 ? -1 : 0;
	notice.text = text_for_admins(&work->task, end, arena);
	notice.told_context_id = got == 0 ? work->context.id : NULL;
	return notice_post(store, &notice, now_ms, arena, &n_told, err);
}
