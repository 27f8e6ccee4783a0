#ifndef GATEWAY_DISCORD_FRAME_H
#define GATEWAY_DISCORD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct buf;
struct err;
struct json;

/* What goes over the gateway: opcode, data, sequence, type. Pure. */
enum frame_op {
	OP_DISPATCH = 0,
	OP_BEAT = 1,
	OP_IDENTIFY = 2,
	OP_RESUME = 6,
	OP_RECONNECT = 7,
	OP_INVALID_SESSION = 9,
	OP_HELLO = 10,
	OP_BEAT_ACK = 11,
};

/* Which events Discord sends us. */
enum frame_intent {
	INTENT_GUILDS = 1 << 0,
	INTENT_GUILD_MESSAGES = 1 << 9,
	INTENT_DIRECT_MESSAGES = 1 << 12,
	INTENT_MESSAGE_CONTENT = 1 << 15, /* privileged */
};

struct frame {
	struct json *json; /* what data points into */
	const struct json *data;
	const char *type; /* "" unless op is OP_DISPATCH */
	int64_t op;
	int64_t seq; /* -1: none */
};

int frame_parse(struct frame *out, const char *text, size_t size,
    struct err *err) MUST_CHECK;
void frame_release(struct frame *frame);

/*
 * Of what frame_parse refuses: whether it is an event that the session can do
 * without. A member can make one, by a number that is too large; and after
 * each resuming Discord would send it again.
 */
bool frame_can_be_left_out(const char *text, size_t size);

struct frame_identity {
	const char *token;
	int64_t shard, n_shards;
	int64_t intents;
};
void frame_identify(struct buf *out, const struct frame_identity *identity);
void frame_resume(
    struct buf *out, const char *token, const char *session_id, int64_t seq);
/* seq -1: none was received. */
void frame_beat(struct buf *out, int64_t seq);

#endif
