/* Rows of objectives. */

#include "services/task-engine/store/objectives.h"

#include "libcommon/err.h"
#include "services/task-engine/store/row.h"

static void
read_number(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

int
store_objective_add(struct store *s, const struct objective_row *r,
    int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_OBJECTIVE_ADD, NULL,
	    BINDS(b_text(r->id), b_text(r->workspace_id), b_text(r->context_id),
		b_text(r->title), b_text(r->prompt), b_text(r->cron_expr),
		b_int(now_ms / 1000), b_text(r->asked_by), b_text(r->asked_as),
		b_opt_int(r->ends_at_unix)),
	    err);
}

int
store_objectives_live(struct store *s, const char *asked_by, int64_t now_ms,
    int64_t *n_out, struct err *err)
{
	return stmt_get(s, STMT_OBJECTIVES_LIVE, NULL, read_number, n_out,
	    BINDS(b_text(asked_by), b_int(now_ms / 1000)), err);
}
