#ifndef PROTO_ATTACHMENT_H
#define PROTO_ATTACHMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/shape.h"

struct arena;

/*
 * attachment.put: a Markdown file that a message brings, handed over before
 * the message.inbound that names it, under the same event and its place in
 * that message's list. The engine holds it for an hour; the message makes a
 * file of the workspace of it. Unique on (instance, chat_id, event_id, index):
 * the same bytes again are `known`, others are a conflict.
 */
enum {
	ATTACHMENT_MAX_BYTES = 2 * 1024 * 1024,
	ATTACHMENT_BASE64_MAX = (ATTACHMENT_MAX_BYTES + 2) / 3 * 4,
};

struct attachment_put {
	const char *event_id; /* of the message.inbound to come */
	const char *chat_id;
	int64_t index; /* in its attachments, from 0 */
	const char *name;
	const char *media_type;
	int64_t size_bytes;
	const char *sha256; /* of the file, in hex */
	const char *data;   /* base64 with padding; of a text in UTF-8 */
};
PROTO_MESSAGE(attachment_put);

struct attachment_held {
	const char *outcome; /* held known */
};
PROTO_MESSAGE(attachment_held);

/* By its type or the end of its name: the only files that are taken. */
bool attachment_is_markdown(const char *name, const char *media_type);

/* The size that a platform says, within the bounds of a message; 0: none. */
int64_t attachment_said_size(int64_t size_bytes);

/* Sets size_bytes, sha256 and data, which live in the arena. */
void attachment_put_bytes(struct attachment_put *put, const void *bytes,
    size_t size, struct arena *arena);

#endif
