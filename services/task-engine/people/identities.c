/* Lists people, changes their roles, unlinks their accounts. */

#include "services/task-engine/people/identities.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "proto/bounds.h"
#include "proto/identity.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/people/pairing.h"
#include "services/task-engine/store/people.h"
#include "services/task-engine/store/places.h"

/* The person at the machine is built in. */
static const char local_user[] = "local";

static int
read_roles(struct store *store, struct person *person, struct arena *arena,
    struct err *err)
{
	struct role_row *rows;

	if (store_roles_list(store, person->user_id, BOUND_IDENTITIES, arena,
		&rows, &person->n_roles, err) < 0)
		return -1;
	person->roles =
	    arena_alloc(arena, (person->n_roles + 1) * sizeof(*person->roles));
	for (size_t i = 0; i < person->n_roles; i++)
		person->roles[i] = (struct role_held){
			.role = rows[i].role,
			.workspace_id = rows[i].workspace_id,
		};
	return 0;
}

static int
read_person(struct store *store, const struct user_row *user,
    struct arena *arena, struct person *out, struct err *err)
{
	struct identity_row *rows;

	*out = (struct person){
		.user_id = user->id,
		.display_name = user->display_name,
	};
	if (store_identities_list(store, user->id, BOUND_IDENTITIES, arena,
		&rows, &out->n_identities, err) < 0)
		return -1;
	out->identities = arena_alloc(
	    arena, (out->n_identities + 1) * sizeof(*out->identities));
	for (size_t i = 0; i < out->n_identities; i++)
		out->identities[i] = (struct identity){
			.id = rows[i].id,
			.connector = rows[i].connector,
			.connector_user_id = rows[i].connector_user_id,
			.created_at_unix = rows[i].created_at_unix,
		};
	return read_roles(store, out, arena, err);
}

int
people_list(struct store *store, const char *user_id, int64_t limit,
    struct arena *arena, struct person_list *out, struct err *err)
{
	struct user_row *users;

	if (store_users_list(
		store, user_id, limit, arena, &users, &out->n_items, err) < 0)
		return -1;
	out->items =
	    arena_alloc(arena, (out->n_items + 1) * sizeof(*out->items));
	for (size_t i = 0; i < out->n_items; i++)
		if (read_person(store, &users[i], arena, &out->items[i], err) <
		    0)
			return -1;
	return 0;
}

static int
read_one(struct store *store, const char *user_id, struct arena *arena,
    struct person *out, struct err *err)
{
	struct person_list list;

	if (strcmp(user_id, local_user) == 0)
		return err_set(err, ERR_REFUSED,
		    "the person at the machine is an overlord by nature");
	if (people_list(store, user_id, 1, arena, &list, err) < 0)
		return -1;
	if (list.n_items == 0)
		return err_set(err, ERR_NOT_FOUND,
		    "no person %s: agent-runtime identity list shows who there "
		    "is",
		    user_id);
	*out = list.items[0];
	return 0;
}

static enum role
role_held(const struct person *person, const char *workspace_id)
{
	for (size_t i = 0; i < person->n_roles; i++)
		if (strcmp(person->roles[i].workspace_id, workspace_id) == 0)
			return role_read(person->roles[i].role);
	return ROLE_GUEST;
}

/* One who could be spoken to and is an overlord has to stay. */
static int
keep_last_overlord(
    struct store *store, const struct person *person, struct err *err)
{
	int64_t n;

	if (role_held(person, ROLE_EVERYWHERE) != ROLE_OVERLORD ||
	    person->n_identities == 0)
		return 0;
	if (store_overlords(store, &n, err) < 0)
		return -1;
	if (n > 1)
		return 0;
	return err_set(err, ERR_CONFLICT,
	    "%s is the last overlord: make another one first",
	    person->display_name);
}

int
people_check_workspace(struct store *store, const char *workspace_id,
    struct arena *arena, struct err *err)
{
	struct workspace_row row;
	int got;

	if (strcmp(workspace_id, ROLE_EVERYWHERE) == 0)
		return 0;
	got = store_workspace_get(store, workspace_id, arena, &row, err);
	if (got == 1)
		return err_set(err, ERR_NOT_FOUND,
		    "no workspace %s: GET /api/v1/workspaces lists them",
		    workspace_id);
	return got;
}

static int
note(struct store *store, const struct actor *actor, const char *operation,
    const char *workspace_id, const char *subject, const char *detail,
    int64_t now_ms, struct err *err)
{
	const struct audit_entry entry = {
		.actor = actor->name,
		.operation = operation,
		.workspace_id = strcmp(workspace_id, ROLE_EVERYWHERE) == 0
				    ? ""
				    : workspace_id,
		.subject = subject,
		.detail = detail,
	};

	return audit_add(store, &entry, now_ms, err);
}

static int
put_role(struct store *store, const struct role_grant *grant, struct err *err)
{
	int got;

	if (grant->role != ROLE_GUEST)
		return store_role_put(store, grant->user_id,
		    grant->workspace_id, grant->role, err);
	got =
	    store_role_remove(store, grant->user_id, grant->workspace_id, err);
	if (got == 1)
		return err_set(err, ERR_NOT_FOUND,
		    "%s holds no role there: agent-runtime identity list shows "
		    "what they hold",
		    grant->user_id);
	return got;
}

int
role_change(const struct policy *policy, const struct actor *actor,
    const struct role_grant *grant, int64_t now_ms, struct arena *arena,
    struct person *out, struct err *err)
{
	struct store *store = policy->store;
	struct person person;
	enum role was;

	if (read_one(store, grant->user_id, arena, &person, err) < 0 ||
	    people_check_workspace(store, grant->workspace_id, arena, err) < 0)
		return -1;
	was = role_held(&person, grant->workspace_id);
	if (role_check_grant(
		policy, actor, grant->role, grant->workspace_id, err) < 0 ||
	    role_check_grant(policy, actor, was, grant->workspace_id, err) < 0)
		return -1;
	if (was == ROLE_OVERLORD && grant->role != ROLE_OVERLORD &&
	    keep_last_overlord(store, &person, err) < 0)
		return -1;
	if (put_role(store, grant, err) < 0 ||
	    note(store, actor, "identity.role", grant->workspace_id,
		grant->user_id,
		arena_printf(arena, "%s, was %s", role_name(grant->role),
		    role_name(was)),
		now_ms, err) < 0)
		return -1;
	return read_one(store, grant->user_id, arena, out, err);
}

int
identity_unlink(const struct policy *policy, const struct actor *actor,
    const char *identity_id, int64_t now_ms, struct arena *arena,
    struct identity_row *removed_out, struct person *out, struct err *err)
{
	struct store *store = policy->store;
	struct person person;
	int got =
	    store_identity_get(store, identity_id, arena, removed_out, err);

	if (got == 1)
		return err_set(err, ERR_NOT_FOUND,
		    "no identity %s: agent-runtime identity list shows them",
		    identity_id);
	if (got < 0 ||
	    read_one(store, removed_out->user_id, arena, &person, err) < 0 ||
	    role_check_grant(policy, actor, role_held(&person, ROLE_EVERYWHERE),
		ROLE_EVERYWHERE, err) < 0)
		return -1;
	if (person.n_identities == 1 &&
	    keep_last_overlord(store, &person, err) < 0)
		return -1;
	if (store_identity_remove(store, identity_id, err) != 0 ||
	    note(store, actor, "identity.unlink", ROLE_EVERYWHERE,
		arena_printf(arena, "%s:%s", removed_out->connector,
		    removed_out->connector_user_id),
		removed_out->user_id, now_ms, err) < 0)
		return -1;
	return read_one(store, removed_out->user_id, arena, out, err);
}
