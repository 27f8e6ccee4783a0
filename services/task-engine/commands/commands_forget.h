#ifndef TASK_ENGINE_COMMANDS_COMMANDS_FORGET_H
#define TASK_ENGINE_COMMANDS_COMMANDS_FORGET_H

#include "libcommon/defs.h"

struct arena;
struct command;
struct err;
struct heard;
struct svc;

/* A row of the table in commands.c. */
int command_forget(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena,
    struct err *err) MUST_CHECK;

#endif
