/* Rows of the audit log; audit/ chains them. */

#include "services/task-engine/store/audit_rows.h"

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
read_audit(struct columns *c, void *row_out)
{
	struct audit_row *a = row_out;

	a->seq = next_int(c);
	a->id = next_text(c);
	a->at_ms = next_int(c);
	a->actor = next_text(c);
	a->operation = next_text(c);
	a->workspace_id = next_text(c);
	a->subject = next_text(c);
	a->detail = next_text(c);
	a->sha256 = next_text(c);
}

int
store_audit_add(struct store *s, const struct audit_row *a, struct err *err)
{
	return stmt_run(s, STMT_AUDIT_ADD, NULL,
	    BINDS(b_text(a->id), b_int(a->at_ms), b_text(a->actor),
		b_text(a->operation), b_text(a->workspace_id),
		b_text(a->subject), b_text(a->detail), b_text(a->sha256)),
	    err);
}

int
store_audit_head(struct store *s, struct arena *arena, const char **sha256_out,
    struct err *err)
{
	int got = stmt_get(
	    s, STMT_AUDIT_HEAD, arena, read_text, sha256_out, NO_BINDS, err);

	if (got == 1)
		*sha256_out = "";
	return got < 0 ? -1 : 0;
}

int
store_audit_list(struct store *s, int64_t after_seq, int64_t limit,
    struct arena *arena, struct audit_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_AUDIT_LIST, arena, read_audit,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_int(after_seq), b_int(limit)), err);
}
