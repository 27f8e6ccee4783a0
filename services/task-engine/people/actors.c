/* Tells from a credential who asks. */

#include "services/task-engine/people/actors.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "proto/credential.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/people/tokens.h"
#include "services/task-engine/store/people.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tokens.h"

enum {
	TOKEN_BYTES = 32,
	TOKEN_FILE_MAX = 4096,
	/* Written rarely, because knowing the day is enough. */
	USED_NOTED_EVERY_S = 3600,
};

static int
make_token_file(const char *path, struct err *err)
{
	unsigned char secret[TOKEN_BYTES];
	char text[2 * TOKEN_BYTES + 1];
	size_t size = sizeof(text) - 1;

	id_random(secret, sizeof(secret));
	id_hex(text, secret, sizeof(secret));
	text[size++] = '\n';
	if (file_replace(AT_FDCWD, path, text, size, 0600, err) < 0)
		return -1;
	log_info("local-credential-made", "path=%s", log_quote(path));
	return 0;
}

static int
check_token_file(const char *path, struct buf *text, struct err *err)
{
	while (text->size && strchr(" \t\r\n", text->data[text->size - 1]))
		buf_truncate(text, text->size - 1);
	if (text->size < TOKEN_BYTES)
		return err_set(err, ERR_INVALID,
		    "%s holds %zu characters and needs at least %d: delete it "
		    "and start again, and a new one is made",
		    path, text->size, TOKEN_BYTES);
	return 0;
}

int
people_open(struct people *people, struct store *store, const char *path,
    struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	if (access(path, F_OK) < 0 && make_token_file(path, err) < 0)
		return -1;
	if (chmod(path, 0600) < 0)
		return err_errno(err, "chmod %s", path);
	if (file_read(&text, AT_FDCWD, path, TOKEN_FILE_MAX, err) < 0 ||
	    check_token_file(path, &text, err) < 0)
		return -1;
	people->store = store;
	people->owner_uid = geteuid();
	id_sha256_hex(people->local_sha256, text.data, text.size);
	return 0;
}

static int
is_local(struct actor *out)
{
	*out = (struct actor){ .kind = ACTOR_LOCAL, .name = "local" };
	return 0;
}

static int
unknown(struct err *err)
{
	return err_set(err, ERR_UNAUTHENTICATED,
	    "this needs a credential: send the content of "
	    "data/run/admin.token or a tool's token (agent-runtime token add) "
	    "as Authorization: Bearer …");
}

static int
note_use(struct people *p, const struct token_item *token, int64_t now_ms,
    struct err *err)
{
	if (now_ms / 1000 - token->last_used_unix < USED_NOTED_EVERY_S)
		return 0;
	return store_token_used(p->store, token->name, now_ms / 1000, err);
}

/* The person behind an account or a tool's session, if one was linked. */
static int
find_person(
    struct people *p, struct arena *arena, struct actor *actor, struct err *err)
{
	struct identity_row identity;
	int got = store_identity_find(p->store, actor->connector,
	    actor->external_id, arena, &identity, err);

	if (got == 0)
		snprintf(actor->user_id, sizeof(actor->user_id), "%s",
		    identity.user_id);
	return got < 0 ? -1 : 0;
}

static int
become_tool(struct people *p, const struct token_item *token,
    struct arena *arena, struct actor *out, struct err *err)
{
	*out = (struct actor){ .kind = ACTOR_TOOL };
	snprintf(out->name, sizeof(out->name), "tool:%s", token->name);
	snprintf(
	    out->connector, sizeof(out->connector), "%s", token->connector);
	snprintf(out->external_id, sizeof(out->external_id), "%s",
	    token->external_id);
	return find_person(p, arena, out, err);
}

static int
find_tool(struct people *p, const char *sha256, int64_t now_ms,
    struct arena *arena, struct actor *out, struct err *err)
{
	struct token_item token;
	const char *stored;
	int got =
	    store_token_find(p->store, sha256, arena, &token, &stored, err);

	if (got < 0)
		return -1;
	/* The index compares too, but says nothing about how far it got. */
	if (got == 1 || !id_equal_secret(stored, sha256))
		return unknown(err);
	if (become_tool(p, &token, arena, out, err) < 0)
		return -1;
	return note_use(p, &token, now_ms, err);
}

int
people_actor(struct people *p, const struct credential *credential,
    int64_t now_ms, struct arena *arena, struct actor *out, struct err *err)
{
	if (strcmp(credential->listener, "admin") == 0)
		return *credential->subject ? is_local(out) : unknown(err);
	if (strcmp(credential->listener, "local") != 0)
		return unknown(err);
	/* A token says more than the uid of whoever presents it. */
	if (*credential->token_sha256) {
		if (id_equal_secret(credential->token_sha256, p->local_sha256))
			return is_local(out);
		return find_tool(
		    p, credential->token_sha256, now_ms, arena, out, err);
	}
	if (credential->peer_uid >= 0 &&
	    credential->peer_uid == (int64_t)p->owner_uid)
		return is_local(out);
	return unknown(err);
}

int
people_account(struct people *p, const char *connector, const char *user_id,
    struct arena *arena, struct actor *out, struct err *err)
{
	*out = (struct actor){ .kind = ACTOR_ACCOUNT };
	snprintf(out->name, sizeof(out->name), "%s:%s", connector, user_id);
	snprintf(out->connector, sizeof(out->connector), "%s", connector);
	snprintf(out->external_id, sizeof(out->external_id), "%s", user_id);
	return find_person(p, arena, out, err);
}

static const char tool[] = "tool:";

/* 1: there is no such tool, or it is no name at all. */
static int
find_named(struct people *p, const char *name, struct arena *arena,
    struct actor *out, struct err *err)
{
	const char *colon = strchr(name, ':');
	struct token_item token;
	int got;

	if (!colon)
		return strcmp(name, "local") == 0 ? is_local(out) : 1;
	if (strncmp(name, tool, sizeof(tool) - 1) != 0)
		return people_account(p,
		    arena_strndup(arena, name, (size_t)(colon - name)),
		    colon + 1, arena, out, err);
	got = store_token_get(p->store, colon + 1, arena, &token, err);
	return got == 0 ? become_tool(p, &token, arena, out, err) : got;
}

static bool
is_name(const char *name, struct arena *arena)
{
	const char *colon = strchr(name, ':'), *connector;

	if (!colon || colon[1] == '\0')
		return strcmp(name, "local") == 0;
	connector = arena_strndup(arena, name, (size_t)(colon - name));
	return strncmp(name, tool, sizeof(tool) - 1) == 0 ||
	       connector_is_known(connector) || is_tool_connector(connector);
}

int
people_named(struct people *p, const char *name, struct arena *arena,
    struct actor *out, struct err *err)
{
	int got;

	if (!is_name(name, arena))
		return err_set(err, ERR_INVALID,
		    "\"%.60s\" is nobody: say local, tool: and a token's name, "
		    "or an account like telegram:42, of %s, %s",
		    name, connector_names(arena), tool_connectors());
	got = find_named(p, name, arena, out, err);
	if (got == 1)
		return err_set(err, ERR_NOT_FOUND,
		    "there is no token for \"%.80s\": `agent-runtime token "
		    "list` shows them",
		    name);
	return got;
}

int
people_asker(struct people *p, const char *name, const char *role_then,
    struct arena *arena, struct actor *out, struct err *err)
{
	int got = find_named(p, name, arena, out, err);

	if (got != 0)
		return got;
	out->is_capped = true;
	out->cap = role_read(role_then);
	return 0;
}
