#ifndef TASK_ENGINE_STORE_TURN_CALLS_H
#define TASK_ENGINE_STORE_TURN_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* One thing that a model had done in a turn, and its result. */
struct turn_call_row {
	int64_t turn_id;
	int64_t call;	  /* from 1, in the order in which they were done */
	int64_t step;	  /* from 1: the model's answer that wanted it */
	const char *said; /* with the first of a step: the words beside it */
	const char *want_id;
	const char *tool, *arguments, *result;
	bool is_error;
};

/* Within the transaction of what it changed, if it changed something. */
int store_turn_call_add(struct store *store, const struct turn_call_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;

/* In their order. */
int store_turn_calls(struct store *store, int64_t turn_id, struct arena *arena,
    struct turn_call_row **rows_out, size_t *n_out, struct err *err) MUST_CHECK;

#endif
