#ifndef TASK_ENGINE_TASKS_TASKS_H
#define TASK_ENGINE_TASKS_TASKS_H

#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/roles.h"

struct actor;
struct arena;
struct context_row;
struct err;
struct store;
struct task_row;

/*
 * What can be done to tasks, whoever asks: the command, the API and the tools
 * call these. All within a transaction, with their audit rows.
 */

/*
 * Completes the row (id, workspace, context, status, and the predecessor's
 * defaults for what is empty), inserts it and its turn. Returns 1 when its
 * run_key was used before: *row is that task then, or ERR_CONFLICT when it
 * was asked for otherwise.
 */
int task_queue(struct store *store, const struct context_row *context,
    struct task_row *row, int64_t now_ms, struct arena *arena,
    struct err *err) MUST_CHECK;

/*
 * The same without a turn, in state "open" (for people) or "running" (its run
 * is the answer to its source message). An id that the row has is kept.
 */
int task_add(struct store *store, const struct context_row *context,
    struct task_row *row, const char *state, int64_t now_ms,
    struct arena *arena, struct err *err) MUST_CHECK;

/* How it is routed; in whatever state it is. *row is what it is then. */
struct task_routing {
	const char *route_class;
	const char *priority; /* "p1" to "p3" */
	const char *lane;
	int64_t due_at_unix; /* 0: none */
};
int task_route(struct store *store, const struct actor *actor,
    struct task_row *row, const struct task_routing *routing, int64_t now_ms,
    struct arena *arena, struct err *err) MUST_CHECK;

/*
 * Queues an open one. It runs with the weaker authority: that of who caused
 * it, or the actor's, whose role there is `role`. ERR_CONFLICT: not open.
 */
int task_run(struct store *store, const struct actor *actor, enum role role,
    struct task_row *row, int64_t now_ms, struct arena *arena,
    struct err *err) MUST_CHECK;

/* Closes an open one as dealt with by people. ERR_CONFLICT: not open. */
int task_close(struct store *store, const struct actor *actor,
    struct task_row *row, const char *note, int64_t now_ms, struct arena *arena,
    struct err *err) MUST_CHECK;

/*
 * Stops it wherever it is. *turn_id_out is the turn that may be running, 0 for
 * none. ERR_CONFLICT: it has ended already. *row is what it is afterwards.
 * Whoever asked for it is told, unless that is the actor or it is read in
 * told_context_id (or NULL) anyway.
 */
int task_cancel(struct store *store, const struct actor *actor,
    struct task_row *row, const char *told_context_id, int64_t now_ms,
    struct arena *arena, int64_t *turn_id_out, struct err *err) MUST_CHECK;

/*
 * Queues a copy of a failed task, in *copy; its run_key and request_sha256
 * come with it. It runs with the weaker authority: that of who asked first, or
 * the actor's, whose role there is `role`. Returns 1 as task_queue does.
 */
int task_retry(struct store *store, const struct actor *actor, enum role role,
    const struct task_row *failed, struct task_row *copy, int64_t now_ms,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
