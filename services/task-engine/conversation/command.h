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
 * command whose argument is ids and fixed words is one, standing alone, in a
 * message that is addressed to the agent: a sentence that begins with "task"
 * is a sentence.
 */
enum command_id {
	COMMAND_NONE,	 /* not a command: words */
	COMMAND_UNKNOWN, /* "/something" that is none of ours */
	COMMAND_HELP,
	COMMAND_WHOAMI,
	COMMAND_TASK,
	COMMAND_TASKS,
	COMMAND_CANCEL,
	COMMAND_DONE,
	COMMAND_SEARCH,
	COMMAND_OPEN,
	COMMAND_STATUS,
	COMMAND_MONITOR,
	COMMAND_PAIR,
	COMMAND_ADMIN_CHANNEL,
	COMMAND_PROMPT,
	COMMAND_FORGET,
	COMMAND_APPROVE,
	COMMAND_DENY,
	COMMAND_PENDING_ACTIONS,
	COMMAND_APPROVE_ACTION,
	COMMAND_DENY_ACTION,
	COMMAND_ROUTE,
	COMMAND_ID_COUNT
};

enum command_menu { MENU_TELEGRAM = 1 << 0, MENU_DISCORD = 1 << 1 };

/* What may be chosen for the first word of an argument. */
enum command_choice_of {
	CHOICE_NONE,
	CHOICE_TASK,   /* that has not ended, and that one may do that to */
	CHOICE_ACTION, /* that waits, and that one may decide */
};

struct command_row {
	enum command_id id;
	bool needs_argument;
	const char *name;
	const char *alias;    /* a second name, or "" */
	const char *argument; /* "<prompt>", "[all|open]", or "" */
	/*
	 * What may follow the name without a slash: a pattern of speech.h, ""
	 * for nothing; NULL: it always needs the slash.
	 */
	const char *bare;
	const char *operation; /* of the policy table */
	const char *help;
	/* For platforms' menus; their name of the argument, "" without one. */
	const char *menu_argument;
	const char *menu_help; /* of it, at most COMMAND_MENU_MAX bytes */
	unsigned menus;	       /* of enum command_menu */
	enum command_choice_of choice_of;
};

enum { COMMAND_MENU_MAX = 100 }; /* Discord's */

extern const struct command_row command_rows[];
extern const size_t n_command_rows;

/* NULL: it is none that can be used. */
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
