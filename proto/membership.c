/* Where a bot is, and where it is no longer. */

#include "proto/membership.h"

#include "proto/bounds.h"

static const char *const changes[] = {
	"added",
	"removed",
	"moved",
	NULL,
};

static const char *const outcomes[] = {
	"changed",
	"known",
	NULL,
};

static const struct field membership_changed_fields[] = {
	F_STR(struct membership_changed, event_id, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_ID),
	F_CHOICE(struct membership_changed, change, FIELD_REQUIRED, changes),
	F_STR(struct membership_changed, space_id, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_CHAT_ID),
	F_STR(struct membership_changed, space_name, 0, 0, BOUND_NAME),
	F_STR(
	    struct membership_changed, chat_id, FIELD_TOKEN, 0, BOUND_CHAT_ID),
	F_STR(struct membership_changed, chat_name, 0, 0, BOUND_NAME),
	F_STR(struct membership_changed, user_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct membership_changed, user_name, 0, 0, BOUND_NAME),
	F_STR(struct membership_changed, reason, 0, 0, BOUND_NAME),
	F_STR(struct membership_changed, cursor, 0, 0, BOUND_CURSOR),
	F_INT(struct membership_changed, changed_unix_ms, FIELD_REQUIRED, 0,
	    BOUND_INT),
	F_BOOL(struct membership_changed, is_direct, 0),
};
SHAPE(membership, membership_changed, membership_changed_fields);

static const struct field membership_noted_fields[] = {
	F_CHOICE(struct membership_noted, outcome, FIELD_REQUIRED, outcomes),
};
SHAPE(membership, membership_noted, membership_noted_fields);

static const struct field membership_query_fields[] = {
	F_STR(struct membership_query, after, FIELD_TOKEN, 0, BOUND_CHAT_ID),
};
SHAPE(membership, membership_query, membership_query_fields);

static const struct field membership_list_fields[] = {
	F_STRS(struct membership_list, space_ids, FIELD_REQUIRED | FIELD_TOKEN,
	    BOUND_SPACES, BOUND_CHAT_ID),
	F_BOOL(struct membership_list, has_more, 0),
};
SHAPE(membership, membership_list, membership_list_fields);
