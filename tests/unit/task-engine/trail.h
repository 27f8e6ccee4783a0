#ifndef TESTS_UNIT_TASK_ENGINE_TRAIL_H
#define TESTS_UNIT_TASK_ENGINE_TRAIL_H

#include <stdint.h>

#include "services/task-engine/audit/verify.h"

struct audit_entry;
struct world;

/* The audit log of a world, whose row 1 says that the key begins. */

/* What is added. */
extern const struct audit_entry trail_entry;

/* So many, in one commit. */
void trail_add(struct world *world, int n);
/* To the end. */
void trail_check(struct world *world, struct audit_check *check);
/* Fails, naming what was done, unless a check finds that, there. */
void trail_must_find(struct world *world, const char *what,
    enum audit_state state, int64_t bad_seq);

#endif
