/* Rows of turns: what is to be answered, run, and looked up. */

#include "services/task-engine/store/turns.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

enum {
	/* Twice may be bad luck (a kill loop, a power cut); three is not. */
	CRASHES_TO_SET_ASIDE = 3,
};

struct found {
	struct turn_work work;
	const char *context_id;
	int64_t message_seq;
	const char *task_id;
};

static void
read_turn(struct columns *c, void *row_out)
{
	struct found *f = row_out;

	f->work.turn_id = next_int(c);
	f->work.kind = (enum turn_kind)next_int(c);
	f->work.attempts = next_int(c);
	f->work.crash_count = next_int(c);
	f->work.created_ms = next_int(c);
	f->context_id = next_text(c);
	f->message_seq = next_int(c);
	f->task_id = next_text(c);
}

static void
read_number(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

struct state {
	const char *name;
	const char *error;
};

static void
read_state(struct columns *c, void *row_out)
{
	struct state *state = row_out;

	state->name = next_text(c);
	state->error = next_text(c);
}

int
store_turn_add(struct store *s, const struct turn_new *t, int64_t now_ms,
    int64_t *turn_id_out, struct err *err)
{
	if (stmt_run(s, STMT_TURN_ADD, NULL,
		BINDS(b_int(t->kind), b_text(t->workspace_id),
		    b_text(t->context_id), b_opt_int(t->message_seq),
		    b_opt(t->task_id), b_int(t->priority),
		    /* Without a due time behind all that have one. */
		    b_int(t->due_unix ? t->due_unix : INT64_MAX),
		    b_int(now_ms)),
		err) < 0)
		return -1;
	*turn_id_out = sqlite3_last_insert_rowid(store_db(s));
	store_note_change(s, STORE_CHANGED_TURNS);
	return 0;
}

/* Foreign keys guarantee that what a turn names is there. */
static int
missing(int got, const char *what, struct err *err)
{
	return got == 1
		   ? err_set(err, ERR_INTERNAL, "a turn without its %s", what)
		   : got;
}

static int
fill_task(struct store *s, const struct found *f, struct arena *arena,
    struct turn_work *out, struct err *err)
{
	int got = 1;

	if (*f->task_id) {
		out->has_task = true;
		got = store_task_get(s, f->task_id, arena, &out->task, err);
		return got == 0 ? 0 : missing(got, "task", err);
	}
	if (f->work.kind == TURN_ANSWER)
		got = store_task_of_answer(
		    s, f->message_seq, arena, &out->task, err);
	out->has_task = got == 0;
	return got < 0 ? -1 : 0;
}

static int
fill(struct store *s, const struct found *f, struct arena *arena,
    struct turn_work *out, struct err *err)
{
	int got;

	*out = f->work;
	got = store_context_get(s, f->context_id, arena, &out->context, err);
	if (got != 0)
		return missing(got, "context", err);
	if (f->message_seq) {
		out->has_message = true;
		got = store_message_get(
		    s, f->message_seq, arena, &out->message, err);
		if (got != 0)
			return missing(got, "message", err);
	}
	return fill_task(s, f, arena, out, err);
}

/*
 * Tasks have a limit for each workspace. Answers and commands have none, but
 * a workspace with few of them running goes before one with many, whatever
 * waits longer; these steps share fairly enough.
 */
static const int64_t shares[] = { 1, 2, 4, 8, INT32_MAX };

static int
find_of_kind(struct store *s, int kind, int64_t task_concurrency,
    int64_t now_ms, struct arena *arena, struct found *out, struct err *err)
{
	bool is_task = kind == TURN_TASK;
	const int64_t *share = is_task ? &task_concurrency : shares;
	int got = 1;

	for (size_t n = is_task ? 1 : N_OF(shares); got == 1 && n > 0;
	     n--, share++)
		got = stmt_get(s, STMT_TURN_NEXT, arena, read_turn, out,
		    BINDS(b_int(kind), b_int(now_ms), b_int(*share)), err);
	return got;
}

/* Each commit makes somebody look here, mostly for nothing. */
static int
find_next(struct store *s, unsigned kinds, int64_t task_concurrency,
    int64_t now_ms, struct arena *arena, struct found *out, bool *waits_out,
    struct err *err)
{
	int got = 1;

	*waits_out = false;
	for (int kind = TURN_ANSWER; got == 1 && kind <= TURN_TASK; kind++) {
		int64_t one;

		if (!(kinds & (1u << kind)))
			continue;
		got = stmt_get(s, STMT_TURN_IS_QUEUED, NULL, read_number, &one,
		    BINDS(b_int(kind)), err);
		if (got != 0)
			continue;
		*waits_out = true;
		got = find_of_kind(
		    s, kind, task_concurrency, now_ms, arena, out, err);
	}
	return got;
}

static int
mark_running(
    struct store *s, const struct found *f, int64_t now_ms, struct err *err)
{
	int64_t n_tasks;

	if (stmt_run(s, STMT_TURN_RUNNING, NULL,
		BINDS(b_int(f->work.turn_id), b_int(now_ms)), err) < 0)
		return -1;
	if (f->work.kind == TURN_ANSWER)
		return stmt_run(s, STMT_TASK_ANSWERING, NULL,
		    BINDS(b_int(f->message_seq), b_int(now_ms / 1000)), err);
	if (!*f->task_id)
		return 0;
	if (stmt_get(s, STMT_TURNS_RUNNING_TASKS, NULL, read_number, &n_tasks,
		NO_BINDS, err) < 0)
		return -1;
	return stmt_run(s, STMT_TASK_RUNNING, NULL,
	    BINDS(b_text(f->task_id), b_int(now_ms / 1000), b_int(n_tasks)),
	    err);
}

static int
claim(struct store *s, const struct found *f, int64_t now_ms,
    struct arena *arena, struct turn_work *out, struct err *err)
{
	struct found mine = *f;

	mine.work.attempts++;
	if (mark_running(s, f, now_ms, err) < 0 ||
	    fill(s, &mine, arena, out, err) < 0)
		return -1;
	return 0;
}

int
store_turn_claim(struct store *s, unsigned kinds, int64_t task_concurrency,
    int64_t now_ms, struct arena *arena, struct turn_work *out,
    int64_t *next_ms_out, struct err *err)
{
	struct found found = { 0 };
	bool waits;
	int got = find_next(
	    s, kinds, task_concurrency, now_ms, arena, &found, &waits, err);

	*next_ms_out = 0;
	if (got == 1 && waits &&
	    stmt_get(s, STMT_TURN_NEXT_TIME, NULL, read_number, next_ms_out,
		BINDS(b_int(now_ms)), err) < 0)
		return -1;
	if (got != 0)
		return got;
	if (store_begin_relaxed(s, err) < 0)
		return -1;
	if (claim(s, &found, now_ms, arena, out, err) < 0) {
		store_rollback(s);
		return -1;
	}
	return store_commit(s, err);
}

static int
turn_end(struct store *s, int64_t turn_id, const char *state, const char *error,
    int64_t now_ms, struct err *err)
{
	/* One that ends may let another of its workspace begin. */
	store_note_change(s, STORE_CHANGED_TURNS);
	return stmt_run_one(s, STMT_TURN_END,
	    BINDS(b_int(turn_id), b_text(state), b_opt(error), b_int(now_ms)),
	    err);
}

int
store_turn_done(
    struct store *s, int64_t turn_id, int64_t now_ms, struct err *err)
{
	return turn_end(s, turn_id, "done", "", now_ms, err);
}

int
store_turn_failed(struct store *s, int64_t turn_id, const char *error,
    int64_t now_ms, struct err *err)
{
	return turn_end(s, turn_id, "failed", error, now_ms, err);
}

int
store_turn_requeue(struct store *s, int64_t turn_id, int64_t not_before_ms,
    const char *why, int64_t now_ms, struct err *err)
{
	struct found found = { 0 };
	int got = stmt_run_one(s, STMT_TURN_REQUEUE,
	    BINDS(b_int(turn_id), b_int(not_before_ms), b_opt(why),
		b_int(now_ms)),
	    err);
	AUTO(arena_free)
	struct arena *arena = arena_new(4096);

	if (got == 0)
		got = stmt_get(s, STMT_TURN_GET, arena, read_turn, &found,
		    BINDS(b_int(turn_id)), err);
	if (got != 0)
		return got;
	store_note_change(s, STORE_CHANGED_TURNS);
	return stmt_run(s, STMT_TASK_QUEUED_AGAIN, NULL,
	    BINDS(b_text(found.task_id), b_int(now_ms / 1000)), err);
}

int
store_turn_cancel(
    struct store *s, int64_t turn_id, int64_t now_ms, struct err *err)
{
	store_note_change(s, STORE_CHANGED_TURNS);
	return stmt_run_one(
	    s, STMT_TURN_CANCEL, BINDS(b_int(turn_id), b_int(now_ms)), err);
}

static int
cancel_found(struct store *s, enum stmt_id find, struct bind of, int64_t now_ms,
    int64_t *turn_id_out, struct err *err)
{
	int got =
	    stmt_get(s, find, NULL, read_number, turn_id_out, BINDS(of), err);

	if (got != 0)
		return got;
	return store_turn_cancel(s, *turn_id_out, now_ms, err);
}

static void
read_live(struct columns *c, void *row_out)
{
	struct turn_live *t = row_out;

	t->turn_id = next_int(c);
	t->message_seq = next_int(c);
	t->task_id = next_text(c);
}

int
store_turns_of(struct store *s, const char *asked_by, struct arena *arena,
    struct turn_live **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_TURNS_OF, arena, read_live, sizeof(**rows_out),
	    rows_out, n_out, BINDS(b_text(asked_by)), err);
}

int
store_turns_answering(struct store *s, const char *context_id,
    int64_t before_seq, const char *said_by, struct arena *arena,
    struct turn_live **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_TURNS_ANSWERING, arena, read_live,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(context_id), b_int(before_seq), b_text(said_by)), err);
}

int
store_turn_cancel_task(struct store *s, const char *task_id, int64_t now_ms,
    int64_t *turn_id_out, struct err *err)
{
	return cancel_found(
	    s, STMT_TURN_OF_TASK, b_text(task_id), now_ms, turn_id_out, err);
}

int
store_turn_cancel_answer(struct store *s, int64_t message_seq, int64_t now_ms,
    int64_t *turn_id_out, struct err *err)
{
	return cancel_found(s, STMT_TURN_OF_ANSWER, b_int(message_seq), now_ms,
	    turn_id_out, err);
}

int
store_turn_route(struct store *s, const char *task_id, int64_t priority,
    int64_t due_unix, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_TURN_ROUTE, NULL,
	    BINDS(b_text(task_id), b_int(priority),
		b_int(due_unix ? due_unix : INT64_MAX), b_int(now_ms)),
	    err);
}

int
store_turn_of_message(struct store *s, int64_t message_seq, struct arena *arena,
    const char **state_out, const char **error_out, struct err *err)
{
	struct state state = { "", "" };
	int got = stmt_get(s, STMT_TURN_OF_MESSAGE, arena, read_state, &state,
	    BINDS(b_int(message_seq)), err);

	*state_out = state.name;
	*error_out = state.error;
	return got;
}

/* Its count rises only if it was running: else the mark is an old one. */
static int
blame(struct store *s, int64_t turn_id, int64_t now_ms, struct arena *arena,
    bool *set_aside_out, struct turn_work *out, struct err *err)
{
	static const char why[] = "set aside: the engine died three times "
				  "while it worked on this";
	struct found found = { 0 };
	int got = stmt_run_one(
	    s, STMT_TURN_CRASHED, BINDS(b_int(turn_id), b_int(now_ms)), err);

	if (got == 0)
		got = stmt_get(s, STMT_TURN_GET, arena, read_turn, &found,
		    BINDS(b_int(turn_id)), err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (found.work.crash_count < CRASHES_TO_SET_ASIDE)
		return 0;
	*set_aside_out = true;
	if (fill(s, &found, arena, out, err) < 0 ||
	    turn_end(s, turn_id, "failed", why, now_ms, err) < 0)
		return -1;
	if (!out->has_task)
		return 0;
	return store_task_failed(s, out->task.task.id, why, now_ms, err) < 0
		   ? -1
		   : 0;
}

int
store_turns_recover(struct store *s, int64_t blamed_turn_id, int64_t now_ms,
    struct arena *arena, bool *set_aside_out, struct turn_work *out,
    int64_t *n_requeued_out, struct err *err)
{
	*set_aside_out = false;
	if (blamed_turn_id && blame(s, blamed_turn_id, now_ms, arena,
				  set_aside_out, out, err) < 0)
		return -1;
	if (stmt_run(s, STMT_TASKS_REQUEUE_ALL, NULL,
		BINDS(b_int(now_ms / 1000)), err) < 0)
		return -1;
	return stmt_run(s, STMT_TURNS_REQUEUE_ALL, n_requeued_out,
	    BINDS(b_int(now_ms)), err);
}
