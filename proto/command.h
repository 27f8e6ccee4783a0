#ifndef PROTO_COMMAND_H
#define PROTO_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/shape.h"

/*
 * command.catalogue: the commands that a platform's menu shall show, in the
 * order of the menu. The reply depends on who asks: platforms differ in what
 * they have room for.
 */
struct command_item {
	const char *name; /* "admin-channel": lower-case, digits, '-' */
	const char *help;
	const char *argument; /* its name; "" when the command takes none */
	const char *argument_help;
	bool is_argument_required;
	/* The least role that may use it: "guest" "viewer" "member" "operator"
	 * "admin" "overlord". */
	const char *least_role;
	bool has_choices; /* command.complete knows what may be meant */
};
PROTO_MESSAGE(command_item);

struct command_catalogue {
	struct command_item *items;
	size_t n_items;
};
PROTO_MESSAGE(command_catalogue);

/* command.complete: what somebody may mean whose argument begins so. */
struct command_complete {
	const char *command;
	const char *typed; /* "": anything */
	const char *user_id;
	const char *chat_id;
};
PROTO_MESSAGE(command_complete);

struct command_choice {
	const char *value; /* the argument as it would be typed */
	const char *label; /* for people */
};
PROTO_MESSAGE(command_choice);

struct command_choices {
	struct command_choice *items;
	size_t n_items;
};
PROTO_MESSAGE(command_choices);

#endif
