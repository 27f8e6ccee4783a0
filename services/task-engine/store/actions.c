/* Rows of actions that wait for a person. */

#include "services/task-engine/store/actions.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_action(struct columns *c, void *row_out)
{
	struct action_row *a = row_out;

	a->seq = next_int(c);
	a->id = next_text(c);
	a->workspace_id = next_text(c);
	a->context_id = next_text(c);
	a->connector = next_text(c);
	a->external_id = next_text(c);
	a->requester_user_id = next_text(c);
	a->type = next_text(c);
	a->target = next_text(c);
	a->summary = next_text(c);
	a->payload = next_text(c);
	a->payload_sha256 = next_text(c);
	a->status = next_text(c);
	a->approver_user_id = next_text(c);
	a->denied_reason = next_text(c);
	a->execution_status = next_text(c);
	a->execution_message = next_text(c);
	a->executor = next_text(c);
	a->executed_at_unix = next_int(c);
	a->created_at_unix = next_int(c);
	a->updated_at_unix = next_int(c);
	a->expires_at_unix = next_int(c);
	a->asked_by = next_text(c);
	a->asked_as = next_text(c);
	a->asked_user_id = next_text(c);
	a->message_seq = next_int(c);
	a->turn_id = next_int(c);
	a->provenance = next_text(c);
}

static void
read_key(struct columns *c, void *row_out)
{
	struct action_key *k = row_out;

	k->seq = next_int(c);
	k->id = next_text(c);
	k->workspace_id = next_text(c);
}

static void
read_count(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

int
store_action_add(struct store *s, const struct action_row *a, struct err *err)
{
	return stmt_run(s, STMT_ACTION_ADD, NULL,
	    BINDS(b_text(a->id), b_text(a->workspace_id), b_text(a->context_id),
		b_text(a->connector), b_text(a->external_id),
		b_text(a->requester_user_id), b_text(a->type),
		b_text(a->target), b_text(a->summary), b_text(a->payload),
		b_text(a->payload_sha256), b_int(a->created_at_unix),
		b_int(a->expires_at_unix), b_text(a->asked_by),
		b_text(a->asked_as), b_text(a->asked_user_id),
		b_opt_int(a->message_seq), b_text(a->provenance),
		b_opt_int(a->turn_id)),
	    err);
}

int
store_action_get(struct store *s, const char *id, struct arena *arena,
    struct action_row *out, struct err *err)
{
	return stmt_get(s, STMT_ACTION_GET, arena, read_action, out,
	    BINDS(b_text(id)), err);
}

int
store_action_brief(struct store *s, const char *id, struct arena *arena,
    struct action_row *out, struct err *err)
{
	return stmt_get(s, STMT_ACTION_BRIEF, arena, read_action, out,
	    BINDS(b_text(id)), err);
}

int
store_actions_count(struct store *s, const char *asked_by, int64_t now_unix,
    int64_t *n_out, struct err *err)
{
	return stmt_get(s, STMT_ACTIONS_COUNT, NULL, read_count, n_out,
	    BINDS(b_text(asked_by), b_int(now_unix)), err);
}

static int
list_keys(struct store *s, enum stmt_id id, const struct bind *binds,
    size_t n_binds, struct arena *arena, struct action_key **keys_out,
    size_t *n_out, struct err *err)
{
	return stmt_list(s, id, arena, read_key, sizeof(**keys_out), keys_out,
	    n_out, binds, n_binds, err);
}

int
store_actions_pending(struct store *s, const struct action_filter *f,
    struct arena *arena, struct action_key **keys_out, size_t *n_out,
    struct err *err)
{
	return list_keys(s,
	    f->is_newest_first ? STMT_ACTIONS_PENDING_DOWN
			       : STMT_ACTIONS_PENDING,
	    BINDS(b_int(f->beyond_seq), b_int(f->now_unix), b_text(f->user_id),
		b_text(f->context_id), b_text(f->prefix), b_int(f->limit)),
	    arena, keys_out, n_out, err);
}

int
store_actions_list(struct store *s, const char *status,
    const char *workspace_id, int64_t limit, struct arena *arena,
    struct action_key **keys_out, size_t *n_out, struct err *err)
{
	return list_keys(s, STMT_ACTIONS_LIST,
	    BINDS(b_text(status), b_text(workspace_id), b_int(limit)), arena,
	    keys_out, n_out, err);
}

int
store_action_decide(struct store *s, const struct action_row *a,
    int64_t now_unix, struct err *err)
{
	return stmt_run_one(s, STMT_ACTION_DECIDE,
	    BINDS(b_text(a->id), b_text(a->status), b_text(a->approver_user_id),
		b_opt(a->denied_reason), b_text(a->execution_status),
		b_opt(a->execution_message), b_opt(a->executor),
		b_opt_int(a->executed_at_unix), b_int(now_unix)),
	    err);
}

int
store_action_expire(
    struct store *s, const char *id, int64_t now_unix, struct err *err)
{
	return stmt_run_one(
	    s, STMT_ACTION_EXPIRE, BINDS(b_text(id), b_int(now_unix)), err);
}

int
store_action_record(struct store *s, const char *id,
    const char *execution_status, const char *message, int64_t now_unix,
    struct err *err)
{
	return stmt_run_one(s, STMT_ACTION_RECORD,
	    BINDS(b_text(id), b_text(execution_status), b_opt(message),
		b_int(now_unix)),
	    err);
}

int
store_actions_overdue(struct store *s, int64_t now_unix, int64_t limit,
    struct arena *arena, struct action_key **keys_out, size_t *n_out,
    struct err *err)
{
	return list_keys(s, STMT_ACTIONS_OVERDUE,
	    BINDS(b_int(now_unix), b_int(limit)), arena, keys_out, n_out, err);
}

int
store_actions_executing(struct store *s, struct arena *arena,
    struct action_key **keys_out, size_t *n_out, struct err *err)
{
	return list_keys(
	    s, STMT_ACTIONS_EXECUTING, NO_BINDS, arena, keys_out, n_out, err);
}

int
store_actions_of(struct store *s, const char *asked_by, struct arena *arena,
    struct action_key **keys_out, size_t *n_out, struct err *err)
{
	return list_keys(s, STMT_ACTIONS_OF, BINDS(b_text(asked_by)), arena,
	    keys_out, n_out, err);
}
