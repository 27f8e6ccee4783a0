/* Rows of tools' credentials. */

#include "services/task-engine/store/tokens.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_token(struct columns *c, void *row_out)
{
	struct token_item *t = row_out;

	t->name = next_text(c);
	t->connector = next_text(c);
	t->external_id = next_text(c);
	t->created_at_unix = next_int(c);
	t->last_used_unix = next_int(c);
}

static void
read_listed(struct columns *c, void *row_out)
{
	read_token(c, row_out);
	((struct token_item *)row_out)->is_revoked = next_bool(c);
}

struct found {
	struct token_item item;
	const char *sha256;
};

static void
read_found(struct columns *c, void *row_out)
{
	struct found *f = row_out;

	read_token(c, &f->item);
	f->sha256 = next_text(c);
}

int
store_token_add(struct store *s, const struct token_item *t,
    const char *token_sha256, struct err *err)
{
	return stmt_run_one(s, STMT_TOKEN_ADD,
	    BINDS(b_text(t->name), b_text(token_sha256), b_text(t->connector),
		b_text(t->external_id), b_int(t->created_at_unix)),
	    err);
}

int
store_token_find(struct store *s, const char *token_sha256, struct arena *arena,
    struct token_item *out, const char **sha256_out, struct err *err)
{
	struct found found = { 0 };
	int got = stmt_get(s, STMT_TOKEN_FIND, arena, read_found, &found,
	    BINDS(b_text(token_sha256)), err);

	*out = found.item;
	*sha256_out = found.sha256;
	return got;
}

int
store_token_get(struct store *s, const char *name, struct arena *arena,
    struct token_item *out, struct err *err)
{
	return stmt_get(s, STMT_TOKEN_GET, arena, read_token, out,
	    BINDS(b_text(name)), err);
}

int
store_token_used(
    struct store *s, const char *name, int64_t now_unix, struct err *err)
{
	return stmt_run(s, STMT_TOKEN_USED, NULL,
	    BINDS(b_text(name), b_int(now_unix)), err);
}

int
store_token_revoke(
    struct store *s, const char *name, int64_t now_unix, struct err *err)
{
	return stmt_run_one(
	    s, STMT_TOKEN_REVOKE, BINDS(b_text(name), b_int(now_unix)), err);
}

int
store_tokens_list(struct store *s, struct arena *arena,
    struct token_item **items_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_TOKENS_LIST, arena, read_listed,
	    sizeof(**items_out), items_out, n_out, NO_BINDS, err);
}
