#ifndef PROTO_CHAT_H
#define PROTO_CHAT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/*
 * chat.turn: a message of a tool or of the person at the machine. Takes the
 * same path as message.inbound; answered when the reply row exists (deferred).
 * The same key with the same text gives the stored result, with another text
 * conflict.
 */
struct chat_turn {
	struct credential credential;
	const char *key; /* 1 to 128 visible ASCII characters */
	const char *connector;
	const char *external_id;
	const char *from_user_id;
	const char *display_name;
	const char *text;
};
PROTO_MESSAGE(chat_turn);

/*
 * What is not done is answered as "working" so long before the deadline, so
 * that this arrives in time. Who wants to wait for a reply adds it.
 */
enum { CHAT_EARLY_MS = 1000 };

/* chat.result: the reply to that key, when there is one. */
struct chat_result_get {
	struct credential credential;
	const char *key;
};
PROTO_MESSAGE(chat_result_get);

struct chat_reply {
	const char *key;
	const char *state; /* "done" "working" */
	bool handled;
	const char *reply;
	const char *delivery_id; /* "" when nothing is to be delivered */
};
PROTO_MESSAGE(chat_reply);

/* chat.delivered: these replies were handed to their clients. */
struct chat_delivered {
	const char **delivery_ids;
	size_t n_delivery_ids;
};
PROTO_MESSAGE(chat_delivered);

#endif
