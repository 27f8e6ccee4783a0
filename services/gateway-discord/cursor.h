#ifndef GATEWAY_DISCORD_CURSOR_H
#define GATEWAY_DISCORD_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

/*
 * Where a session with Discord was left, as the engine keeps it for us: enough
 * to resume it after a kill, and no secret. Pure.
 */
struct cursor {
	char session_id[128]; /* "": there is none to resume */
	char resume_url[256];
	int64_t seq; /* of the last event that is settled */
	int64_t shard, n_shards;
	/* A resumed session does not say who we are. */
	char user_id[32];
	char application_id[32];
	bool has_content; /* the Message Content intent was granted */
};

/* False, and an empty cursor, when text is none of ours. */
bool cursor_read(struct cursor *out, const char *text);
void cursor_write(const struct cursor *cursor, struct buf *out);

#endif
