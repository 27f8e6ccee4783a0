/* Rows of objectives. */

#include "services/task-engine/store/objectives.h"

#include "libcommon/err.h"
#include "services/task-engine/store/row.h"

static void
read_number(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

static void
read_row(struct columns *c, void *row_out)
{
	*(struct objective_row *)row_out = (struct objective_row){
		.id = next_text(c),
		.workspace_id = next_text(c),
		.context_id = next_text(c),
		.title = next_text(c),
		.prompt = next_text(c),
		.trigger_type = next_text(c),
		.event_key = next_text(c),
		.cron_expr = next_text(c),
		.timezone = next_text(c),
		.asked_by = next_text(c),
		.asked_as = next_text(c),
		.created_at_unix = next_int(c),
		.next_run_unix = next_int(c),
		.ends_at_unix = next_int(c),
		.is_active = next_bool(c),
	};
}

int
store_objective_add(struct store *s, const struct objective_row *r,
    int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_OBJECTIVE_ADD, NULL,
	    BINDS(b_text(r->id), b_text(r->workspace_id), b_text(r->context_id),
		b_text(r->title), b_text(r->prompt), b_text(r->trigger_type),
		b_opt(r->event_key), b_opt(r->cron_expr), b_text(r->timezone),
		b_int(r->is_active), b_opt_int(r->next_run_unix),
		b_int(now_ms / 1000), b_text(r->asked_by), b_text(r->asked_as),
		b_opt_int(r->ends_at_unix)),
	    err);
}

int
store_objective_update(struct store *s, const struct objective_row *r,
    bool is_resumed, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_OBJECTIVE_UPDATE, NULL,
	    BINDS(b_text(r->id), b_text(r->title), b_text(r->prompt),
		b_text(r->trigger_type), b_opt(r->event_key),
		b_opt(r->cron_expr), b_text(r->timezone), b_int(r->is_active),
		b_opt_int(r->next_run_unix), b_text(r->asked_as),
		b_int(is_resumed), b_int(now_ms / 1000)),
	    err);
}

int
store_objective_delete(struct store *s, const char *id, struct err *err)
{
	return stmt_run(s, STMT_OBJECTIVE_DELETE, NULL, BINDS(b_text(id)), err);
}

static void
read_kept(struct columns *c, void *row_out)
{
	struct objectives_kept *kept = row_out;

	kept->in_workspace = next_int(c);
	kept->of_asker = next_int(c);
}

int
store_objectives_kept(struct store *s, const char *workspace_id,
    const char *asked_by, struct objectives_kept *out, struct err *err)
{
	return stmt_get(s, STMT_OBJECTIVES_KEPT, NULL, read_kept, out,
	    BINDS(b_text(workspace_id), b_text(asked_by)), err);
}

static void
read_ended(struct columns *c, void *row_out)
{
	*(struct objective_row *)row_out = (struct objective_row){
		.id = next_text(c),
		.workspace_id = next_text(c),
		.context_id = next_text(c),
		.event_key = next_text(c),
		.cron_expr = next_text(c),
		.timezone = next_text(c),
	};
}

int
store_objectives_drop_ended(struct store *s, const char *workspace_id,
    int64_t now_ms, struct arena *arena, struct objective_row **rows_out,
    size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_OBJECTIVES_DROP_ENDED, arena, read_ended,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(workspace_id), b_int(now_ms / 1000)), err);
}

int
store_objectives_live(struct store *s, const char *asked_by, int64_t now_ms,
    int64_t *n_out, struct err *err)
{
	return stmt_get(s, STMT_OBJECTIVES_LIVE, NULL, read_number, n_out,
	    BINDS(b_text(asked_by), b_int(now_ms / 1000)), err);
}

static void
read_live(struct columns *c, void *row_out)
{
	struct objectives_live *live = row_out;

	live->in_workspace = next_int(c);
	live->of_guests = next_int(c);
}

int
store_objectives_live_in(struct store *s, const char *workspace_id,
    int64_t now_ms, struct objectives_live *out, struct err *err)
{
	return stmt_get(s, STMT_OBJECTIVES_LIVE_IN, NULL, read_live, out,
	    BINDS(b_text(workspace_id), b_int(now_ms / 1000)), err);
}

int
store_objectives_shown(struct store *s, const struct objective_shown *q,
    struct arena *arena, struct objective_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_OBJECTIVES_SHOWN, arena, read_row,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(q->workspace_id), b_text(q->asked_by),
		b_int(q->sees_others), b_text(q->context_id),
		b_text(q->id_prefix), b_int(q->limit), b_int(q->skip)),
	    err);
}
