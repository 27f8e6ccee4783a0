#ifndef TASK_ENGINE_APPROVALS_SKILL_H
#define TASK_ENGINE_APPROVALS_SKILL_H

#include <stdint.h>

#include "libcommon/defs.h"

struct action_row;
struct arena;
struct err;
struct store;

/*
 * A skill that the agent wants to keep: an action that the engine runs itself,
 * by writing skills/common/<name>.md of its workspace.
 */
enum {
	SKILL_MAX_NAME = 60,
	SKILL_MAX_BYTES = 2000, /* what of a skill reaches a model */
};

/* No path can be made of such a name. ERR_INVALID says what one is. */
int skill_check_name(const char *name, struct err *err) MUST_CHECK;

/*
 * Runs an approved one, and says in *row what became of it. Within the
 * transaction of the decision.
 */
int skill_learn(struct store *store, struct action_row *row, int64_t now_ms,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
