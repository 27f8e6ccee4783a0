/* Commands, for menus. */

#include "proto/command.h"

#include "proto/bounds.h"

static const char *const roles[] = {
	"guest",
	"viewer",
	"member",
	"operator",
	"admin",
	"overlord",
	NULL,
};

static const struct field command_item_fields[] = {
	F_STR(struct command_item, name, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct command_item, help, FIELD_REQUIRED, 1, BOUND_NAME),
	F_STR(struct command_item, argument, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct command_item, argument_help, 0, 0, BOUND_NAME),
	F_BOOL(struct command_item, is_argument_required, 0),
	F_CHOICE(struct command_item, least_role, FIELD_REQUIRED, roles),
	F_BOOL(struct command_item, has_choices, 0),
};
SHAPE(command, command_item, command_item_fields);

static const struct field command_catalogue_fields[] = {
	F_LIST(struct command_catalogue, items, FIELD_REQUIRED, command_item,
	    BOUND_COMMANDS),
};
SHAPE(command, command_catalogue, command_catalogue_fields);

static const struct field command_complete_fields[] = {
	F_STR(struct command_complete, command, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct command_complete, typed, 0, 0, BOUND_NAME),
	F_STR(struct command_complete, user_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct command_complete, chat_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
};
SHAPE(command, command_complete, command_complete_fields);

static const struct field command_choice_fields[] = {
	F_STR(struct command_choice, value, FIELD_REQUIRED, 1, BOUND_NAME),
	F_STR(struct command_choice, label, FIELD_REQUIRED, 1, BOUND_NAME),
};
SHAPE(command, command_choice, command_choice_fields);

static const struct field command_choices_fields[] = {
	F_LIST(struct command_choices, items, FIELD_REQUIRED, command_choice,
	    BOUND_CHOICES),
};
SHAPE(command, command_choices, command_choices_fields);
