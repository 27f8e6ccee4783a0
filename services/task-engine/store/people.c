/* Rows of users, identities and roles. */

#include "services/task-engine/store/people.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"

static void
read_identity(struct columns *c, void *row_out)
{
	struct identity_row *r = row_out;

	r->id = next_text(c);
	r->user_id = next_text(c);
	r->connector = next_text(c);
	r->connector_user_id = next_text(c);
	r->display_name = next_text(c);
	r->created_at_unix = next_int(c);
}

static void
read_role(struct columns *c, void *row_out)
{
	struct role_row *r = row_out;

	r->user_id = next_text(c);
	r->workspace_id = next_text(c);
	r->role = next_text(c);
}

static void
read_user(struct columns *c, void *row_out)
{
	struct user_row *r = row_out;

	r->id = next_text(c);
	r->display_name = next_text(c);
}

static void
read_number(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

int
store_identity_find(struct store *s, const char *connector,
    const char *connector_user_id, struct arena *arena,
    struct identity_row *out, struct err *err)
{
	return stmt_get_recent(s, STMT_IDENTITY_FIND, arena, read_identity, out,
	    BINDS(b_text(connector), b_text(connector_user_id)), err);
}

int
store_identity_get(struct store *s, const char *id, struct arena *arena,
    struct identity_row *out, struct err *err)
{
	return stmt_get(s, STMT_IDENTITY_GET, arena, read_identity, out,
	    BINDS(b_text(id)), err);
}

int
store_user_exists(struct store *s, const char *user_id, struct err *err)
{
	int64_t one;

	return stmt_get(s, STMT_USER_EXISTS, NULL, read_number, &one,
	    BINDS(b_text(user_id)), err);
}

int
store_user_add(struct store *s, const char *user_id, const char *display_name,
    int64_t now_ms, struct err *err)
{
	return stmt_run(s, STMT_USER_ADD, NULL,
	    BINDS(b_text(user_id), b_text(display_name), b_int(now_ms / 1000)),
	    err);
}

int
store_identity_add(struct store *s, const struct identity_row *r,
    int64_t now_ms, struct err *err)
{
	return stmt_run_one(s, STMT_IDENTITY_ADD,
	    BINDS(b_text(r->id), b_text(r->user_id), b_text(r->connector),
		b_text(r->connector_user_id), b_int(now_ms / 1000)),
	    err);
}

int
store_identity_remove(struct store *s, const char *id, struct err *err)
{
	return stmt_run_one(s, STMT_IDENTITY_REMOVE, BINDS(b_text(id)), err);
}

int
store_role_remove(struct store *s, const char *user_id,
    const char *workspace_id, struct err *err)
{
	return stmt_run_one(s, STMT_ROLE_REMOVE,
	    BINDS(b_text(user_id), b_text(workspace_id)), err);
}

int
store_role_put(struct store *s, const char *user_id, const char *workspace_id,
    enum role role, struct err *err)
{
	return stmt_run(s, STMT_ROLE_PUT, NULL,
	    BINDS(
		b_text(user_id), b_text(workspace_id), b_text(role_name(role))),
	    err);
}

/* As the statements write it: the roles in the order of enum role. */
int
store_role_of(struct store *s, const char *user_id, const char *workspace_id,
    enum role *out, struct err *err)
{
	int64_t role = 0;
	int got =
	    workspace_id
		? stmt_get_recent(s, STMT_ROLE_IN, NULL, read_number, &role,
		      BINDS(b_text(user_id), b_text(workspace_id)), err)
		: stmt_get_recent(s, STMT_ROLE_ANYWHERE, NULL, read_number,
		      &role, BINDS(b_text(user_id)), err);

	*out = (enum role)role;
	return got < 0 ? -1 : 0;
}

int
store_overlords(struct store *s, int64_t *n_out, struct err *err)
{
	return stmt_get(
	    s, STMT_OVERLORDS, NULL, read_number, n_out, NO_BINDS, err);
}

int
store_users_list(struct store *s, const char *user_id, int64_t limit,
    struct arena *arena, struct user_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_USERS_LIST, arena, read_user,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(user_id), b_int(limit)), err);
}

int
store_identities_list(struct store *s, const char *user_id, int64_t limit,
    struct arena *arena, struct identity_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_IDENTITIES_LIST, arena, read_identity,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(user_id), b_int(limit)), err);
}

int
store_roles_list(struct store *s, const char *user_id, int64_t limit,
    struct arena *arena, struct role_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_ROLES_LIST, arena, read_role,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(user_id), b_int(limit)), err);
}
