/* Rows of what admins are told about routed messages. */

#include "services/task-engine/store/routing_rows.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"

static void
read_number(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

static void
read_person(struct columns *c, void *row_out)
{
	struct routing_person *p = row_out;

	p->workspace_id = next_text(c);
	p->person = next_text(c);
}

static void
read_gathered(struct columns *c, void *row_out)
{
	struct routing_gathered *g = row_out;

	read_task_row(c, &g->row);
	g->reason = next_text(c);
}

int
store_routing_add(struct store *s, const struct routing_row *r, struct err *err)
{
	return stmt_run(s, STMT_ROUTING_ADD, NULL,
	    BINDS(b_text(r->task_id), b_text(r->workspace_id),
		b_text(r->person), b_text(r->reason), b_int(r->ends_ms),
		b_int(r->is_told)),
	    err);
}

int
store_routing_ends(struct store *s, const struct routing_person *of,
    int64_t window_ms, int64_t now_ms, int64_t *ends_ms_out, struct err *err)
{
	return stmt_get(s, STMT_ROUTING_ENDS, NULL, read_number, ends_ms_out,
	    BINDS(b_text(of->workspace_id), b_text(of->person), b_int(now_ms),
		b_int(window_ms)),
	    err);
}

struct span {
	int64_t first_ms, last_ms; /* 0: there are no rows */
};

static void
read_span(struct columns *c, void *row_out)
{
	struct span *span = row_out;

	span->first_ms = next_int(c);
	span->last_ms = next_int(c);
}

/* Asked for every message, and hardly ever so. */
static int
is_some_due(struct store *s, int64_t window_ms, int64_t now_ms, bool *is_out,
    struct err *err)
{
	struct span span;

	if (stmt_get_recent(s, STMT_ROUTING_SPAN, NULL, read_span, &span,
		NO_BINDS, err) < 0)
		return -1;
	*is_out = span.last_ms && (span.first_ms <= now_ms ||
				      span.last_ms > now_ms + window_ms);
	return 0;
}

int
store_routing_due(struct store *s, int64_t window_ms, int64_t now_ms,
    int64_t limit, struct arena *arena, struct routing_person **out,
    size_t *n_out, struct err *err)
{
	bool is_due;

	*n_out = 0;
	if (is_some_due(s, window_ms, now_ms, &is_due, err) < 0)
		return -1;
	if (!is_due)
		return 0;
	return stmt_list(s, STMT_ROUTING_DUE, arena, read_person, sizeof(**out),
	    out, n_out, BINDS(b_int(now_ms), b_int(window_ms), b_int(limit)),
	    err);
}

int
store_routing_rows(struct store *s, const struct routing_person *of,
    int64_t window_ms, int64_t now_ms, int64_t limit, struct arena *arena,
    struct routing_gathered **out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_ROUTING_ROWS, arena, read_gathered,
	    sizeof(**out), out, n_out,
	    BINDS(b_text(of->workspace_id), b_text(of->person), b_int(now_ms),
		b_int(window_ms), b_int(limit)),
	    err);
}

int
store_routing_close(struct store *s, const struct routing_person *of,
    int64_t window_ms, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_ROUTING_CLOSE, NULL,
	    BINDS(b_text(of->workspace_id), b_text(of->person), b_int(now_ms),
		b_int(window_ms)),
	    err);
}
