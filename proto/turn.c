/* Turns on their way. */

#include "proto/turn.h"

#include "proto/bounds.h"

static const char *const states[] = { "working", "done", NULL };

static const struct field turn_progress_fields[] = {
	F_STR(struct turn_progress, chat_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_CHOICE(struct turn_progress, state, FIELD_REQUIRED, states),
	F_STR(struct turn_progress, text, 0, 0, BOUND_TEXT),
	F_STR(struct turn_progress, edit_id, FIELD_TOKEN, 0, BOUND_ID),
};
SHAPE(turn, turn_progress, turn_progress_fields);
