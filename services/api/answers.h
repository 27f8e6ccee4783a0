#ifndef API_ANSWERS_H
#define API_ANSWERS_H

#include <stdbool.h>

#include "proto/shape.h"

/*
 * What clients are shown where that is not the reply of the bus: the forms of
 * the predecessor, and what the api knows itself. Handlers print these, and
 * the OpenAPI document describes them.
 */

/* How something stands, and what is wrong with it. */
struct standing {
	const char *status;
	const char *error;
};
extern const struct shape standing_shape;

struct problem {
	const char *error;
};
extern const struct shape problem_shape;

struct info {
	const char *name;
	const char *version;
	const char *environment;
	const char *public_host;
	const char *admin_host;
};
extern const struct shape info_shape;

struct chat_said {
	bool handled;
	const char *reply;
	const char *id;
};
extern const struct shape chat_said_shape;

struct chat_working {
	const char *id;
	const char *status;
};
extern const struct shape chat_working_shape;

struct task_made {
	const char *id;
	const char *workspace_id;
	const char *context_id;
	const char *kind;
	const char *status;
	const char *idempotency_key;
};
extern const struct shape task_made_shape;

struct task_changed {
	const char *task_id;
	const char *retry_of_task;
	const char *workspace_id;
	const char *context_id;
	const char *kind;
	const char *status;
	const char *idempotency_key;
};
extern const struct shape task_changed_shape;

/* Queries that name one thing, where the bus has another name for it. */
struct chat_pick {
	const char *id;
};
extern const struct shape chat_pick_shape;

struct task_pick {
	const char *id;
};
extern const struct shape task_pick_shape;

#endif
