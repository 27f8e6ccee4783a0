#ifndef TASK_ENGINE_COMMANDS_PICK_H
#define TASK_ENGINE_COMMANDS_PICK_H

#include "libcommon/defs.h"

struct actor;
struct arena;
struct err;
struct heard;
struct svc;
struct task_row;

/* Whether the actor may do that to the task. 0: they may; 1: refused, and *err
 * says why. */
int
pick_may(struct svc *svc, const struct actor *actor, const struct task_row *row,
    const char *operation, struct arena *arena, struct err *err) MUST_CHECK;
/* What of a task's id is typed: it may stand behind "task-". */
const char *pick_random_part(const char *id);

/*
 * The task that an id or the beginning of one names, among those that the
 * asker may see: their own, and all of a workspace for its operators. Returns
 * 1 when there is none, there are several, or the operation is not theirs:
 * they were answered so.
 */
int pick_task(struct svc *svc, const struct heard *heard, const char *id,
    const char *operation, struct arena *arena, struct task_row *out,
    struct err *err) MUST_CHECK;

#endif
