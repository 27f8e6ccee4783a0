/* Rows of updates that may be poison. */

#include "services/task-engine/store/suspects.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_suspect(struct columns *c, void *row_out)
{
	struct suspect *s = row_out;

	s->n_deaths = next_int(c);
	s->is_current = next_bool(c);
	s->is_waiting = next_bool(c);
}

int
store_suspects_begin(struct store *s, const char *instance, bool was_clean_stop,
    const struct blame *blame, struct err *err)
{
	const struct bind of = b_text(instance);

	if (was_clean_stop && stmt_run(s, STMT_SUSPECTS_CLEAR, NULL,
				  BINDS(of, b_int(SUSPECT_SET_ASIDE)), err) < 0)
		return -1;
	return stmt_run(s, STMT_SUSPECTS_BEGIN, NULL,
	    BINDS(of, b_int(blame->n_more), b_int(blame->n_least)), err);
}

int
store_suspect_get(struct store *s, const char *instance, const char *update_id,
    struct suspect *out, struct err *err)
{
	*out = (struct suspect){ 0 };
	return stmt_get(s, STMT_SUSPECT_GET, NULL, read_suspect, out,
		   BINDS(b_text(instance), b_text(update_id)), err) < 0
		   ? -1
		   : 0;
}

int
store_suspect_put(struct store *s, const char *instance, const char *update_id,
    const struct suspect *row, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_SUSPECT_PUT, NULL,
	    BINDS(b_text(instance), b_text(update_id), b_int(row->n_deaths),
		b_int(now_ms), b_int(row->is_current), b_int(row->is_waiting)),
	    err);
}

int
store_suspects_current(struct store *s, const char *instance, int64_t after_ms,
    struct suspect *out, struct err *err)
{
	*out = (struct suspect){ 0 };
	return stmt_get(s, STMT_SUSPECTS_CURRENT, NULL, read_suspect, out,
		   BINDS(b_text(instance), b_int(after_ms)), err) < 0
		   ? -1
		   : 0;
}

int
store_suspects_survived(
    struct store *s, const char *instance, const char *but_id, struct err *err)
{
	return stmt_run(s, STMT_SUSPECTS_SURVIVED, NULL,
	    BINDS(b_text(instance), b_text(but_id)), err);
}

int
store_suspect_over(struct store *s, const char *instance, const char *update_id,
    struct err *err)
{
	return stmt_run(s, STMT_SUSPECT_OVER, NULL,
	    BINDS(b_text(instance), b_text(update_id)), err);
}
