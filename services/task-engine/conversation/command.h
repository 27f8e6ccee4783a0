#ifndef TASK_ENGINE_CONVERSATION_COMMAND_H
#define TASK_ENGINE_CONVERSATION_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"

struct arena;

/*
 * The grammar of commands, as data. Pure.
 *
 * "/name argument" is a command wherever it is said, in any case, '_' meaning
 * '-', unless it names another bot ("/name@other"). Without the slash only a
 * command of fixed words is one, standing alone, in a message that is
 * addressed to the agent: a sentence that begins with "task" is a sentence.
 */
enum command_id {
	COMMAND_NONE,	 /* not a command: words */
	COMMAND_UNKNOWN, /* "/something" that is none of ours */
	COMMAND_HELP,
	COMMAND_TASK,
	COMMAND_STATUS,
	COMMAND_SEARCH,
	COMMAND_OPEN,
	COMMAND_ID_COUNT
};

struct command_row {
	enum command_id id;
	const char *name;
	const char *argument;  /* "<prompt>", or "" when it takes none */
	const char *operation; /* of the policy table */
	const char *help;
};

extern const struct command_row command_rows[];
extern const size_t n_command_rows;

const struct command_row *command_find(enum command_id id);

struct command {
	enum command_id id;
	const char *name;     /* as it was typed, for COMMAND_UNKNOWN */
	const char *argument; /* trimmed; "" when there is none */
};

/* Strings live in the arena. */
void command_parse(struct command *out, const char *text, bool is_addressed,
    struct arena *arena);

#endif
