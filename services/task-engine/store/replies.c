/* Rows of given replies and of connectors' cursors. */

#include "services/task-engine/store/replies.h"

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

/* No platform repeats what is older. */
#define SUSPECT_KEPT_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

/* An indexer that was away for longer takes our files for somebody's. */
#define WRITES_KEPT_MS (INT64_C(7) * 24 * 60 * 60 * 1000)

int
store_reply_get(struct store *s, const char *door, const char *id,
    struct buf *out, struct err *err)
{
	AUTO(stmt_end)
	sqlite3_stmt *stmt =
	    stmt_open(s, STMT_REPLY_GET, BINDS(b_text(door), b_text(id)), err);
	int got = stmt ? stmt_step(s, stmt, err) : -1;

	if (got == 0)
		buf_add(out, sqlite3_column_blob(stmt, 0),
		    (size_t)sqlite3_column_bytes(stmt, 0));
	return got;
}

int
store_reply_put(struct store *s, const char *door, const char *id,
    const struct buf *bytes, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_REPLY_PUT, NULL,
	    BINDS(b_text(door), b_text(id), b_blob(bytes->data, bytes->size),
		b_int(now_ms)),
	    err);
}

int
store_tidy(struct store *s, int64_t now_ms, int64_t limit, int64_t *n_out,
    struct err *err)
{
	const struct bind before = b_int(now_ms - REPLY_KEPT_MS);
	const struct bind long_before = b_int(now_ms - SUSPECT_KEPT_MS);
	int64_t n_replies, n_files, n_allowances, n_suspects, n_attachments;
	int64_t n_writes;

	if (stmt_run(s, STMT_REPLIES_TIDY, &n_replies,
		BINDS(before, b_int(limit)), err) < 0 ||
	    stmt_run(s, STMT_FILES_TIDY, &n_files, BINDS(before, b_int(limit)),
		err) < 0 ||
	    stmt_run(s, STMT_ALLOWANCES_TIDY, &n_allowances,
		BINDS(b_int(now_ms), b_int(limit)), err) < 0 ||
	    stmt_run(s, STMT_SUSPECTS_TIDY, &n_suspects,
		BINDS(long_before, b_int(limit)), err) < 0 ||
	    stmt_run(s, STMT_ATTACHMENTS_TIDY, &n_attachments,
		BINDS(b_int(now_ms - HELD_MS), b_int(limit)), err) < 0 ||
	    stmt_run(s, STMT_OWN_WRITES_TIDY, &n_writes,
		BINDS(b_int(now_ms - WRITES_KEPT_MS), b_int(limit)), err) < 0)
		return -1;
	*n_out = n_replies + n_files + n_allowances + n_suspects +
		 n_attachments + n_writes;
	return 0;
}

static void
read_cursor(struct columns *c, void *row_out)
{
	struct cursor_row *r = row_out;

	r->cursor = next_text(c);
	r->version = next_text(c);
	r->was_clean_stop = next_bool(c);
}

int
store_cursor_get(struct store *s, const char *instance, struct arena *arena,
    struct cursor_row *out, struct err *err)
{
	return stmt_get(s, STMT_CURSOR_GET, arena, read_cursor, out,
	    BINDS(b_text(instance)), err);
}

int
store_cursor_put(struct store *s, const char *instance,
    const struct cursor_row *r, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_CURSOR_PUT, NULL,
	    BINDS(b_text(instance), b_text(r->cursor), b_text(r->version),
		b_int(r->was_clean_stop), b_int(now_ms)),
	    err);
}

int
store_cursor_move(struct store *s, const char *instance, const char *cursor,
    int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_CURSOR_MOVE, NULL,
	    BINDS(b_text(instance), b_text(cursor), b_int(now_ms)), err);
}
