#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/shape.h"

/*
 * message.inbound: one platform event, stored before it is acknowledged to the
 * platform. Unique on (instance, chat_id, event_id); connector and instance
 * are the door's, never the body's.
 */
struct message_attachment {
	const char *name;
	const char *media_type;
	int64_t size_bytes;
	const char *problem; /* why it was not put, if it should have been */
};
PROTO_MESSAGE(message_attachment);

struct message_inbound {
	const char *event_id;	    /* "m:<message>", "e:<message>:<time>" */
	const char *chat_id;	    /* the context on the platform */
	const char *parent_chat_id; /* of a thread or topic; "" if none */
	const char *space_id; /* guild or group: the workspace; "" in a DM */
	const char *space_name;
	const char *chat_name;
	const char *message_id;
	const char *reply_to_id;
	const char *user_id;
	const char *user_name;
	const char *text;
	const char *cursor;
	int64_t sent_unix_ms;
	bool is_direct;
	bool is_addressed; /* mention, reply to the agent */
	bool is_edit;
	struct message_attachment *attachments;
	size_t n_attachments;
};
PROTO_MESSAGE(message_inbound);

struct message_accepted {
	const char *outcome;	/* "accepted" | "duplicate" */
	const char *message_id; /* of the row */
};
PROTO_MESSAGE(message_accepted);

#endif
