#ifndef TASK_ENGINE_TASKS_FINISH_H
#define TASK_ENGINE_TASKS_FINISH_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct notify_policies;
struct routed;
struct store;
struct turn_work;

/* How a turn ended. */
struct turn_outcome {
	bool is_ok;
	const char *text;  /* what is said to whoever asked; never NULL */
	const char *error; /* when not is_ok: kept in the row, for people */
	const char
	    *trace; /* Markdown of tool calls for the artifact, or NULL */
	/* What else belongs to the same transaction, before what is said and
	 * behind it, or NULL. */
	int (*before)(void *arg, int64_t now_ms, struct err *err);
	int (*also)(void *arg, int64_t now_ms, struct err *err);
	void *also_arg;
	/* Who is told of a task's end; NULL: origin and admins. */
	const struct notify_policies *policies;
	/* A row for people that comes with it, because it was no answer; or
	 * NULL. */
	struct routed *unanswered;
};

/*
 * Ends a claimed turn in one transaction: the turn, its task with summary and
 * artifact, the outbound message and the outbox row. Returns 1, saying
 * nothing, when it was cancelled meanwhile. On -1 nothing has changed and the
 * turn is still running: the caller tries again, or requeues it.
 */
int finish_turn(struct store *store, const struct turn_work *work,
    const struct turn_outcome *outcome, int64_t now_ms,
    struct err *err) MUST_CHECK;

/*
 * The engine died of it three times: whoever asked is told, as of any failure.
 * Within a transaction.
 */
int tell_set_aside(struct store *store, const struct turn_work *work,
    const struct notify_policies *policies, struct routed *unanswered,
    int64_t now_ms, struct arena *arena, struct err *err) MUST_CHECK;

/* A turn was claimed: its place hears that a task has begun. */
int tell_began(struct store *store, const struct turn_work *work,
    const struct notify_policies *policies, int64_t now_ms,
    struct err *err) MUST_CHECK;

/* Gives a claimed turn back, to be taken again not before that time. */
int requeue_turn(struct store *store, const struct turn_work *work,
    int64_t not_before_ms, const char *why, int64_t now_ms,
    struct err *err) MUST_CHECK;

#endif
