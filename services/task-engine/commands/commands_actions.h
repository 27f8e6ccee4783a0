#ifndef TASK_ENGINE_COMMANDS_COMMANDS_ACTIONS_H
#define TASK_ENGINE_COMMANDS_COMMANDS_ACTIONS_H

#include "libcommon/defs.h"

struct arena;
struct command;
struct err;
struct guidance_facts;
struct heard;
struct svc;

/*
 * The commands about pending actions, and those that decide a pairing's token
 * or else an action: rows of the table in commands.c.
 */
int command_approve(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_deny(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_pending_actions(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_approve_action(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_deny_action(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);

/* The action whose notice the message answers; 1: it answers none. */
int
heard_notice(struct svc *svc, const struct heard *heard, struct arena *arena,
    const char **action_id_out, struct err *err) MUST_CHECK;

/* Of a question about commands: what waits for whoever asks. */
int
heard_guidance(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct guidance_facts *out, struct err *err) MUST_CHECK;

#endif
