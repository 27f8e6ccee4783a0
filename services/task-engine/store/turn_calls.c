/* Rows of what models had done in their turns. */

#include "services/task-engine/store/turn_calls.h"

#include "services/task-engine/store/row.h"

static void
read_call(struct columns *c, void *row_out)
{
	struct turn_call_row *row = row_out;

	row->turn_id = next_int(c);
	row->call = next_int(c);
	row->step = next_int(c);
	row->said = next_text(c);
	row->want_id = next_text(c);
	row->tool = next_text(c);
	row->arguments = next_text(c);
	row->result = next_text(c);
	row->is_error = next_bool(c);
}

int
store_turn_call_add(struct store *s, const struct turn_call_row *r,
    int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_TURN_CALL_ADD, NULL,
	    BINDS(b_int(r->turn_id), b_int(r->call), b_int(r->step),
		b_text(r->said), b_text(r->want_id), b_text(r->tool),
		b_text(r->arguments), b_text(r->result), b_int(r->is_error),
		b_int(now_ms)),
	    err);
}

int
store_turn_calls(struct store *s, int64_t turn_id, struct arena *arena,
    struct turn_call_row **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_TURN_CALLS, arena, read_call,
	    sizeof(**rows_out), rows_out, n_out, BINDS(b_int(turn_id)), err);
}
