#ifndef PROTO_MEMBERSHIP_H
#define PROTO_MEMBERSHIP_H

#include <stdbool.h>
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

#endif
