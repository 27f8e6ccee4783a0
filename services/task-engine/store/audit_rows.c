/* Rows of the audit log; audit/ chains them. */

#include "services/task-engine/store/audit_rows.h"

#include <assert.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_text(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

static void
read_last(struct columns *c, void *row_out)
{
	struct audit_last *last = row_out;

	last->given = next_int(c);
	last->seq = next_int(c);
	last->hash = next_text(c);
	if (last->given < last->seq)
		last->given = last->seq;
}

static void
read_audit(struct columns *c, void *row_out)
{
	struct audit_row *row = row_out;
	struct audit_entry *e = &row->entry;

	row->seq = next_int(c);
	row->id = next_text(c);
	row->at_ms = next_int(c);
	e->actor = next_text(c);
	e->speaks_as = next_text(c);
	e->operation = next_text(c);
	e->door = next_text(c);
	e->workspace_id = next_text(c);
	e->context_id = next_text(c);
	e->subject = next_text(c);
	e->detail = next_text(c);
	e->reason = next_text(c);
	e->cause = next_text(c);
	e->is_refused = strcmp(next_text(c), "refused") == 0;
	row->is_keyed = next_bool(c);
	row->hash = next_text(c);
}

int
store_audit_add(struct store *s, const struct audit_row *row, struct err *err)
{
	const struct audit_entry *e = &row->entry;

	/* A head outside that is newer than the database is an alarm, so what
	 * is committed must be on disk. */
	assert(!store_is_relaxed(s));
	store_note_change(s, STORE_CHANGED_AUDIT);
	return stmt_run(s, STMT_AUDIT_ADD, NULL,
	    BINDS(b_int(row->seq), b_text(row->id), b_int(row->at_ms),
		b_text(e->actor), b_text(e->speaks_as), b_text(e->operation),
		b_text(e->door), b_text(e->workspace_id), b_text(e->context_id),
		b_text(e->subject), b_text(e->detail), b_text(e->reason),
		b_text(e->cause), b_text(e->is_refused ? "refused" : "done"),
		b_int(row->is_keyed), b_text(row->hash)),
	    err);
}

int
store_audit_last(struct store *s, struct arena *arena,
    struct audit_last *last_out, struct err *err)
{
	return stmt_get(
	    s, STMT_AUDIT_LAST, arena, read_last, last_out, NO_BINDS, err);
}

int
store_audit_hash(struct store *s, int64_t seq, struct arena *arena,
    const char **hash_out, struct err *err)
{
	return stmt_get(s, STMT_AUDIT_HASH, arena, read_text, hash_out,
	    BINDS(b_int(seq)), err);
}

int
store_audit_key(struct store *s, struct arena *arena, const char **mark_out,
    struct err *err)
{
	return stmt_get(
	    s, STMT_AUDIT_KEY, arena, read_text, mark_out, NO_BINDS, err);
}

int
store_audit_chain(struct store *s, int64_t after_seq, int64_t limit,
    struct arena *arena, struct audit_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_AUDIT_CHAIN, arena, read_audit,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_int(after_seq), b_int(limit)), err);
}

int
store_audit_list(struct store *s, const struct audit_filter *f,
    struct arena *arena, struct audit_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s,
	    f->is_newest_first ? STMT_AUDIT_NEWEST : STMT_AUDIT_OLDEST, arena,
	    read_audit, sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_int(f->above_seq), b_int(f->below_seq), b_int(f->since_ms),
		b_int(f->until_ms ? f->until_ms : INT64_MAX),
		b_text(f->operation), b_text(f->actor), b_text(f->workspace_id),
		b_text(f->outcome), b_int(f->limit)),
	    err);
}
