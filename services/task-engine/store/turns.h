#ifndef TASK_ENGINE_STORE_TURNS_H
#define TASK_ENGINE_STORE_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"

struct arena;
struct err;
struct store;

/*
 * A turn is one piece of work that ends with words: an answer to one message,
 * the run of one task, or a command that must ask another daemon.
 * queued -> running -> done | failed | cancelled; running -> queued.
 */
enum turn_kind {
	TURN_ANSWER = 1, /* the order in which they are taken */
	TURN_COMMAND = 2,
	TURN_TASK = 3,
};

struct turn_new {
	enum turn_kind kind;
	const char *workspace_id;
	const char *context_id;
	int64_t message_seq; /* the inbound message; 0 for a task of the API */
	const char *task_id; /* "" unless TURN_TASK */
	int64_t priority;    /* 1 to 3 */
	int64_t due_unix;    /* 0: none */
};
int store_turn_add(struct store *store, const struct turn_new *turn,
    int64_t now_ms, int64_t *turn_id_out, struct err *err) MUST_CHECK;

/* A turn that was claimed, with all that it needs to begin. */
struct turn_work {
	int64_t turn_id;
	enum turn_kind kind;
	int64_t attempts; /* this one included */
	int64_t crash_count;
	int64_t created_ms;
	struct context_row context;
	bool has_message;
	struct message_row message;
	bool has_task; /* TURN_ANSWER too, if it is the run of one */
	struct task_row task;
};

/*
 * Takes the most urgent queued turn among kinds (bits 1 << kind) whose time
 * has come, and marks it running: answers, then commands, then tasks by
 * priority, due time and age, and never more than task_concurrency running
 * tasks in one workspace. For a task its row is marked running too. Returns 1
 * when there is none; *next_ms_out is then when to look again (0: after the
 * next commit).
 *
 * Opens and commits a relaxed transaction of its own.
 */
int store_turn_claim(struct store *store, unsigned kinds,
    int64_t task_concurrency, int64_t now_ms, struct arena *arena,
    struct turn_work *out, int64_t *next_ms_out, struct err *err) MUST_CHECK;

/*
 * The ends of a running turn, for use within store_begin and store_commit.
 * Each returns 1, changing nothing, when the turn is not running any more (it
 * was cancelled meanwhile): then nothing may be said.
 */
int store_turn_done(struct store *store, int64_t turn_id, int64_t now_ms,
    struct err *err) MUST_CHECK;
int store_turn_failed(struct store *store, int64_t turn_id, const char *error,
    int64_t now_ms, struct err *err) MUST_CHECK;
/* Back to queued, not before that time; a task goes back with it. */
int
store_turn_requeue(struct store *store, int64_t turn_id, int64_t not_before_ms,
    const char *why, int64_t now_ms, struct err *err) MUST_CHECK;

/* Ends the turn of a task, or the answer to a message that is the task's run,
 * wherever it is. Return 1: none live. */
int store_turn_cancel_task(struct store *store, const char *task_id,
    int64_t now_ms, int64_t *turn_id_out, struct err *err) MUST_CHECK;
int store_turn_cancel_answer(struct store *store, int64_t message_seq,
    int64_t now_ms, int64_t *turn_id_out, struct err *err) MUST_CHECK;

/* Moves a queued turn of the task in the order of work. */
int store_turn_route(struct store *store, const char *task_id, int64_t priority,
    int64_t due_unix, int64_t now_ms, struct err *err) MUST_CHECK;

/* Returns 1 when it has ended. */
int store_turn_cancel(struct store *store, int64_t turn_id, int64_t now_ms,
    struct err *err) MUST_CHECK;

/* What has not ended of what that actor asked for, or the tools that speak as
 * that account: at most 500. */
struct turn_live {
	int64_t turn_id;
	int64_t message_seq;
	const char *task_id; /* "" unless it runs one */
};
int
store_turns_of(struct store *store, const char *asked_by, struct arena *arena,
    struct turn_live **rows_out, size_t *n_out, struct err *err) MUST_CHECK;

/* What answers messages of the context from before that one: that actor's, or
 * everybody's (""). */
int store_turns_answering(struct store *store, const char *context_id,
    int64_t before_seq, const char *said_by, struct arena *arena,
    struct turn_live **rows_out, size_t *n_out, struct err *err) MUST_CHECK;

/* Returns 1 when there is none. state as in the table. */
int store_turn_of_message(struct store *store, int64_t message_seq,
    struct arena *arena, const char **state_out, const char **error_out,
    struct err *err) MUST_CHECK;

/*
 * At start: everything running goes back to queued, unmarked, except
 * blamed_turn_id (0: none), whose crash_count rises; when that reaches three
 * it is set failed, *set_aside_out is true, and *out describes it so that
 * whoever asked can be told. Within a transaction.
 */
int store_turns_recover(struct store *store, int64_t blamed_turn_id,
    int64_t now_ms, struct arena *arena, bool *set_aside_out,
    struct turn_work *out, int64_t *n_requeued_out, struct err *err) MUST_CHECK;

#endif
