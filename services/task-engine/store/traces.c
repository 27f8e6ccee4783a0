/* Rows of traces, and what leads to them. */

#include "services/task-engine/store/traces.h"

#include "services/task-engine/store/row.h"

static void
read_text(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

static void
read_number(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

static void
read_turn(struct columns *c, void *row_out)
{
	struct traced_turn *t = row_out;

	t->turn_id = next_int(c);
	t->kind = next_int(c);
	t->state = next_text(c);
	t->error = next_text(c);
	t->task_id = next_text(c);
	t->created_ms = next_int(c);
	t->trace = next_text(c);
}

static void
read_named(struct columns *c, void *row_out)
{
	struct named_message *m = row_out;

	m->seq = next_int(c);
	m->instance = next_text(c);
	m->chat_id = next_text(c);
}

int
store_trace_heard_put(struct store *s, int64_t message_seq, const char *trace,
    int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_TRACE_HEARD_PUT, NULL,
	    BINDS(b_int(message_seq), b_int(now_ms), b_text(trace)), err);
}

int
store_trace_turn_put(struct store *s, int64_t turn_id, const char *trace,
    int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_TRACE_TURN_PUT, NULL,
	    BINDS(b_int(turn_id), b_int(now_ms), b_text(trace)), err);
}

int
store_trace_heard(struct store *s, int64_t message_seq, struct arena *arena,
    const char **trace_out, struct err *err)
{
	return stmt_get(s, STMT_TRACE_HEARD, arena, read_text, trace_out,
	    BINDS(b_int(message_seq)), err);
}

int
store_traced_turns(struct store *s, const struct traced_of *of, int64_t limit,
    struct arena *arena, struct traced_turn **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_TRACED_TURNS, arena, read_turn,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_opt_int(of->message_seq), b_opt(of->task_id),
		b_opt_int(of->turn_id), b_int(limit)),
	    err);
}

int
store_messages_named(struct store *s, const char *name, struct arena *arena,
    struct named_message **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_MESSAGES_NAMED, arena, read_named,
	    sizeof(**rows_out), rows_out, n_out, BINDS(b_text(name)), err);
}

int
store_message_answered(struct store *s, int64_t message_seq,
    int64_t *answered_out, struct err *err)
{
	*answered_out = 0;
	return stmt_get(s, STMT_MESSAGE_ANSWERED, NULL, read_number,
		   answered_out, BINDS(b_int(message_seq)), err) < 0
		   ? -1
		   : 0;
}

int
store_tasks_begin(struct store *s, const char *begin, int64_t limit,
    struct arena *arena, const char ***ids_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_TASKS_BEGIN, arena, read_text, sizeof(char *),
	    ids_out, n_out, BINDS(b_text(begin), b_int(limit)), err);
}

int
store_actions_begin(struct store *s, const char *begin, int64_t limit,
    struct arena *arena, const char ***ids_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_ACTIONS_BEGIN, arena, read_text,
	    sizeof(char *), ids_out, n_out, BINDS(b_text(begin), b_int(limit)),
	    err);
}

int
store_traces_tidy(struct store *s, int64_t before_ms, int64_t keep,
    int64_t limit, int64_t *n_out, struct err *err)
{
	int64_t n_heard, n_turns;

	if (stmt_run(s, STMT_TRACES_HEARD_TIDY, &n_heard,
		BINDS(b_int(before_ms), b_int(limit), b_int(keep)), err) < 0 ||
	    stmt_run(s, STMT_TRACES_TURN_TIDY, &n_turns,
		BINDS(b_int(before_ms), b_int(limit), b_int(keep)), err) < 0)
		return -1;
	*n_out = n_heard + n_turns;
	return 0;
}
