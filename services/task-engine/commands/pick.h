#ifndef TASK_ENGINE_COMMANDS_PICK_H
#define TASK_ENGINE_COMMANDS_PICK_H

#include "libcommon/defs.h"

struct arena;
struct err;
struct heard;
struct svc;
struct task_row;

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
