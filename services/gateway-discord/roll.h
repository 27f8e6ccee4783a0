#ifndef GATEWAY_DISCORD_ROLL_H
#define GATEWAY_DISCORD_ROLL_H

#include <stdint.h>

struct connector;
struct json;
struct loop;

/*
 * Which servers the bot was taken out of while no session heard it: at each new
 * session those where the engine takes it to be are called, and the engine is
 * told of whoever is not in Discord's own list.
 */
struct roll;

struct roll *roll_new(struct loop *loop, struct connector *connector);
void roll_free(struct roll **roll);

struct roll_of {
	const char *session_id;
	int64_t seq; /* of READY */
	int64_t shard, n_shards;
};
/* guilds: READY's; NULL is none of it. What was being called is dropped. */
void roll_call(
    struct roll *roll, const struct json *guilds, const struct roll_of *of);
/* The bot has come there meanwhile. */
void roll_arrived(struct roll *roll, const char *guild_id);

#endif
