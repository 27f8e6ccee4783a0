#ifndef TASK_ENGINE_COMMANDS_COMMANDS_PEOPLE_H
#define TASK_ENGINE_COMMANDS_COMMANDS_PEOPLE_H

#include <stdbool.h>

#include "libcommon/defs.h"

struct arena;
struct command;
struct err;
struct heard;
struct pairing_choice;
struct svc;

/* The commands about people and places: rows of the table in commands.c. */
int command_pair(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_whoami(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_admin_channel(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);

/* /approve and /deny of a pairing token. */
int pairing_decide_command(struct svc *svc, const struct heard *heard,
    const struct pairing_choice *choice, bool is_approval, struct arena *arena,
    struct err *err) MUST_CHECK;

#endif
