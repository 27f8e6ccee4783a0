#ifndef GATEWAY_DISCORD_CONFIG_H
#define GATEWAY_DISCORD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/cfg.h"
#include "libcommon/defs.h"

struct err;
struct service_cfg;

struct discord_cfg {
	const char *token;
	const char *api_base;
	const char *gateway_url;
	const char *ca_file;
	const char *shard;
	const char *application_id;
	const char *command_guild_ids;
	bool syncs_commands;
};

enum { N_DISCORD_ITEMS = 8 };
extern const struct cfg_item discord_items[];

/* Whether the values make sense together. */
int discord_cfg_check(const void *cfg, const struct service_cfg *common,
    struct err *err) MUST_CHECK;

/* "1/4": the second of four; -1: it is none. */
int
discord_cfg_shard(const char *text, int64_t *shard_out, int64_t *n_shards_out);

#endif
