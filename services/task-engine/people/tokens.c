/* Makes and ends the credentials of tools. */

#include "services/task-engine/people/tokens.h"

#include <stddef.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "proto/token.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/tokens.h"

enum { SECRET_BYTES = 32 };

static const char *const connectors[] = { "codex", "cline", "gemini", "cli" };

bool
is_tool_connector(const char *connector)
{
	for (size_t i = 0; i < N_OF(connectors); i++)
		if (strcmp(connectors[i], connector) == 0)
			return true;
	return false;
}

const char *
tool_connectors(void)
{
	return "codex, cline, gemini, cli";
}

static int
check_name(const char *name, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t size = strlen(name);

	if (size == 0 || size > 64 || strspn(name, allowed) != size)
		return err_set(err, ERR_INVALID,
		    "the name of a token is 1 to 64 letters, digits, '.', "
		    "'_' or '-'");
	return 0;
}

int
token_make(struct store *store, const struct actor *actor,
    const struct token_add *in, int64_t now_ms, struct arena *arena,
    struct token_made *out, struct err *err)
{
	unsigned char secret[SECRET_BYTES];
	char hex[2 * SECRET_BYTES + 1], sha256[ID_SHA256_HEX_SIZE];
	struct token_item item = {
		.name = in->name,
		.connector = in->connector,
		.external_id = in->external_id,
		.created_at_unix = now_ms / 1000,
	};
	struct audit_entry entry = {
		.actor = actor->name,
		.operation = "token.add",
		.workspace_id = "",
		.subject = in->name,
	};
	int got;

	if (check_name(in->name, err) < 0)
		return -1;
	if (!is_tool_connector(item.connector))
		return err_set(err, ERR_INVALID,
		    "\"%s\" is not the connector of a tool: use one of %s",
		    item.connector, tool_connectors());
	if (!*item.external_id)
		item.external_id =
		    arena_printf(arena, "%s-%s", item.connector, in->name);
	id_random(secret, sizeof(secret));
	id_hex(hex, secret, sizeof(secret));
	out->token = arena_printf(arena, "art_%s", hex);
	id_sha256_hex(sha256, out->token, strlen(out->token));
	got = store_token_add(store, &item, sha256, err);
	if (got == 1)
		return err_set(err, ERR_CONFLICT,
		    "there is a token named \"%s\" already: choose another "
		    "name (those of revoked tokens stay taken)",
		    in->name);
	if (got < 0)
		return -1;
	out->name = item.name;
	out->connector = item.connector;
	out->external_id = item.external_id;
	entry.detail =
	    arena_printf(arena, "%s %s", item.connector, item.external_id);
	return audit_add(store, &entry, now_ms, err);
}

int
token_revoke(struct store *store, const struct actor *actor, const char *name,
    int64_t now_ms, struct err *err)
{
	const struct audit_entry entry = {
		.actor = actor->name,
		.operation = "token.revoke",
		.workspace_id = "",
		.subject = name,
		.detail = "",
	};
	int got = store_token_revoke(store, name, now_ms / 1000, err);

	if (got == 1)
		return err_set(err, ERR_NOT_FOUND,
		    "there is no token named \"%s\" that still works: see "
		    "agent-runtime token list",
		    name);
	if (got < 0)
		return -1;
	return audit_add(store, &entry, now_ms, err);
}
