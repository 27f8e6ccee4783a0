#ifndef TASK_ENGINE_STORE_MESSAGES_H
#define TASK_ENGINE_STORE_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/*
 * Everything that was said, in the order in which it was stored: seq only
 * grows. Chat logs are written from these rows.
 */
struct message_row {
	int64_t seq;
	const char *instance;  /* "telegram.main" */
	const char *chat_id;   /* of the unique key */
	const char *event_id;  /* of the unique key; "o:<outbox id>" outbound */
	const char *direction; /* inbound outbound tool */
	const char *workspace_id;
	const char *context_id;
	const char *actor;	 /* platform user id, or "agent-runtime" */
	const char *actor_name;	 /* "" if not known */
	const char *said_by;	 /* actor by whose authority; "" for our own */
	const char *said_as;	 /* the role it had here then */
	const char *platform_id; /* the platform's id of the message */
	const char *reply_to_id;
	const char *text;
	const char *body_sha256; /* of a request with a key; else "" */
	const char *cause;	 /* id of the envelope that brought it */
	int64_t at_ms;
	int64_t heard_ms; /* when a gateway was answered; else 0 */
	bool is_addressed;
	bool is_edit;
};

/*
 * Inserts the row (its seq is ignored). Returns 1, changing nothing, when
 * (instance, chat_id, event_id) is there already; *seq_out is its seq then.
 */
int store_message_add(struct store *store, const struct message_row *row,
    int64_t *seq_out, struct err *err) MUST_CHECK;

/* Return 1 when there is none. */
int store_message_get(struct store *store, int64_t seq, struct arena *arena,
    struct message_row *out, struct err *err) MUST_CHECK;
int store_message_find(struct store *store, const char *instance,
    const char *chat_id, const char *event_id, struct arena *arena,
    struct message_row *out, struct err *err) MUST_CHECK;

/*
 * What was said in the context before that message, oldest of them first: the
 * last `limit` rows.
 */
int store_messages_before(struct store *store, const char *context_id,
    int64_t before_seq, int64_t limit, struct arena *arena,
    struct message_row **rows_out, size_t *n_out, struct err *err) MUST_CHECK;

struct message_count {
	int64_t n;	  /* of all messages */
	int64_t n_people; /* what people said: neither empty nor a command */
};
/* Of the context's messages behind after_seq; where there are more than
 * `limit`, at least so many of the last are counted. */
int store_messages_since(struct store *store, const char *context_id,
    int64_t after_seq, int64_t limit, struct message_count *out,
    struct err *err) MUST_CHECK;

#endif
