/* Actions that wait for a person, and how they are decided. */

#include "proto/action.h"

#include "proto/bounds.h"

static const char *const states[] = {
	"pending",
	"approved",
	"denied",
	"expired",
	NULL,
};

static const char *const executions[] = {
	"not_executed",
	"executing",
	"succeeded",
	"failed",
	"skipped",
	"unknown",
	NULL,
};

static const char *const verbs[] = {
	"approve",
	"deny",
	NULL,
};

static const char *const outcomes[] = {
	"decided",
	"settled",
	"refused",
	NULL,
};

static const struct field action_fields[] = {
	F_STR(struct action, id, FIELD_REQUIRED | FIELD_ASCII, 1, BOUND_ID),
	F_STR(struct action, workspace_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct action, context_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct action, connector, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct action, external_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_STR(struct action, requester_user_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct action, action_type, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct action, action_target, 0, 0, BOUND_QUERY),
	F_STR(struct action, action_summary, 0, 0, BOUND_NOTE),
	F_STR(struct action, payload_json, FIELD_REQUIRED, 1, BOUND_TEXT),
	F_CHOICE(struct action, status, FIELD_REQUIRED, states),
	F_STR(struct action, approver_user_id, FIELD_TOKEN, 0, BOUND_NAME),
	F_STR(struct action, denied_reason, 0, 0, BOUND_NOTE),
	F_CHOICE(struct action, execution_status, FIELD_REQUIRED, executions),
	F_STR(struct action, execution_message, 0, 0, BOUND_TEXT),
	F_STR(struct action, executor_plugin, FIELD_TOKEN, 0, BOUND_WORD),
	F_INT(struct action, executed_at_unix, 0, 0, BOUND_INT),
	F_INT(struct action, created_at_unix, FIELD_REQUIRED, 0, BOUND_INT),
	F_INT(struct action, updated_at_unix, 0, 0, BOUND_INT),
	F_STR(struct action, payload_sha256, FIELD_REQUIRED | FIELD_ASCII, 64,
	    64),
	F_INT(struct action, expires_at_unix, FIELD_REQUIRED, 0, BOUND_INT),
	F_STR(struct action, asked_by, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_NAME),
	F_STR(struct action, asked_as, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct action, provenance, 0, 0, BOUND_QUERY),
};
SHAPE(action, action, action_fields);

static const struct field action_query_fields[] = {
	F_OBJECT(struct action_query, credential, FIELD_REQUIRED, credential),
	F_STR(struct action_query, id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct action_query, workspace_id, FIELD_TOKEN, 0, BOUND_ID),
	F_CHOICE(struct action_query, status, 0, states),
	F_INT(struct action_query, limit, 0, 0, BOUND_ACTIONS),
};
SHAPE(action, action_query, action_query_fields);

static const struct field action_list_fields[] = {
	F_LIST(
	    struct action_list, items, FIELD_REQUIRED, action, BOUND_ACTIONS),
	F_BOOL(struct action_list, has_more, 0),
};
SHAPE(action, action_list, action_list_fields);

static const struct field action_decide_fields[] = {
	F_OBJECT(struct action_decide, credential, FIELD_REQUIRED, credential),
	F_STR(struct action_decide, id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct action_decide, reason, 0, 0, BOUND_NOTE),
	F_STR(
	    struct action_decide, approver_user_id, FIELD_TOKEN, 0, BOUND_NAME),
};
SHAPE(action, action_decide, action_decide_fields);

static const struct field action_decided_fields[] = {
	F_STR(struct action_decided, id, FIELD_REQUIRED | FIELD_ASCII, 1,
	    BOUND_ID),
	F_CHOICE(struct action_decided, status, FIELD_REQUIRED, states),
	F_CHOICE(struct action_decided, execution_status, FIELD_REQUIRED,
	    executions),
	F_STR(struct action_decided, approver_user_id, FIELD_TOKEN, 0,
	    BOUND_NAME),
	F_STR(struct action_decided, outcome, FIELD_REQUIRED, 1, BOUND_TEXT),
};
SHAPE(action, action_decided, action_decided_fields);

static const struct field button_pressed_fields[] = {
	F_STR(struct button_pressed, event_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct button_pressed, chat_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_STR(struct button_pressed, message_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct button_pressed, user_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct button_pressed, user_name, 0, 0, BOUND_NAME),
	F_STR(struct button_pressed, action_id, FIELD_REQUIRED | FIELD_ASCII, 1,
	    BOUND_ID),
	F_CHOICE(struct button_pressed, verb, FIELD_REQUIRED, verbs),
	F_STR(struct button_pressed, cursor, 0, 0, BOUND_CURSOR),
	F_INT(struct button_pressed, pressed_unix_ms, FIELD_REQUIRED, 0,
	    BOUND_INT),
};
SHAPE(action, button_pressed, button_pressed_fields);

static const struct field button_outcome_fields[] = {
	F_CHOICE(struct button_outcome, outcome, FIELD_REQUIRED, outcomes),
	F_CHOICE(struct button_outcome, status, 0, states),
	F_STR(struct button_outcome, text, FIELD_REQUIRED, 1, BOUND_TEXT),
};
SHAPE(action, button_outcome, button_outcome_fields);
