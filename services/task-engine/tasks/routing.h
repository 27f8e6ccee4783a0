#ifndef TASK_ENGINE_TASKS_ROUTING_H
#define TASK_ENGINE_TASKS_ROUTING_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/tasks.h"

struct arena;
struct context_row;
struct err;
struct store;

/*
 * The rows that triage makes of messages, and how admins hear of those that
 * stay open: the first of one person at once, and what follows it within five
 * minutes together, when these are over. All within a transaction.
 */
enum { ROUTING_WINDOW_MS = 5 * 60 * 1000 };

enum routing_state {
	ROUTING_OPEN,	/* for people, who are told */
	ROUTING_ANSWER, /* running: its run is the answer to its message */
	ROUTING_QUEUED, /* runs at once */
	ROUTING_STATE_COUNT
};
const char *routing_state_name(enum routing_state state);

struct routed {
	struct task_row row; /* id, title, class and so on, and who it is of */
	const char *reason;  /* of its class */
	const char *notice;  /* if it is told by itself; "": it is not told */
	int64_t guest_rows;  /* so many a day, of a guest; -1: no limit */
};

/* Takes one of the rows that a guest has in a day; 1: none is left. */
int routing_take_row(struct store *store, const char *person, int64_t limit,
    int64_t now_ms, struct arena *arena, struct err *err) MUST_CHECK;

/* Returns 1, adding nothing, when the guest has had their rows. */
int routing_add(struct store *store, const struct context_row *context,
    struct routed *routed, enum routing_state state, int64_t now_ms,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
