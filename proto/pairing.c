/* Linking accounts to people. */

#include "proto/pairing.h"

#include "proto/bounds.h"

enum { TTL_MAX_S = 24 * 60 * 60 };

static const char *const statuses[] = {
	"pending",
	"approved",
	"denied",
	"expired",
	NULL,
};

static const char *const roles[] = {
	"overlord",
	"admin",
	"operator",
	"member",
	"viewer",
	NULL,
};

static const struct field pairing_start_fields[] = {
	F_OBJECT(struct pairing_start, credential, FIELD_REQUIRED, credential),
	F_STR(struct pairing_start, connector, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct pairing_start, connector_user_id,
	    FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct pairing_start, display_name, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_NAME),
	F_INT(struct pairing_start, expires_in_sec, 0, 0, TTL_MAX_S),
};
SHAPE(pairing, pairing_start, pairing_start_fields);

static const struct field pairing_started_fields[] = {
	F_STR(struct pairing_started, id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct pairing_started, token, FIELD_REQUIRED | FIELD_ASCII, 1,
	    BOUND_WORD),
	F_STR(struct pairing_started, token_hint, FIELD_REQUIRED | FIELD_ASCII,
	    1, BOUND_WORD),
	F_STR(struct pairing_started, connector, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_WORD),
	F_STR(struct pairing_started, connector_user_id,
	    FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct pairing_started, display_name, FIELD_REQUIRED, 1,
	    BOUND_NAME),
	F_CHOICE(struct pairing_started, status, FIELD_REQUIRED, statuses),
	F_INT(struct pairing_started, expires_at_unix, FIELD_REQUIRED, 0,
	    BOUND_INT),
};
SHAPE(pairing, pairing_started, pairing_started_fields);

static const struct field pairing_ref_fields[] = {
	F_OBJECT(struct pairing_ref, credential, FIELD_REQUIRED, credential),
	F_STR(struct pairing_ref, token, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
};
SHAPE(pairing, pairing_ref, pairing_ref_fields);

static const struct field pairing_fields[] = {
	F_STR(struct pairing, id, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct pairing, token_hint, FIELD_REQUIRED | FIELD_ASCII, 1,
	    BOUND_WORD),
	F_STR(struct pairing, connector, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct pairing, connector_user_id, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_ID),
	F_STR(struct pairing, display_name, FIELD_REQUIRED, 1, BOUND_NAME),
	F_CHOICE(struct pairing, status, FIELD_REQUIRED, statuses),
	F_INT(struct pairing, expires_at_unix, FIELD_REQUIRED, 0, BOUND_INT),
	F_STR(struct pairing, approved_user_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct pairing, approver_user_id, FIELD_TOKEN, 0, BOUND_NAME),
	F_STR(struct pairing, denied_reason, 0, 0, BOUND_NOTE),
};
SHAPE(pairing, pairing, pairing_fields);

static const struct field pairing_approve_fields[] = {
	F_OBJECT(
	    struct pairing_approve, credential, FIELD_REQUIRED, credential),
	F_STR(struct pairing_approve, token, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct pairing_approve, approver_user_id, FIELD_TOKEN, 0,
	    BOUND_NAME),
	F_CHOICE(struct pairing_approve, role, 0, roles),
	F_STR(struct pairing_approve, target_user_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct pairing_approve, workspace_id, FIELD_TOKEN, 0, BOUND_ID),
};
SHAPE(pairing, pairing_approve, pairing_approve_fields);

static const struct field pairing_approved_fields[] = {
	F_STR(struct pairing_approved, id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_CHOICE(struct pairing_approved, status, FIELD_REQUIRED, statuses),
	F_STR(struct pairing_approved, approved_user_id,
	    FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct pairing_approved, approver_user_id,
	    FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_NAME),
	F_STR(struct pairing_approved, identity_id,
	    FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct pairing_approved, connector, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_WORD),
	F_STR(struct pairing_approved, connector_user_id,
	    FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_CHOICE(struct pairing_approved, role, 0, roles),
	F_STR(struct pairing_approved, workspace_id, FIELD_TOKEN, 0, BOUND_ID),
};
SHAPE(pairing, pairing_approved, pairing_approved_fields);

static const struct field pairing_deny_fields[] = {
	F_OBJECT(struct pairing_deny, credential, FIELD_REQUIRED, credential),
	F_STR(struct pairing_deny, token, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(
	    struct pairing_deny, approver_user_id, FIELD_TOKEN, 0, BOUND_NAME),
	F_STR(struct pairing_deny, reason, FIELD_REQUIRED, 1, BOUND_NOTE),
};
SHAPE(pairing, pairing_deny, pairing_deny_fields);

static const struct field pairing_denied_fields[] = {
	F_STR(struct pairing_denied, id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_CHOICE(struct pairing_denied, status, FIELD_REQUIRED, statuses),
	F_STR(struct pairing_denied, approver_user_id,
	    FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_NAME),
	F_STR(struct pairing_denied, denied_reason, FIELD_REQUIRED, 1,
	    BOUND_NOTE),
};
SHAPE(pairing, pairing_denied, pairing_denied_fields);
