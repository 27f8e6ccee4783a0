#ifndef TASK_ENGINE_STORE_FORGOTTEN_H
#define TASK_ENGINE_STORE_FORGOTTEN_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/*
 * Takes the words out of what was said in one context before a message. The
 * rows stay, without text and name, so that an event that a platform repeats
 * is still known and nothing that refers to them is lost. What is being worked
 * on or sent at that moment keeps its words.
 *
 * It is done in slices, oldest first. Of a context that has a row of it nothing
 * from before that message is read back, neither for a model nor for its log,
 * until the row is ended.
 */
struct forgetting {
	int64_t seq; /* of its row; 0: it has none */
	const char *context_id;
	int64_t before_seq;
	int64_t next_seq;     /* what is before it is done */
	const char *said_by;  /* that actor's alone, and answers; "": all */
	const char *asked_by; /* the actor who wants it */
	int64_t n_messages;
	int64_t n_answers; /* of the agent, with what its tools did for them */
	int64_t n_tasks;   /* that had ended or wait for people */
};

/* So many messages, and what hangs on them, are one transaction: a tenth of a
 * second, where everything else waits. */
enum { FORGET_SLICE = 256 };

/* Files that tasks left whose words went. */
struct forgotten {
	const char **paths;
	size_t n_paths;
};

/*
 * The next slice: rows of messages, answers that wait or were sent, calls and
 * traces of turns, tasks, and what was replied of those. Counts them and moves
 * next_seq; 1: that was the last. All of these work within a transaction.
 */
int store_forget_slice(struct store *store, struct forgetting *forgetting,
    int64_t limit, struct arena *arena, struct forgotten *out,
    struct err *err) MUST_CHECK;

/* The chat log is written anew from its beginning. */
int store_forget_log(
    struct store *store, const char *context_id, struct err *err) MUST_CHECK;

/*
 * Its row, for the slices that are to come; and at once: what waits to be sent
 * is not, and nothing of it stays in the summary.
 */
int store_forgetting_add(struct store *store, struct forgetting *forgetting,
    struct err *err) MUST_CHECK;
/* The one that goes on next; 1: there is none. */
int store_forgetting_next(struct store *store, struct arena *arena,
    struct forgetting *out, struct err *err) MUST_CHECK;
/* How far it is. */
int store_forgetting_put(struct store *store,
    const struct forgetting *forgetting, struct err *err) MUST_CHECK;
int store_forgetting_end(
    struct store *store, int64_t seq, struct err *err) MUST_CHECK;

#endif
