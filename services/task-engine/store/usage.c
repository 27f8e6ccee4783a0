/* Rows of what models used. */

#include "services/task-engine/store/usage.h"

#include "services/task-engine/store/row.h"

struct of_turn {
	struct tokens tokens;
	const char *model;
};

static void
read_tokens(struct columns *c, void *row_out)
{
	struct tokens *t = row_out;

	t->calls = next_int(c);
	t->in = next_int(c);
	t->cached = next_int(c);
	t->out = next_int(c);
	t->estimated = next_int(c);
}

static void
read_of_turn(struct columns *c, void *row_out)
{
	struct of_turn *row = row_out;

	read_tokens(c, &row->tokens);
	row->model = next_text(c);
}

int
store_usage_of_turn_add(struct store *s, int64_t turn_id, const char *model,
    const struct tokens *more, struct err *err)
{
	return stmt_run(s, STMT_USAGE_OF_TURN_ADD, NULL,
	    BINDS(b_int(turn_id), b_text(model), b_int(more->calls),
		b_int(more->in), b_int(more->cached), b_int(more->out),
		b_int(more->estimated)),
	    err);
}

int
store_usage_of_turn(struct store *s, int64_t turn_id, struct arena *arena,
    const char **model_out, struct tokens *out, struct err *err)
{
	struct of_turn row = { .model = "" };
	int got = stmt_get(s, STMT_USAGE_OF_TURN, arena, read_of_turn, &row,
	    BINDS(b_int(turn_id)), err);

	*model_out = row.model;
	*out = row.tokens;
	return got;
}

int
store_usage_add(struct store *s, int64_t day, const char *scope,
    const char *key, const struct tokens *more, struct err *err)
{
	return stmt_run(s, STMT_USAGE_ADD, NULL,
	    BINDS(b_int(day), b_text(scope), b_text(key), b_int(more->calls),
		b_int(more->in), b_int(more->cached), b_int(more->out),
		b_int(more->estimated)),
	    err);
}

int
store_usage_get(struct store *s, int64_t day, const char *scope,
    const char *key, struct tokens *out, struct err *err)
{
	*out = (struct tokens){ 0 };
	return stmt_get(s, STMT_USAGE_GET, NULL, read_tokens, out,
		   BINDS(b_int(day), b_text(scope), b_text(key)), err) < 0
		   ? -1
		   : 0;
}
