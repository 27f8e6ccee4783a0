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
 */
struct forgetting {
	const char *context_id;
	int64_t before_seq;
	const char *said_by; /* that actor's alone, and answers; "": all */
};

struct forgotten {
	int64_t n_messages;
	int64_t n_answers;  /* of the agent, with what its tools did for them */
	int64_t n_tasks;    /* that had ended or wait for people */
	const char **paths; /* files that such tasks left */
	size_t n_paths;
};

/*
 * Rows of messages, answers that wait or were sent, calls and traces of turns,
 * tasks, and what was replied of those; and the chat log is written anew from
 * its beginning. Within a
 * transaction.
 */
int store_forget(struct store *store, const struct forgetting *what,
    struct arena *arena, struct forgotten *out, struct err *err) MUST_CHECK;

#endif
