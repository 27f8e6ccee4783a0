#ifndef PROTO_MEMBERSHIP_H
#define PROTO_MEMBERSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/shape.h"

/*
 * membership.changed: this bot was added to a guild or group or removed from
 * it, a person blocked or unblocked it, or the platform has given a chat
 * another id. Unique on (instance, event_id). That it is in a place which we
 * know already is no news, so a platform that lists its places at each start
 * may be passed on as it is.
 */
struct membership_changed {
	const char *event_id; /* "s:<membership update>" */
	const char *change;   /* added removed moved */
	const char *space_id; /* guild or group; in private the account */
	const char *space_name;
	const char *chat_id; /* added: where hello is said, "": nowhere.
				moved: the new id of chat and space */
	const char *chat_name;
	const char *user_id; /* who did it; "": not known */
	const char *user_name;
	const char *reason; /* for people: "kicked"; "": by the change */
	const char *cursor;
	int64_t changed_unix_ms;
	bool is_direct;
};
PROTO_MESSAGE(membership_changed);

struct membership_noted {
	const char *outcome; /* changed known */
};
PROTO_MESSAGE(membership_noted);

/*
 * membership.list: where the engine takes this bot to be. A platform that lists
 * its places at each start leaves out those that were left meanwhile.
 */
struct membership_query {
	const char *after; /* the last that is known already; "": none */
};
PROTO_MESSAGE(membership_query);

struct membership_list {
	const char **space_ids; /* in their order as texts */
	size_t n_space_ids;
	bool has_more;
};
PROTO_MESSAGE(membership_list);

#endif
