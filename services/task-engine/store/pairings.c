/* Rows of pairing requests. */

#include "services/task-engine/store/pairings.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"

static void
read_pairing(struct columns *c, void *row_out)
{
	struct pairing_row *r = row_out;

	r->id = next_text(c);
	r->token_hash = next_text(c);
	r->token_hint = next_text(c);
	r->connector = next_text(c);
	r->connector_user_id = next_text(c);
	r->display_name = next_text(c);
	r->status = next_text(c);
	r->expires_at_unix = next_int(c);
	r->approved_user_id = next_text(c);
	r->approver_user_id = next_text(c);
	r->denied_reason = next_text(c);
	r->context_id = next_text(c);
	r->instance = next_text(c);
}

int
store_pairing_add(struct store *s, const struct pairing_row *r, int64_t now_ms,
    struct err *err)
{
	return stmt_run(s, STMT_PAIRING_ADD, NULL,
	    BINDS(b_text(r->id), b_text(r->token_hash), b_text(r->token_hint),
		b_text(r->connector), b_text(r->connector_user_id),
		b_text(r->display_name), b_int(r->expires_at_unix),
		b_int(now_ms / 1000), b_opt(r->context_id),
		b_text(r->instance)),
	    err);
}

int
store_pairing_find(struct store *s, const char *token_hash, struct arena *arena,
    struct pairing_row *out, struct err *err)
{
	return stmt_get(s, STMT_PAIRING_FIND, arena, read_pairing, out,
	    BINDS(b_text(token_hash)), err);
}

int
store_pairing_approved(struct store *s, const char *id, const char *user_id,
    const char *approver, int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_PAIRING_APPROVED,
	    BINDS(b_text(id), b_text(user_id), b_text(approver),
		b_int(now_ms / 1000)),
	    err);
}

int
store_pairing_denied(struct store *s, const char *id, const char *approver,
    const char *reason, int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_PAIRING_DENIED,
	    BINDS(b_text(id), b_text(approver), b_text(reason),
		b_int(now_ms / 1000)),
	    err);
}

int
store_pairing_end_live(struct store *s, const char *connector,
    const char *connector_user_id, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_PAIRING_END_LIVE, NULL,
	    BINDS(b_text(connector), b_text(connector_user_id),
		b_int(now_ms / 1000)),
	    err);
}

int
store_pairings_tidy(
    struct store *s, int64_t now_ms, int64_t forget_before_ms, struct err *err)
{
	if (stmt_run(s, STMT_PAIRINGS_EXPIRE, NULL, BINDS(b_int(now_ms / 1000)),
		err) < 0)
		return -1;
	return stmt_run(s, STMT_PAIRINGS_FORGET, NULL,
	    BINDS(b_int(forget_before_ms / 1000)), err);
}
