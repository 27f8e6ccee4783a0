/* Rows that count how often something was done in a window. */

#include "services/task-engine/store/allowances.h"

#include "services/task-engine/store/row.h"

int
allowance_take(struct store *s, const char *key, int64_t limit,
    int64_t window_ms, int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_ALLOWANCE_TAKE,
	    BINDS(b_text(key), b_int(limit), b_int(now_ms + window_ms),
		b_int(now_ms)),
	    err);
}

static void
read_used(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

int
allowance_look(struct store *s, const char *key, int64_t limit, int64_t now_ms,
    struct err *err)
{
	int64_t used = 0;

	if (stmt_get(s, STMT_ALLOWANCE_USED, NULL, read_used, &used,
		BINDS(b_text(key), b_int(now_ms)), err) < 0)
		return -1;
	return used < limit ? 0 : 1;
}
