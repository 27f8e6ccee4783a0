/* Rows of updates that may be poison. */

#include "services/task-engine/store/suspects.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

struct suspect {
	int64_t n;
	bool is_current; /* named by the process that runs */
};

static void
read_suspect(struct columns *c, void *row_out)
{
	struct suspect *s = row_out;

	s->n = next_int(c);
	s->is_current = next_bool(c);
}

int
store_suspects_begin(
    struct store *s, const char *instance, bool was_clean_stop, struct err *err)
{
	const struct bind of = b_text(instance);

	if (was_clean_stop &&
	    stmt_run(s, STMT_SUSPECTS_CLEAR, NULL,
		BINDS(of, b_int(SUSPECT_PROCESSES_MAX)), err) < 0)
		return -1;
	return stmt_run(s, STMT_SUSPECTS_BEGIN, NULL, BINDS(of), err);
}

int
store_suspect_name(struct store *s, const char *instance, const char *update_id,
    int64_t now_ms, int64_t *n_out, bool *is_new_out, struct err *err)
{
	const struct bind of = b_text(instance), id = b_text(update_id);
	struct suspect row = { 0 };

	if (stmt_run(s, STMT_SUSPECTS_SURVIVED, NULL,
		BINDS(of, id, b_int(SUSPECT_PROCESSES_MAX)), err) < 0 ||
	    stmt_get(s, STMT_SUSPECT_GET, NULL, read_suspect, &row,
		BINDS(of, id), err) < 0)
		return -1;
	*is_new_out = !row.is_current;
	*n_out = row.n + *is_new_out;
	return stmt_run(s, STMT_SUSPECT_PUT, NULL,
	    BINDS(of, id, b_int(*n_out), b_int(now_ms)), err);
}

static void
read_number(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

int
store_suspects_named(struct store *s, const char *instance, int64_t after_ms,
    int64_t *n_out, struct err *err)
{
	return stmt_get(s, STMT_SUSPECTS_NAMED, NULL, read_number, n_out,
	    BINDS(b_text(instance), b_int(after_ms)), err);
}
