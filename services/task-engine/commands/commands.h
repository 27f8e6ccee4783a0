#ifndef TASK_ENGINE_COMMANDS_COMMANDS_H
#define TASK_ENGINE_COMMANDS_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/roles.h"

struct actor;
struct arena;
struct command;
struct context_row;
struct err;
struct message_row;
struct svc;

/* A message that was stored, with who said it and where. */
struct heard {
	const struct actor *actor;
	enum role role; /* of the actor, in the workspace of the context */
	const struct context_row *context;
	const struct message_row *message; /* as it is kept */
	/* As it was typed: only for deciding about the token that is in it,
	 * which nothing may keep. */
	const char *said;
	int64_t now_ms;
	bool asker_waits;
	bool is_silent;
};

/*
 * Whether they may do that here, or somewhere if it is about a thing that is
 * named by id; ERR_REFUSED says why not.
 */
int heard_may(struct svc *svc, const struct heard *heard, const char *operation,
    struct err *err) MUST_CHECK;
/* Notes in the audit log that it was refused, if it needs a role at all: what
 * guests try that is not open to them is no event. */
void heard_refused(struct svc *svc, const struct heard *heard,
    const char *operation, const char *why);
/* Tells them why not, and notes it: *err says it. */
int heard_refuse(struct svc *svc, const struct heard *heard,
    const char *operation, struct err *err) MUST_CHECK;
/* Tells them how the command is used, and what does not fit: *err says it.
 * Nothing was changed. */
int heard_misused(struct svc *svc, const struct heard *heard,
    const struct command *command, struct err *err) MUST_CHECK;
/* Answers it, in the same transaction. */
int heard_reply(struct svc *svc, const struct heard *heard, const char *text,
    struct err *err) MUST_CHECK;
/* The same; is_handled false: nobody dealt with the message. */
int heard_say(struct svc *svc, const struct heard *heard, const char *text,
    bool is_handled, struct err *err) MUST_CHECK;
/* Queues a turn (enum turn_kind) that will. */
int heard_queue(struct svc *svc, const struct heard *heard, int kind,
    struct err *err) MUST_CHECK;

/* What they may do here, by enum command_id, for help and the like. */
int commands_allowed(struct svc *svc, const struct heard *heard, bool *may_out,
    struct err *err) MUST_CHECK;

/* Runs the command, or queues it when another daemon must be asked. */
int command_run(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena,
    struct err *err) MUST_CHECK;

#endif
