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
	*out = (struct actor){ .kind = ACTOR_TOOL };
	snprintf(out->name, sizeof(out->name), "tool:%s", token.name);
	snprintf(out->connector, sizeof(out->connector), "%s", token.connector);
	snprintf(out->external_id, sizeof(out->external_id), "%s",
	    token.external_id);
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

void
people_guest(struct actor *out, const char *connector, const char *user_id)
{
	*out = (struct actor){ .kind = ACTOR_GUEST };
	snprintf(out->connector, sizeof(out->connector), "%s", connector);
	snprintf(out->name, sizeof(out->name), "%s:%s", connector, user_id);
}
