#ifndef TASK_ENGINE_STORE_PEOPLE_H
#define TASK_ENGINE_STORE_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/roles.h"

struct arena;
struct err;
struct store;

/* Rows of people: users, their accounts on connectors, and their roles. */

struct identity_row {
	const char *id;
	const char *user_id;
	const char *connector;
	const char *connector_user_id;
	const char *display_name; /* the user's */
	int64_t created_at_unix;
};

struct user_row {
	const char *id;
	const char *display_name;
};

struct role_row {
	const char *user_id;
	const char *workspace_id; /* or ROLE_EVERYWHERE */
	const char *role;
};

/* Return 1 when there is none. */
int store_identity_find(struct store *store, const char *connector,
    const char *connector_user_id, struct arena *arena,
    struct identity_row *out, struct err *err) MUST_CHECK;
int store_identity_get(struct store *store, const char *id, struct arena *arena,
    struct identity_row *out, struct err *err) MUST_CHECK;
int store_user_exists(
    struct store *store, const char *user_id, struct err *err) MUST_CHECK;

int store_user_add(struct store *store, const char *user_id,
    const char *display_name, int64_t now_ms, struct err *err) MUST_CHECK;
/* Returns 1 when that account is linked already. */
int store_identity_add(struct store *store, const struct identity_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;
/* Return 1 when there was none. */
int store_identity_remove(
    struct store *store, const char *id, struct err *err) MUST_CHECK;
int store_role_remove(struct store *store, const char *user_id,
    const char *workspace_id, struct err *err) MUST_CHECK;
/* Replaces the one that the person held there. */
int store_role_put(struct store *store, const char *user_id,
    const char *workspace_id, enum role role, struct err *err) MUST_CHECK;

/*
 * The stronger of the person's role in the workspace and that for all;
 * workspace_id NULL: the strongest of all they hold.
 */
int store_role_of(struct store *store, const char *user_id,
    const char *workspace_id, enum role *role_out, struct err *err) MUST_CHECK;
/* Overlords with an account, beside the person at the machine. */
int store_overlords(
    struct store *store, int64_t *n_out, struct err *err) MUST_CHECK;

/* Oldest first, at most limit. user_id "": everybody but the person at the
 * machine. */
int store_users_list(struct store *store, const char *user_id, int64_t limit,
    struct arena *arena, struct user_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;
int store_identities_list(struct store *store, const char *user_id,
    int64_t limit, struct arena *arena, struct identity_row **rows_out,
    size_t *n_out, struct err *err) MUST_CHECK;
int store_roles_list(struct store *store, const char *user_id, int64_t limit,
    struct arena *arena, struct role_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

#endif
