/* What the Discord gateway reads from the environment. */

#include "services/gateway-discord/config.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/err.h"
#include "services/gateway-discord/address.h"

const struct cfg_item discord_items[] = {
	CFG_SECRET("AGENT_RUNTIME_DISCORD_TOKEN", struct discord_cfg, token,
	    "bot token from Discord's developer portal; empty: the gateway is "
	    "disabled"),
	CFG_STR("AGENT_RUNTIME_DISCORD_API_BASE", struct discord_cfg, api_base,
	    "https://discord.com/api/v10", "where Discord's REST interface is"),
	CFG_STR("AGENT_RUNTIME_DISCORD_GATEWAY_URL", struct discord_cfg,
	    gateway_url, "",
	    "where Discord's gateway is; empty: where Discord says"),
	CFG_PATH("AGENT_RUNTIME_DISCORD_CA_FILE", struct discord_cfg, ca_file,
	    "",
	    "certificates by which Discord is known, PEM; empty: the system's"),
	CFG_STR("AGENT_RUNTIME_DISCORD_SHARD", struct discord_cfg, shard, "0/1",
	    "which shard this instance is, of how many: 0/2 and 1/2 for two "
	    "instances"),
	CFG_STR("AGENT_RUNTIME_DISCORD_APPLICATION_ID", struct discord_cfg,
	    application_id, "",
	    "application whose slash commands are kept; empty: the one that "
	    "Discord names"),
	CFG_CSV("AGENT_RUNTIME_DISCORD_COMMAND_GUILD_IDS", struct discord_cfg,
	    command_guild_ids, "",
	    "servers in which slash commands stand; empty: everywhere"),
	CFG_BOOL("AGENT_RUNTIME_COMMAND_SYNC_ENABLED", struct discord_cfg,
	    syncs_commands, "true",
	    "keep the platform's menu of commands as the engine has it"),
};

_Static_assert(
    N_OF(discord_items) == N_DISCORD_ITEMS, "config.h counts the rows");

enum { SHARDS_MAX = 10000 };

int
discord_cfg_shard(const char *text, int64_t *shard_out, int64_t *n_shards_out)
{
	char *end;
	unsigned long shard = strtoul(text, &end, 10), n;

	if (strspn(text, "0123456789/") != strlen(text) || end == text ||
	    *end != '/')
		return -1;
	text = end + 1;
	n = strtoul(text, &end, 10);
	if (end == text || *end || n < 1 || n > SHARDS_MAX || shard >= n)
		return -1;
	*shard_out = (int64_t)shard;
	*n_shards_out = (int64_t)n;
	return 0;
}

static bool
begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Discord's ids have 17 to 20 digits. */
static bool
is_id(const char *text)
{
	size_t size = strlen(text);

	return size <= 20 && strspn(text, "0123456789") == size;
}

int
discord_cfg_check(
    const void *arg, const struct service_cfg *common, struct err *err)
{
	const struct discord_cfg *cfg = arg;
	int64_t shard, n_shards;
	struct address address;

	(void)common;
	if (strpbrk(cfg->token, " \t"))
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_DISCORD_TOKEN: a token has no spaces");
	if (!begins_with(cfg->api_base, "https://") &&
	    !begins_with(cfg->api_base, "http://"))
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_DISCORD_API_BASE: must begin with https:// "
		    "or http://");
	if (*cfg->gateway_url &&
	    address_parse(&address, cfg->gateway_url, err) < 0)
		return err_prefix(err, "AGENT_RUNTIME_DISCORD_GATEWAY_URL");
	if (*cfg->application_id && !is_id(cfg->application_id))
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_DISCORD_APPLICATION_ID: must be a number");
	if (strspn(cfg->command_guild_ids, "0123456789,") !=
	    strlen(cfg->command_guild_ids))
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_DISCORD_COMMAND_GUILD_IDS: must be numbers, "
		    "separated by commas");
	if (discord_cfg_shard(cfg->shard, &shard, &n_shards) < 0)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_DISCORD_SHARD: must be like 0/1, the first "
		    "number below the second");
	return 0;
}
