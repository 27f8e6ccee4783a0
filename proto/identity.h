#ifndef PROTO_IDENTITY_H
#define PROTO_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/* People, their linked accounts and their roles. */

/* identity.list: everybody, or one person. */
struct identity_query {
	struct credential credential;
	const char *user_id;
	int64_t limit; /* people; 0: 100 */
};
PROTO_MESSAGE(identity_query);

struct identity {
	const char *id;
	const char *connector;
	const char *connector_user_id;
	int64_t created_at_unix;
};
PROTO_MESSAGE(identity);

struct role_held {
	const char *role;
	const char *workspace_id; /* "*": in all */
};
PROTO_MESSAGE(role_held);

struct person {
	const char *user_id;
	const char *display_name;
	struct identity *identities;
	size_t n_identities;
	struct role_held *roles;
	size_t n_roles;
};
PROTO_MESSAGE(person);

struct person_list {
	struct person *items;
	size_t n_items;
};
PROTO_MESSAGE(person_list);

/* identity.role: gives a role for a workspace ("" or "*": for all), or takes
 * it away ("none"). */
struct role_change {
	struct credential credential;
	const char *user_id;
	const char *role;
	const char *workspace_id;
};
PROTO_MESSAGE(role_change);

/* identity.unlink: the account is a guest's again. */
struct identity_unlink {
	struct credential credential;
	const char *identity_id;
};
PROTO_MESSAGE(identity_unlink);

/* What the change stopped. */
struct person_changed {
	struct person person;
	int64_t n_turns_stopped;
	int64_t n_actions_cancelled;
};
PROTO_MESSAGE(person_changed);

#endif
