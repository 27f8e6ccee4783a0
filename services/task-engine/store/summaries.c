/* Rows of summaries. */

#include "services/task-engine/store/summaries.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static void
read_state(struct columns *c, void *row_out)
{
	struct summary_state *s = row_out;

	s->seen_seq = next_int(c);
	s->n_turns = next_int(c);
	s->text = next_text(c);
	s->refined = next_text(c);
	s->refined_by = next_text(c);
	s->refined_seq = next_int(c);
	s->attempts = next_int(c);
	s->generation = next_int(c);
}

static void
read_id(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

static void
read_item(struct columns *c, void *row_out)
{
	struct summary_row *r = row_out;

	r->seq = next_int(c);
	r->context_id = next_text(c);
	r->kind = next_text(c);
	r->who = next_text(c);
	r->text = next_text(c);
}

int
store_summary_get(struct store *s, const char *context_id, struct arena *arena,
    struct summary_state *out, struct err *err)
{
	*out = (struct summary_state){
		.text = "", .refined = "", .refined_by = ""
	};
	return stmt_get(s, STMT_SUMMARY_GET, arena, read_state, out,
	    BINDS(b_text(context_id)), err);
}

int
store_summary_put(struct store *s, const char *context_id,
    const struct summary_state *state, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_SUMMARY_PUT, NULL,
	    BINDS(b_text(context_id), b_int(state->seen_seq),
		b_int(state->n_turns), b_text(state->text),
		b_text(state->refined), b_text(state->refined_by),
		b_int(state->refined_seq), b_int(state->attempts),
		b_int(state->generation), b_int(now_ms)),
	    err);
}

int
store_summaries_plain(struct store *s, int64_t limit, struct arena *arena,
    const char ***ids_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_SUMMARIES_PLAIN, arena, read_id,
	    sizeof(**ids_out), ids_out, n_out, BINDS(b_int(limit)), err);
}

int
store_summary_attempt(
    struct store *s, const char *context_id, int64_t n, struct err *err)
{
	return stmt_run(s, STMT_SUMMARY_ATTEMPT, NULL,
	    BINDS(b_text(context_id), b_int(n)), err);
}

int
store_summary_item_add(
    struct store *s, const struct summary_row *row, struct err *err)
{
	return stmt_run(s, STMT_SUMMARY_ITEM_ADD, NULL,
	    BINDS(b_int(row->seq), b_text(row->context_id), b_text(row->kind),
		b_text(row->who), b_text(row->text)),
	    err);
}

int
store_summary_items(struct store *s, const char *context_id,
    struct arena *arena, struct summary_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_SUMMARY_ITEMS, arena, read_item,
	    sizeof(**rows_out), rows_out, n_out, BINDS(b_text(context_id)),
	    err);
}

int
store_summary_answered(struct store *s, const char *context_id,
    const char *platform_id, struct err *err)
{
	return stmt_run(s, STMT_SUMMARY_ANSWERED, NULL,
	    BINDS(b_text(context_id), b_text(platform_id)), err);
}

int
store_summary_prune(
    struct store *s, const char *context_id, int64_t n_kept, struct err *err)
{
	return stmt_run(s, STMT_SUMMARY_PRUNE, NULL,
	    BINDS(b_text(context_id), b_int(n_kept)), err);
}

int
store_summary_drop_wordless(
    struct store *s, const char *context_id, struct err *err)
{
	return stmt_run(s, STMT_SUMMARY_DROP_WORDLESS, NULL,
	    BINDS(b_text(context_id)), err);
}
