/* People, their accounts and their roles. */

#include "proto/identity.h"

#include "proto/bounds.h"

static const char *const roles[] = {
	"overlord",
	"admin",
	"operator",
	"member",
	"viewer",
	NULL,
};

static const char *const changes[] = {
	"overlord",
	"admin",
	"operator",
	"member",
	"viewer",
	"none",
	NULL,
};

static const struct field identity_query_fields[] = {
	F_OBJECT(struct identity_query, credential, FIELD_REQUIRED, credential),
	F_STR(struct identity_query, user_id, FIELD_TOKEN, 0, BOUND_ID),
	F_INT(struct identity_query, limit, 0, 0, BOUND_PEOPLE),
};
SHAPE(identity, identity_query, identity_query_fields);

static const struct field identity_fields[] = {
	F_STR(struct identity, id, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct identity, connector, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct identity, connector_user_id, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_ID),
	F_INT(struct identity, created_at_unix, 0, 0, BOUND_INT),
};
SHAPE(identity, identity, identity_fields);

static const struct field role_held_fields[] = {
	F_CHOICE(struct role_held, role, FIELD_REQUIRED, roles),
	F_STR(struct role_held, workspace_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
};
SHAPE(identity, role_held, role_held_fields);

static const struct field person_fields[] = {
	F_STR(
	    struct person, user_id, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct person, display_name, FIELD_REQUIRED, 1, BOUND_NAME),
	F_LIST(struct person, identities, FIELD_REQUIRED, identity,
	    BOUND_IDENTITIES),
	F_LIST(
	    struct person, roles, FIELD_REQUIRED, role_held, BOUND_IDENTITIES),
};
SHAPE(identity, person, person_fields);

static const struct field person_list_fields[] = {
	F_LIST(struct person_list, items, FIELD_REQUIRED, person, BOUND_PEOPLE),
};
SHAPE(identity, person_list, person_list_fields);

static const struct field role_change_fields[] = {
	F_OBJECT(struct role_change, credential, FIELD_REQUIRED, credential),
	F_STR(struct role_change, user_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_CHOICE(struct role_change, role, FIELD_REQUIRED, changes),
	F_STR(struct role_change, workspace_id, FIELD_TOKEN, 0, BOUND_ID),
};
SHAPE(identity, role_change, role_change_fields);

static const struct field identity_unlink_fields[] = {
	F_OBJECT(
	    struct identity_unlink, credential, FIELD_REQUIRED, credential),
	F_STR(struct identity_unlink, identity_id, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_ID),
};
SHAPE(identity, identity_unlink, identity_unlink_fields);

static const struct field person_changed_fields[] = {
	F_OBJECT(struct person_changed, person, FIELD_REQUIRED, person),
	F_INT(struct person_changed, n_turns_stopped, 0, 0, BOUND_INT),
	F_INT(struct person_changed, n_actions_cancelled, 0, 0, BOUND_INT),
};
SHAPE(identity, person_changed, person_changed_fields);
