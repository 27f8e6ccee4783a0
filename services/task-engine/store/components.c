/* Rows of how daemons stand. */

#include "services/task-engine/store/components.h"

#include "libcommon/err.h"
#include "services/task-engine/store/row.h"

static void
read_component(struct columns *c, void *row_out)
{
	struct component_row *r = row_out;

	r->name = next_text(c);
	r->state = next_text(c);
	r->message = next_text(c);
	r->needs_person = next_bool(c);
	r->since_ms = next_int(c);
	r->told = next_text(c);
	r->told_ms = next_int(c);
	r->news = next_text(c);
}

static void
read_text(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

int
store_component_put(
    struct store *s, const struct component_row *r, struct err *err)
{
	return stmt_run_one(s, STMT_COMPONENT_PUT,
	    BINDS(b_text(r->name), b_text(r->state), b_text(r->message),
		b_int(r->needs_person), b_int(r->since_ms)),
	    err);
}

int
store_components_news(struct store *s, int64_t now_ms, int64_t every_ms,
    struct arena *arena, struct component_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_COMPONENTS_NEWS, arena, read_component,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_int(now_ms), b_int(every_ms)), err);
}

int
store_component_told(struct store *s, const struct component_row *r,
    int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_COMPONENT_TOLD, NULL,
	    BINDS(b_text(r->name), b_text(r->news),
		b_int(*r->news ? now_ms : r->told_ms)),
	    err);
}

int
store_components_dead(struct store *s, struct arena *arena,
    const char ***names_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_COMPONENTS_DEAD, arena, read_text,
	    sizeof(**names_out), names_out, n_out, NO_BINDS, err);
}
