#ifndef TASK_ENGINE_STORE_OBJECTIVES_H
#define TASK_ENGINE_STORE_OBJECTIVES_H

#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct store;

/* Objectives: the predecessor's columns and ours. */
struct objective_row {
	const char *id; /* "obj_<uuid>" */
	const char *workspace_id;
	const char *context_id;
	const char *title;
	const char *prompt;
	const char *cron_expr;
	const char *asked_by; /* actor whose authority it runs with */
	const char *asked_as; /* the role it had then: never more */
	int64_t ends_at_unix; /* 0: when it is deleted */
};
/* Adds an active one that runs by schedule, in UTC. */
int store_objective_add(struct store *store, const struct objective_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;

/* How many of that asker are active and have not come to their end. */
int store_objectives_live(struct store *store, const char *asked_by,
    int64_t now_ms, int64_t *n_out, struct err *err) MUST_CHECK;

#endif
