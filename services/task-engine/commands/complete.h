#ifndef TASK_ENGINE_COMMANDS_COMPLETE_H
#define TASK_ENGINE_COMMANDS_COMPLETE_H

#include <stdint.h>

#include "libcommon/defs.h"

struct actor;
struct arena;
struct command_choices;
struct command_row;
struct context_row;
struct err;
struct svc;

/* Somebody types the argument of a command, and sees alone what is chosen. */
struct completing {
	const struct actor *actor;
	const struct context_row *context;
	const struct command_row *row;
	const char *typed;
	int64_t now_ms;
};

/*
 * What they may mean, of what they may do that to: ids, or the beginning of
 * one, or a word of its title; what was typed behind the first word stays.
 */
int command_complete_argument(struct svc *svc, const struct completing *c,
    struct arena *arena, struct command_choices *out,
    struct err *err) MUST_CHECK;

#endif
