/* Rows of where our bots are, and under which ids. */

#include "services/task-engine/store/memberships.h"

#include "libcommon/err.h"
#include "services/task-engine/store/row.h"

int
store_membership_add(
    struct store *s, const struct membership_row *m, struct err *err)
{
	return stmt_run_one(s, STMT_MEMBERSHIP_ADD,
	    BINDS(b_text(m->instance), b_text(m->event_id), b_text(m->change),
		b_text(m->space_id), b_text(m->actor), b_int(m->at_ms)),
	    err);
}

static void
read_text(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

int
store_memberships_list(struct store *s, const char *instance, const char *after,
    int64_t limit, struct arena *arena, const char ***space_ids_out,
    size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_MEMBERSHIPS_LIST, arena, read_text,
	    sizeof(**space_ids_out), space_ids_out, n_out,
	    BINDS(b_text(instance), b_text(after), b_int(limit)), err);
}

int
store_absence_begin(struct store *s, const char *workspace_id,
    const char *instance, const char *reason, int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_ABSENCE_BEGIN,
	    BINDS(b_text(workspace_id), b_text(instance), b_text(reason),
		b_int(now_ms)),
	    err);
}

int
store_absence_end(struct store *s, const char *workspace_id,
    const char *instance, struct err *err)
{
	return stmt_run_one(s, STMT_ABSENCE_END,
	    BINDS(b_text(workspace_id), b_text(instance)), err);
}

int
store_alias_add(struct store *s, const char *connector, const char *platform_id,
    const char *external_id, int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_ALIAS_ADD, NULL,
	    BINDS(b_text(connector), b_text(platform_id), b_text(external_id),
		b_int(now_ms)),
	    err);
}

int
store_alias_find(struct store *s, const char *connector,
    const char *platform_id, struct arena *arena, const char **external_id_out,
    struct err *err)
{
	int got =
	    stmt_get(s, STMT_ALIAS_FIND, arena, read_text, external_id_out,
		BINDS(b_text(connector), b_text(platform_id)), err);

	if (got == 1)
		*external_id_out = platform_id;
	return got < 0 ? -1 : 0;
}

static void
read_nothing(struct columns *c, void *row_out)
{
	(void)c;
	(void)row_out;
}

int
store_alias_exists(struct store *s, const char *connector,
    const char *external_id, struct err *err)
{
	return stmt_get(s, STMT_ALIAS_EXISTS, NULL, read_nothing, NULL,
	    BINDS(b_text(connector), b_text(external_id)), err);
}
