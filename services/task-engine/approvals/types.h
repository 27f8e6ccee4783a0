#ifndef TASK_ENGINE_APPROVALS_TYPES_H
#define TASK_ENGINE_APPROVALS_TYPES_H

#include <stddef.h>

/*
 * The types of action that may be proposed, and which executor runs them. A
 * type without one can be approved, and is then recorded as skipped.
 */
#define ACTION_BY_THE_ENGINE "task-engine" /* at once: skill.h */

struct action_type {
	const char *name;
	const char *operation; /* of the policy table */
	const char *target;    /* what its target is, for people */
	const char *executor;  /* its name, or "" */
};

extern const struct action_type action_types[];
extern const size_t n_action_types;

/* NULL: there is no such type. */
const struct action_type *action_type_find(
    const struct action_type *types, size_t n_types, const char *name);

#endif
