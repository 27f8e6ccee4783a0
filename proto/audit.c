/* The audit log: rows and whether they are as they were written. */

#include "proto/audit.h"

#include "proto/bounds.h"

static const char *const orders[] = { "oldest", "newest", NULL };
static const char *const outcomes[] = { "done", "refused", NULL };
static const char *const states[] = {
	"intact",
	"edited",
	"missing",
	"cut",
	"restored",
	"other-key",
	NULL,
};

static const struct field audit_query_fields[] = {
	F_OBJECT(struct audit_query, credential, FIELD_REQUIRED, credential),
	F_CHOICE(struct audit_query, order, 0, orders),
	F_INT(struct audit_query, after, 0, 0, BOUND_INT),
	F_INT(struct audit_query, limit, 0, 0, BOUND_AUDIT),
	F_INT(struct audit_query, since_unix, 0, 0, BOUND_UNIX),
	F_INT(struct audit_query, until_unix, 0, 0, BOUND_UNIX),
	F_STR(struct audit_query, operation, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct audit_query, actor, FIELD_TOKEN, 0, BOUND_CHAT_ID),
	F_STR(struct audit_query, workspace_id, FIELD_TOKEN, 0, BOUND_ID),
	F_CHOICE(struct audit_query, outcome, 0, outcomes),
};
SHAPE(audit, audit_query, audit_query_fields);

/* Strings are bounded where they are written; what is in them is shown as it
 * is, whoever may have changed it since. */
static const struct field audit_item_fields[] = {
	F_INT(struct audit_item, seq, FIELD_REQUIRED, 0, BOUND_INT),
	F_STR(struct audit_item, id, FIELD_REQUIRED, 0, BOUND_ID),
	F_INT(struct audit_item, at_unix_ms, FIELD_REQUIRED, 0, BOUND_INT),
	F_STR(struct audit_item, actor, FIELD_REQUIRED, 0, BOUND_NAME),
	F_STR(struct audit_item, speaks_as, 0, 0, BOUND_CHAT_ID),
	F_STR(struct audit_item, operation, FIELD_REQUIRED, 0, BOUND_WORD),
	F_CHOICE(struct audit_item, outcome, FIELD_REQUIRED, outcomes),
	F_STR(struct audit_item, door, 0, 0, BOUND_ID),
	F_STR(struct audit_item, workspace_id, 0, 0, BOUND_ID),
	F_STR(struct audit_item, context_id, 0, 0, BOUND_ID),
	F_STR(struct audit_item, subject, 0, 0, BOUND_NAME),
	F_STR(struct audit_item, detail, 0, 0, BOUND_NOTE),
	F_STR(struct audit_item, reason, 0, 0, BOUND_NOTE),
	F_STR(struct audit_item, cause, 0, 0, BOUND_ID),
	F_BOOL(struct audit_item, is_keyed, 0),
	F_STR(struct audit_item, hash, FIELD_REQUIRED, 0, BOUND_WORD),
};
SHAPE(audit, audit_item, audit_item_fields);

static const struct field audit_list_fields[] = {
	F_LIST(
	    struct audit_list, items, FIELD_REQUIRED, audit_item, BOUND_AUDIT),
	F_INT(struct audit_list, next, 0, 0, BOUND_INT),
};
SHAPE(audit, audit_list, audit_list_fields);

static const struct field audit_verify_fields[] = {
	F_OBJECT(struct audit_verify, credential, FIELD_REQUIRED, credential),
	F_STR(struct audit_verify, head, FIELD_ASCII, 0, BOUND_ID),
};
SHAPE(audit, audit_verify, audit_verify_fields);

static const struct field audit_verdict_fields[] = {
	F_CHOICE(struct audit_verdict, state, FIELD_REQUIRED, states),
	F_STR(struct audit_verdict, text, 0, 0, BOUND_NOTE),
	F_INT(struct audit_verdict, bad_seq, 0, 0, BOUND_INT),
	F_INT(struct audit_verdict, seq, FIELD_REQUIRED, 0, BOUND_INT),
	F_STR(struct audit_verdict, hash, 0, 0, BOUND_WORD),
	F_INT(struct audit_verdict, begun_seq, 0, 0, BOUND_INT),
};
SHAPE(audit, audit_verdict, audit_verdict_fields);
