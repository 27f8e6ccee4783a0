/* Takes the words out of rows, and has the chat log written anew. */

#include "services/task-engine/store/forgotten.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "proto/bounds.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

enum {
	MAX_TASKS_NAMED = 128,
	/* The longest texts of a slice's messages. */
	TELLERS_ARENA_BYTES = 2 * FORGET_SLICE * BOUND_TEXT,
};

/* A message of mine that may name tasks. */
struct teller {
	int64_t seq;
	const char *text;
};

/* Messages of one context. */
struct slice {
	const char *context_id;
	int64_t from_seq;
	int64_t before_seq;
	int64_t end_seq; /* of all slices */
};

static void
read_path(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

static void
read_seq(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

static void
read_forgetting(struct columns *c, void *row_out)
{
	struct forgetting *f = row_out;

	f->seq = next_int(c);
	f->context_id = next_text(c);
	f->before_seq = next_int(c);
	f->next_seq = next_int(c);
	f->said_by = next_text(c);
	f->asked_by = next_text(c);
	f->n_messages = next_int(c);
	f->n_answers = next_int(c);
	f->n_tasks = next_int(c);
}

/* What hangs on messages that have no words any more. */
static int
forget_here(struct store *s, enum stmt_id id, const struct slice *slice,
    int64_t *n_more, struct err *err)
{
	int64_t n;

	if (stmt_run(s, id, &n,
		BINDS(b_text(slice->context_id), b_int(slice->from_seq),
		    b_int(slice->before_seq)),
		err) < 0)
		return -1;
	if (n_more)
		*n_more += n;
	return 0;
}

/* Kept replies have no index by task: they are looked at when one went. */
static int
forget_tasks(struct store *s, const struct slice *slice, int64_t *n_more,
    struct arena *arena, struct forgotten *out, struct err *err)
{
	int64_t n = 0;

	if (stmt_list(s, STMT_FORGET_PATHS, arena, read_path,
		sizeof(*out->paths), &out->paths, &out->n_paths,
		BINDS(b_text(slice->context_id), b_int(slice->from_seq),
		    b_int(slice->before_seq)),
		err) < 0 ||
	    forget_here(s, STMT_FORGET_TASKS, slice, &n, err) < 0)
		return -1;
	*n_more += n;
	return n ? forget_here(s, STMT_FORGET_REPLIES, slice, NULL, err) : 0;
}

/* 0: the id is that of a task whose words went. */
static int
is_forgotten_task(struct store *s, const char *id, size_t size, struct err *err)
{
	char text[ID_UUID_SIZE];
	int64_t one;

	snprintf(text, sizeof(text), "%.*s", (int)size, id);
	return stmt_get(s, STMT_TASK_IS_FORGOTTEN, NULL, read_seq, &one,
	    BINDS(b_text(text)), err);
}

/* 0: such a task stands between its backquotes. Only so many are looked up: a
 * list of tasks has fewer, and anybody may have me say a text full of them. */
static int
names_one(struct store *s, const char *text, struct err *err)
{
	const char *end, *at = strchr(text, '`');
	int got = 1;

	for (int n = 0; at && n < MAX_TASKS_NAMED && got == 1; at = end) {
		end = strchr(++at, '`');
		if (!end || end - at != ID_UUID_SIZE - 1)
			continue;
		got = is_forgotten_task(s, at, (size_t)(end - at), err);
		n++;
	}
	return got;
}

static void
read_teller(struct columns *c, void *row_out)
{
	struct teller *t = row_out;

	t->seq = next_int(c);
	t->text = next_text(c);
}

static int
forget_tellers(struct store *s, const struct slice *slice, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(TELLERS_ARENA_BYTES);
	struct teller *tellers;
	size_t n;
	int64_t one;
	int got = stmt_get(s, STMT_TASKS_ARE_FORGOTTEN, NULL, read_seq, &one,
	    BINDS(b_text(slice->context_id)), err);

	if (got != 0)
		return got < 0 ? -1 : 0;
	if (stmt_list(s, STMT_FORGET_TELLERS, arena, read_teller,
		sizeof(*tellers), &tellers, &n,
		BINDS(b_text(slice->context_id), b_int(slice->from_seq),
		    b_int(slice->before_seq)),
		err) < 0)
		return -1;
	for (size_t i = 0; i < n && got >= 0; i++) {
		got = names_one(s, tellers[i].text, err);
		if (got == 0)
			got = stmt_run(s, STMT_FORGET_TOLD, NULL,
			    BINDS(b_int(tellers[i].seq)), err);
	}
	return got < 0 ? -1 : 0;
}

/* … and on the answers to them. */
static int
forget_answers(struct store *s, enum stmt_id id, const struct slice *slice,
    int64_t *n_more, struct err *err)
{
	int64_t n;

	if (stmt_run(s, id, &n,
		BINDS(b_text(slice->context_id), b_int(slice->from_seq),
		    b_int(slice->before_seq), b_int(slice->end_seq)),
		err) < 0)
		return -1;
	*n_more += n;
	return 0;
}

/* An answer is known by its row of the outbox, so those come last: what waits
 * is not sent, and what was sent loses its words too. */
static int
forget_rest(struct store *s, const struct slice *slice, int64_t *n_answers,
    struct err *err)
{
	static const enum stmt_id rest[] = {
		STMT_FORGET_TOOLS,
		STMT_FORGET_TRACES_HEARD,
		STMT_FORGET_TRACES_TURN,
		STMT_FORGET_CALLS,
	};
	int64_t n_rows = 0;

	if (forget_answers(s, STMT_FORGET_ANSWERS, slice, n_answers, err) < 0 ||
	    forget_tellers(s, slice, err) < 0)
		return -1;
	for (size_t i = 0; i < N_OF(rest); i++)
		if (forget_here(s, rest[i], slice, NULL, err) < 0)
			return -1;
	if (forget_answers(s, STMT_FORGET_OUTBOX_QUEUED, slice, &n_rows, err) <
	    0)
		return -1;
	return forget_answers(s, STMT_FORGET_OUTBOX_TEXT, slice, &n_rows, err);
}

/* 1: it is the last. */
static int
find_slice(struct store *s, const struct forgetting *f, int64_t limit,
    struct slice *out, struct err *err)
{
	*out = (struct slice){ f->context_id, f->next_seq, f->before_seq,
		f->before_seq };
	return stmt_get(s, STMT_FORGET_NEXT_SLICE, NULL, read_seq,
	    &out->before_seq,
	    BINDS(b_text(f->context_id), b_int(f->next_seq),
		b_int(f->before_seq), b_int(limit)),
	    err);
}

int
store_forget_slice(struct store *s, struct forgetting *f, int64_t limit,
    struct arena *arena, struct forgotten *out, struct err *err)
{
	struct slice slice;
	int64_t n;
	int got = find_slice(s, f, limit, &slice, err);

	if (got < 0 ||
	    stmt_run(s, STMT_FORGET_MESSAGES, &n,
		BINDS(b_text(slice.context_id), b_int(slice.from_seq),
		    b_int(slice.before_seq), b_text(f->said_by)),
		err) < 0 ||
	    forget_tasks(s, &slice, &f->n_tasks, arena, out, err) < 0 ||
	    forget_rest(s, &slice, &f->n_answers, err) < 0)
		return -1;
	f->n_messages += n;
	f->next_seq = slice.before_seq;
	return got;
}

/* Words are to leave the files of the database once, when all are gone. */
int
store_forget_log(struct store *s, const char *context_id, struct err *err)
{
	store_note_change(s, STORE_CHANGED_MESSAGES | STORE_CHANGED_FILES |
				 STORE_CHANGED_FORGOTTEN);
	return stmt_run(
	    s, STMT_FORGET_LOG, NULL, BINDS(b_text(context_id)), err);
}

int
store_forgetting_add(struct store *s, struct forgetting *f, struct err *err)
{
	static const enum stmt_id first[] = {
		STMT_FORGET_WAITING_TEXT,
		STMT_FORGET_WAITING,
		STMT_FORGET_WAITING_PARTIALS,
		STMT_FORGET_SUMMARY_ITEMS,
	};
	int64_t n[N_OF(first)];

	for (size_t i = 0; i < N_OF(first); i++)
		if (stmt_run(s, first[i], &n[i],
			BINDS(b_text(f->context_id), b_int(f->before_seq),
			    b_text(f->said_by)),
			err) < 0)
			return -1;
	f->n_answers += n[0];
	return stmt_run(s, STMT_FORGETTING_ADD, NULL,
	    BINDS(b_text(f->context_id), b_int(f->before_seq),
		b_int(f->next_seq), b_text(f->said_by), b_text(f->asked_by),
		b_int(f->n_messages), b_int(f->n_answers), b_int(f->n_tasks)),
	    err);
}

int
store_forgetting_next(struct store *s, struct arena *arena,
    struct forgetting *out, struct err *err)
{
	return stmt_get(s, STMT_FORGETTING_NEXT, arena, read_forgetting, out,
	    NO_BINDS, err);
}

int
store_forgetting_put(
    struct store *s, const struct forgetting *f, struct err *err)
{
	return stmt_run(s, STMT_FORGETTING_PUT, NULL,
	    BINDS(b_int(f->seq), b_int(f->next_seq), b_int(f->n_messages),
		b_int(f->n_answers), b_int(f->n_tasks)),
	    err);
}

int
store_forgetting_end(struct store *s, int64_t seq, struct err *err)
{
	return stmt_run(s, STMT_FORGETTING_END, NULL, BINDS(b_int(seq)), err);
}
