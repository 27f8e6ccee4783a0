/* Rows of tasks, and of the whole files that their results become. */

#include "services/task-engine/store/tasks.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/documents.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_task(struct columns *c, void *row_out)
{
	struct task *t = row_out;

	t->id = next_text(c);
	t->workspace_id = next_text(c);
	t->context_id = next_text(c);
	t->kind = next_text(c);
	t->title = next_text(c);
	t->prompt = next_text(c);
	t->status = next_text(c);
	t->route_class = next_text(c);
	t->priority = next_text(c);
	t->due_at_unix = next_int(c);
	t->assigned_lane = next_text(c);
	t->source_connector = next_text(c);
	t->source_external_id = next_text(c);
	t->source_user_id = next_text(c);
	t->source_text = next_text(c);
	t->attempts = next_int(c);
	t->worker_id = next_int(c);
	t->started_at_unix = next_int(c);
	t->finished_at_unix = next_int(c);
	t->result_summary = next_text(c);
	t->result_path = next_text(c);
	t->error_message = next_text(c);
	t->created_at_unix = next_int(c);
	t->updated_at_unix = next_int(c);
}

void
read_task_row(struct columns *c, void *row_out)
{
	struct task_row *r = row_out;

	read_task(c, &r->task);
	r->run_key = next_text(c);
	r->request_sha256 = next_text(c);
	r->asked_by = next_text(c);
	r->asked_as = next_text(c);
	r->instance = next_text(c);
	r->source_message_seq = next_int(c);
	r->is_draft = next_bool(c);
	r->depth = next_int(c);
}

static void
read_path(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

static void
read_file(struct columns *c, void *row_out)
{
	struct file_row *f = row_out;

	f->file_id = next_int(c);
	f->workspace_id = next_text(c);
	f->path = next_text(c);
	f->content = next_text(c);
}

int
store_task_add(
    struct store *s, const struct task_row *r, int64_t now_ms, struct err *err)
{
	const struct task *t = &r->task;

	return stmt_run_one(s, STMT_TASK_ADD,
	    BINDS(b_text(t->id), b_text(t->workspace_id), b_text(t->context_id),
		b_text(t->kind), b_text(t->title), b_text(t->prompt),
		b_text(t->status), b_opt(t->route_class), b_opt(t->priority),
		b_opt_int(t->due_at_unix), b_opt(t->assigned_lane),
		b_opt(t->source_connector), b_opt(t->source_external_id),
		b_opt(t->source_user_id), b_opt(t->source_text), b_int(now_ms),
		b_opt(r->run_key), b_opt(r->request_sha256),
		b_text(r->asked_by), b_text(r->asked_as), b_text(r->instance),
		b_opt_int(r->source_message_seq), b_int(r->is_draft),
		b_int(r->depth)),
	    err);
}

int
store_task_get(struct store *s, const char *id, struct arena *arena,
    struct task_row *out, struct err *err)
{
	return stmt_get(s, STMT_TASK_GET, arena, read_task_row, out,
	    BINDS(b_text(id)), err);
}

int
store_task_of_answer(struct store *s, int64_t message_seq, struct arena *arena,
    struct task_row *out, struct err *err)
{
	return stmt_get(s, STMT_TASK_OF_ANSWER, arena, read_task_row, out,
	    BINDS(b_int(message_seq)), err);
}

int
store_tasks_by_prefix(struct store *s, const char *prefix, int64_t limit,
    struct arena *arena, struct task_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_TASKS_BY_PREFIX, arena, read_task_row,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(prefix), b_int(limit)), err);
}

int
store_tasks_shown(struct store *s, const struct task_shown *shown,
    struct arena *arena, struct task_row **rows_out, size_t *n_out,
    struct err *err)
{
	static const char *const views[] = {
		[TASKS_OF_WORKSPACE] = "",
		[TASKS_HERE] = "here",
		[TASKS_OWN] = "own",
	};

	return stmt_list(s, STMT_TASKS_SHOWN, arena, read_task_row,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(shown->workspace_id), b_text(views[shown->view]),
		b_text(shown->context_id), b_text(shown->asked_by),
		b_text(shown->state), b_int(shown->limit)),
	    err);
}

int
store_task_find_run_key(struct store *s, const char *run_key,
    struct arena *arena, struct task_row *out, struct err *err)
{
	return stmt_get(s, STMT_TASK_FIND_RUN_KEY, arena, read_task_row, out,
	    BINDS(b_text(run_key)), err);
}

int
store_tasks_list(struct store *s, const struct task_filter *f,
    struct arena *arena, struct task **rows_out, size_t *n_out, struct err *err)
{
	const struct bind kind = b_text(f->kind), status = b_text(f->status);
	const struct bind limit = b_int(f->limit);

	if (*f->context_id)
		return stmt_list(s, STMT_TASKS_LIST_CONTEXT, arena, read_task,
		    sizeof(**rows_out), rows_out, n_out,
		    BINDS(b_text(f->context_id), b_text(f->workspace_id), kind,
			status, limit),
		    err);
	if (*f->workspace_id)
		return stmt_list(s, STMT_TASKS_LIST_WORKSPACE, arena, read_task,
		    sizeof(**rows_out), rows_out, n_out,
		    BINDS(b_text(f->workspace_id), kind, status, limit), err);
	return stmt_list(s, STMT_TASKS_LIST, arena, read_task,
	    sizeof(**rows_out), rows_out, n_out, BINDS(kind, status, limit),
	    err);
}

int
store_task_paths(struct store *s, const char *context_id, int64_t limit,
    struct arena *arena, const char ***paths_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_TASK_PATHS, arena, read_path,
	    sizeof(**paths_out), paths_out, n_out,
	    BINDS(b_text(context_id), b_int(limit)), err);
}

int
store_task_succeeded(struct store *s, const char *id, const char *summary,
    const char *path, int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_TASK_SUCCEEDED,
	    BINDS(
		b_text(id), b_int(now_ms / 1000), b_opt(summary), b_opt(path)),
	    err);
}

int
store_task_failed(struct store *s, const char *id, const char *error,
    int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_TASK_FAILED,
	    BINDS(b_text(id), b_int(now_ms / 1000), b_opt(error)), err);
}

int
store_task_cancelled(struct store *s, const char *id, const char *why,
    int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_TASK_CANCELLED,
	    BINDS(b_text(id), b_int(now_ms / 1000), b_opt(why)), err);
}

int
store_task_run(
    struct store *s, const struct task_row *r, int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_TASK_RUN,
	    BINDS(b_text(r->task.id), b_text(r->asked_by), b_text(r->asked_as),
		b_int(now_ms / 1000)),
	    err);
}

int
store_task_close(struct store *s, const char *id, const char *note,
    int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_TASK_CLOSE,
	    BINDS(b_text(id), b_opt(note), b_int(now_ms / 1000)), err);
}

int
store_task_route(
    struct store *s, const struct task *t, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_TASK_ROUTE, NULL,
	    BINDS(b_text(t->id), b_opt(t->route_class), b_opt(t->priority),
		b_opt(t->assigned_lane), b_opt_int(t->due_at_unix),
		b_int(now_ms / 1000)),
	    err);
}

int
store_file_add(
    struct store *s, const struct file_row *f, int64_t now_ms, struct err *err)
{
	store_note_change(s, STORE_CHANGED_FILES);
	if (store_own_write_add(
		s, f->workspace_id, f->path, f->content, now_ms, err) < 0)
		return -1;
	return stmt_run(s, STMT_FILE_ADD, NULL,
	    BINDS(b_text(f->workspace_id), b_text(f->path), b_text(f->content),
		b_int(now_ms)),
	    err);
}

int
store_files_pending(struct store *s, int64_t after_id, int64_t limit,
    struct arena *arena, struct file_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_FILES_PENDING, arena, read_file,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_int(after_id), b_int(limit)), err);
}

int
store_files_beneath(struct store *s, const char *workspace_id,
    const char *folder, struct arena *arena, struct file_row **rows_out,
    size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_FILES_BENEATH, arena, read_file,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(workspace_id), b_text(folder)), err);
}

int
store_file_written(
    struct store *s, int64_t file_id, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_FILE_WRITTEN, NULL,
	    BINDS(b_int(file_id), b_int(now_ms)), err);
}
