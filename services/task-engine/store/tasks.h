#ifndef TASK_ENGINE_STORE_TASKS_H
#define TASK_ENGINE_STORE_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "proto/task.h"

struct arena;
struct err;
struct store;

/*
 * Tasks: the predecessor's columns (struct task of proto/task.h) and ours.
 * open -> queued -> running -> succeeded | failed | cancelled.
 */
struct task_row {
	struct task task;
	const char *run_key;	    /* "" or the key that makes it unique */
	const char *request_sha256; /* of the request with that key */
	const char *asked_by;	    /* actor whose authority it runs with */
	const char *asked_as;	    /* the role it had then: never more */
	const char *instance;	    /* through which its origin was heard */
	int64_t source_message_seq; /* whose words it has; 0: none */
	/* 0: a person asked for it; 1: a turn that a person asked for made it;
	 * and so on */
	int64_t depth;
	bool is_draft; /* nobody asked it of us: only admins are told */
};

/* Returns 1, changing nothing, when run_key is taken. */
int store_task_add(struct store *store, const struct task_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;

/* Return 1 when there is none. */
int store_task_get(struct store *store, const char *id, struct arena *arena,
    struct task_row *out, struct err *err) MUST_CHECK;
int store_task_find_run_key(struct store *store, const char *run_key,
    struct arena *arena, struct task_row *out, struct err *err) MUST_CHECK;

/* The running one whose run is the answer to that message. */
int store_task_of_answer(struct store *store, int64_t message_seq,
    struct arena *arena, struct task_row *out, struct err *err) MUST_CHECK;

/* Those whose id, or what follows its "task-", begins so; newest first. */
int store_tasks_by_prefix(struct store *store, const char *prefix,
    int64_t limit, struct arena *arena, struct task_row **rows_out,
    size_t *n_out, struct err *err) MUST_CHECK;

/* Which of a workspace somebody is shown. */
enum task_view {
	TASKS_OF_WORKSPACE,
	TASKS_HERE, /* of one context, and their own */
	TASKS_OWN,
};
struct task_shown {
	enum task_view view;
	const char *workspace_id;
	const char *context_id;
	const char *asked_by;
	const char *state; /* "": what has not ended; "all" */
	int64_t limit;
};
int store_tasks_shown(struct store *store, const struct task_shown *shown,
    struct arena *arena, struct task_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/* Newest first; "" does not filter. */
struct task_filter {
	const char *workspace_id;
	const char *context_id;
	const char *kind;
	const char *status;
	int64_t limit;
};
int store_tasks_list(struct store *store, const struct task_filter *filter,
    struct arena *arena, struct task **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/* Paths of the newest task results of the context, for what it may read. */
int store_task_paths(struct store *store, const char *context_id, int64_t limit,
    struct arena *arena, const char ***paths_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/*
 * Guarded changes of state: they return 1, changing nothing, when the row is
 * not in the state that the change starts from.
 */
int store_task_succeeded(struct store *store, const char *id,
    const char *summary, const char *path, int64_t now_ms,
    struct err *err) MUST_CHECK; /* from running */
int store_task_failed(struct store *store, const char *id, const char *error,
    int64_t now_ms, struct err *err) MUST_CHECK; /* from running, queued */
int store_task_cancelled(struct store *store, const char *id, const char *why,
    int64_t now_ms, struct err *err) MUST_CHECK; /* open, queued, running */

int store_task_run(struct store *store, const struct task_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK; /* open -> queued */
int store_task_close(struct store *store, const char *id, const char *note,
    int64_t now_ms, struct err *err) MUST_CHECK; /* open -> succeeded */

/* Writes class, priority, lane and due time, whatever its state is. */
int store_task_route(struct store *store, const struct task *task,
    int64_t now_ms, struct err *err) MUST_CHECK;

/* A whole file that is to be written beneath a workspace. */
struct file_row {
	int64_t file_id;
	const char *workspace_id;
	const char *path;
	const char *content;
};
int store_file_add(struct store *store, const struct file_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;
/* The next ones behind that id. */
int store_files_pending(struct store *store, int64_t after_id, int64_t limit,
    struct arena *arena, struct file_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;
/* Those of a workspace whose paths begin so. */
int store_files_beneath(struct store *store, const char *workspace_id,
    const char *folder, struct arena *arena, struct file_row **rows_out,
    size_t *n_out, struct err *err) MUST_CHECK;
/* Written: the row stays, without its content. */
int store_file_written(struct store *store, int64_t file_id, int64_t now_ms,
    struct err *err) MUST_CHECK;

#endif
