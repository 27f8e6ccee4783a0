/* Links accounts to people by one-time tokens. */

#include "services/task-engine/people/pairing.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "proto/pairing.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/people/tokens.h"
#include "services/task-engine/store/pairings.h"
#include "services/task-engine/store/people.h"
#include "services/task-engine/store/places.h"

enum {
	TOKEN_BYTES = 10,
	TOKEN_CHARS = PAIRING_TOKEN_SIZE - 1,
	HINT_CHARS = 4,
};

/* RFC 4648; without the signs that are read for one another. */
static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static void
make_token(char out[PAIRING_TOKEN_SIZE])
{
	unsigned char bytes[TOKEN_BYTES];

	id_random(bytes, sizeof(bytes));
	for (size_t i = 0; i < TOKEN_CHARS; i++) {
		size_t bit = 5 * i;
		unsigned two =
		    (unsigned)bytes[bit / 8] << 8 |
		    (bit / 8 + 1 < TOKEN_BYTES ? bytes[bit / 8 + 1] : 0);

		out[i] = base32[two >> (11 - bit % 8) & 31];
	}
	out[TOKEN_CHARS] = '\0';
}

/* Whatever the case in which it was typed. */
static void
hash_token(char out[ID_SHA256_HEX_SIZE], const char *token, size_t size,
    struct arena *arena)
{
	char *text = arena_strndup(arena, token, size);

	for (char *p = text; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	id_sha256_hex(out, text, size);
}

static bool
has_people(const char *connector)
{
	return strcmp(connector, "telegram") == 0 ||
	       strcmp(connector, "discord") == 0 ||
	       is_tool_connector(connector);
}

static int
note(struct store *store, const struct actor *actor, const char *operation,
    const char *workspace_id, const struct pairing_row *row, const char *detail,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	const struct audit_entry entry = {
		.actor = actor->name,
		.operation = operation,
		.workspace_id = workspace_id,
		.subject = arena_printf(
		    arena, "%s:%s", row->connector, row->connector_user_id),
		.detail = detail,
	};

	return audit_add(store, &entry, now_ms, err);
}

static int
check_new(struct store *store, const struct pairing_new *in,
    struct arena *arena, struct err *err)
{
	struct identity_row identity;
	int got;

	if (!has_people(in->connector))
		return err_set(err, ERR_INVALID,
		    "invalid pairing input: unsupported connector \"%s\": "
		    "accounts of telegram, discord, %s can be linked",
		    in->connector, tool_connectors());
	got = store_identity_find(
	    store, in->connector, in->connector_user_id, arena, &identity, err);
	if (got == 0)
		return err_set(err, ERR_CONFLICT,
		    "identity is already linked: %s %s belongs to %s (%s)",
		    in->connector, in->connector_user_id, identity.display_name,
		    identity.user_id);
	return got < 0 ? -1 : 0;
}

int
pairing_start(struct store *store, const struct actor *actor,
    const struct pairing_new *in, int64_t now_ms, struct arena *arena,
    struct pairing_started *out, struct err *err)
{
	int64_t ttl_s = in->ttl_s > 0 ? in->ttl_s : PAIRING_TTL_S;
	char token[PAIRING_TOKEN_SIZE], hash[ID_SHA256_HEX_SIZE];
	char id[ID_UUID_SIZE];
	struct pairing_row row = {
		.id = id,
		.token_hash = hash,
		.token_hint = &token[TOKEN_CHARS - HINT_CHARS],
		.connector = in->connector,
		.connector_user_id = in->connector_user_id,
		.display_name = *in->display_name ? in->display_name
						  : in->connector_user_id,
		.expires_at_unix = now_ms / 1000 + ttl_s,
		.context_id = in->context_id,
		.instance = in->instance,
	};

	if (check_new(store, in, arena, err) < 0)
		return -1;
	make_token(token);
	hash_token(hash, token, TOKEN_CHARS, arena);
	id_uuid(id);
	if (store_pairing_end_live(
		store, in->connector, in->connector_user_id, now_ms, err) < 0 ||
	    store_pairing_add(store, &row, now_ms, err) < 0 ||
	    note(store, actor, "pairing.start", "", &row, "", now_ms, arena,
		err) < 0)
		return -1;
	*out = (struct pairing_started){
		.id = arena_strdup(arena, id),
		.token = arena_strdup(arena, token),
		.token_hint = arena_strdup(arena, row.token_hint),
		.connector = row.connector,
		.connector_user_id = row.connector_user_id,
		.display_name = row.display_name,
		.status = "pending",
		.expires_at_unix = row.expires_at_unix,
	};
	return 0;
}

int
pairing_find(struct store *store, const char *token, int64_t now_ms,
    struct arena *arena, struct pairing_row *out, struct err *err)
{
	char hash[ID_SHA256_HEX_SIZE];
	int got;

	hash_token(hash, token, strlen(token), arena);
	got = store_pairing_find(store, hash, arena, out, err);
	if (got < 0)
		return -1;
	/* The index compares too, but says nothing about how far it got. */
	if (got == 1 || !id_equal_secret(out->token_hash, hash))
		return err_set(err, ERR_NOT_FOUND,
		    "pairing request not found: the token is the 16 characters "
		    "that `pair` gave");
	if (strcmp(out->status, "pending") == 0 &&
	    out->expires_at_unix <= now_ms / 1000)
		out->status = "expired";
	return 0;
}

static int
find_pending(struct store *store, const char *token, int64_t now_ms,
    struct arena *arena, struct pairing_row *out, struct err *err)
{
	if (pairing_find(store, token, now_ms, arena, out, err) < 0)
		return -1;
	if (strcmp(out->status, "expired") == 0)
		return err_set(err, ERR_CONFLICT,
		    "pairing request expired: ask %s to say `pair` again",
		    out->display_name);
	if (strcmp(out->status, "pending") != 0)
		return err_set(err, ERR_CONFLICT,
		    "pairing request is not pending: it was %s already",
		    out->status);
	return 0;
}

int
role_check_grant(const struct policy *policy, const struct actor *actor,
    enum role role, const char *workspace_id, struct err *err)
{
	bool is_everywhere = strcmp(workspace_id, ROLE_EVERYWHERE) == 0;
	enum role own;

	if (policy_role(policy, actor, workspace_id, &own, err) < 0)
		return -1;
	if (role > own)
		return err_set(err, ERR_REFUSED,
		    "Access denied: nobody grants a role above their own. You "
		    "are %s %s; %s can grant %s.",
		    role_name(own), is_everywhere ? "for all" : "here",
		    role == ROLE_OVERLORD ? "an overlord" : "a stronger admin",
		    role_name(role));
	if (role == ROLE_OVERLORD && !is_everywhere)
		return err_set(err, ERR_INVALID,
		    "an overlord is one for all workspaces: say `all` behind "
		    "the role");
	return 0;
}

/* The person: found, or made. */
static int
ensure_user(struct store *store, const struct pairing_row *row,
    const char *target_user_id, int64_t now_ms, struct arena *arena,
    const char **user_id_out, struct err *err)
{
	char id[ID_UUID_SIZE];
	int got;

	if (*target_user_id) {
		*user_id_out = target_user_id;
		got = store_user_exists(store, target_user_id, err);
		if (got == 1 || strcmp(target_user_id, "local") == 0)
			return err_set(err, ERR_NOT_FOUND,
			    "target user not found: agent-runtime identity "
			    "list shows who there is");
		return got;
	}
	id_uuid(id);
	*user_id_out = arena_strdup(arena, id);
	return store_user_add(store, id, row->display_name, now_ms, err);
}

/* Before anything is written: a refusal may be answered and committed. */
static int
check_unlinked(struct store *store, const struct pairing_row *row,
    struct arena *arena, struct err *err)
{
	struct identity_row identity;
	int got = store_identity_find(store, row->connector,
	    row->connector_user_id, arena, &identity, err);

	if (got == 0)
		return err_set(err, ERR_CONFLICT,
		    "identity is already linked: it belongs to %s",
		    identity.display_name);
	return got < 0 ? -1 : 0;
}

/* A further account of somebody takes nothing from what they are. */
static int
grant_role(struct store *store, const struct pairing_grant *grant,
    struct pairing_link *out, struct err *err)
{
	if (store_role_of(
		store, out->user_id, grant->workspace_id, &out->role, err) < 0)
		return -1;
	if (out->role >= grant->role)
		return 0;
	out->role = grant->role;
	return store_role_put(
	    store, out->user_id, grant->workspace_id, grant->role, err);
}

static int
link_account(struct store *store, const struct pairing_row *row,
    const struct pairing_grant *grant, int64_t now_ms, struct arena *arena,
    struct pairing_link *out, struct err *err)
{
	char id[ID_UUID_SIZE];
	struct identity_row identity = {
		.id = id,
		.connector = row->connector,
		.connector_user_id = row->connector_user_id,
	};

	id_uuid(id);
	if (check_unlinked(store, row, arena, err) < 0 ||
	    ensure_user(store, row, grant->target_user_id, now_ms, arena,
		&identity.user_id, err) < 0 ||
	    store_identity_add(store, &identity, now_ms, err) != 0)
		return -1;
	*out = (struct pairing_link){
		.id = row->id,
		.user_id = identity.user_id,
		.identity_id = arena_strdup(arena, id),
		.display_name = row->display_name,
		.connector = row->connector,
		.connector_user_id = row->connector_user_id,
	};
	return grant_role(store, grant, out, err);
}

/* Where it was asked for; what was asked over HTTP is answered over HTTP. */
static int
tell(struct store *store, const struct pairing_row *row, const char *text,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	struct context_row context;
	const struct post_note note = {
		.context = &context,
		.instance = row->instance,
		.text = text,
		.is_handled = true,
	};
	char outbox_id[ID_UUID_SIZE];
	int got;

	if (!*row->context_id)
		return 0;
	got = store_context_get(store, row->context_id, arena, &context, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	return post_add(store, &note, now_ms, outbox_id, err);
}

static const char *
remarked(const char *what, const char *remark, struct arena *arena)
{
	return *remark ? arena_printf(arena, "%s (as %s)", what, remark) : what;
}

int
pairing_approve(const struct policy *policy, const struct actor *actor,
    const struct pairing_grant *grant, int64_t now_ms, struct arena *arena,
    struct pairing_link *out, struct err *err)
{
	struct store *store = policy->store;
	struct pairing_row row;
	int got;

	if (find_pending(store, grant->token, now_ms, arena, &row, err) < 0 ||
	    role_check_grant(
		policy, actor, grant->role, grant->workspace_id, err) < 0 ||
	    link_account(store, &row, grant, now_ms, arena, out, err) < 0)
		return -1;
	got = store_pairing_approved(
	    store, row.id, out->user_id, actor->name, now_ms, err);
	if (got == 1)
		return err_set(
		    err, ERR_CONFLICT, "pairing request is not pending");
	if (got < 0 || note(store, actor, "pairing.approve",
			   strcmp(grant->workspace_id, ROLE_EVERYWHERE) == 0
			       ? ""
			       : grant->workspace_id,
			   &row,
			   remarked(arena_printf(arena, "%s for %s, user %s",
					role_name(out->role),
					grant->workspace_id, out->user_id),
			       grant->remark, arena),
			   now_ms, arena, err) < 0)
		return -1;
	return tell(store, &row,
	    arena_printf(arena,
		"You are linked: your role is %s. `/whoami` says what you may "
		"do.",
		role_name(out->role)),
	    now_ms, arena, err);
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool
is_base32(char c)
{
	return (c >= '2' && c <= '7') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* The length of the word that begins there; *like_out: it may be a token. */
static size_t
measure_word(const char *text, bool *like_out)
{
	size_t size = 0;

	*like_out = true;
	for (; is_alnum(text[size]); size++)
		*like_out = *like_out && is_base32(text[size]);
	*like_out = *like_out && size == TOKEN_CHARS;
	return size;
}

/* 0: it is the token of a request, which *out then is; 1: it is not. */
static int
find_word(struct store *store, const char *word, struct arena *arena,
    struct pairing_row *out, struct err *err)
{
	char hash[ID_SHA256_HEX_SIZE];

	hash_token(hash, word, TOKEN_CHARS, arena);
	return store_pairing_find(store, hash, arena, out, err);
}

int
pairing_redact(struct store *store, const char *text, struct arena *arena,
    const char **text_out, struct err *err)
{
	AUTO(buf_release)
	struct buf out = { 0 };
	bool is_changed = false;
	size_t size;

	buf_init(&out);
	for (const char *p = text; *p; p += size) {
		struct pairing_row row;
		bool is_like;
		int got = 1;

		size = measure_word(p, &is_like);
		if (size == 0) {
			size = 1;
			is_like = false;
		}
		if (is_like)
			got = find_word(store, p, arena, &row, err);
		if (got < 0)
			return -1;
		if (got == 0)
			buf_addf(&out, "(pairing token …%s)", row.token_hint);
		else
			buf_add(&out, p, size);
		is_changed = is_changed || got == 0;
	}
	*text_out =
	    is_changed ? arena_strndup(arena, out.data, out.size) : text;
	return 0;
}

int
pairing_deny(struct store *store, const struct actor *actor, const char *token,
    const char *reason, const char *remark, int64_t now_ms, struct arena *arena,
    struct pairing_row *out, struct err *err)
{
	int got;

	if (find_pending(store, token, now_ms, arena, out, err) < 0 ||
	    pairing_redact(store, reason, arena, &reason, err) < 0 ||
	    pairing_redact(store, remark, arena, &remark, err) < 0)
		return -1;
	out->denied_reason = reason;
	got = store_pairing_denied(
	    store, out->id, actor->name, reason, now_ms, err);
	if (got == 1)
		return err_set(
		    err, ERR_CONFLICT, "pairing request is not pending");
	if (got < 0 ||
	    note(store, actor, "pairing.deny", "", out,
		remarked(reason, remark, arena), now_ms, arena, err) < 0)
		return -1;
	return tell(store, out,
	    arena_printf(arena, "Your pairing request was denied: %s", reason),
	    now_ms, arena, err);
}
