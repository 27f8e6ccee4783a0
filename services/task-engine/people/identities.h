#ifndef TASK_ENGINE_PEOPLE_IDENTITIES_H
#define TASK_ENGINE_PEOPLE_IDENTITIES_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/policy/policy.h"

struct arena;
struct err;
struct identity_row;
struct person;
struct person_list;
struct store;

/*
 * Who is known, and what they are. Changes run within a transaction, with their
 * audit rows, and count from the next message on; what runs meanwhile is
 * stopped by the caller.
 */

/* user_id "": everybody with an account, at most limit people. */
int people_list(struct store *store, const char *user_id, int64_t limit,
    struct arena *arena, struct person_list *out, struct err *err) MUST_CHECK;

/* ERR_NOT_FOUND unless it is one, or ROLE_EVERYWHERE. */
int people_check_workspace(struct store *store, const char *workspace_id,
    struct arena *arena, struct err *err) MUST_CHECK;

struct role_grant {
	const char *user_id;
	enum role role; /* ROLE_GUEST: none any more */
	const char *workspace_id;
};
/*
 * ERR_REFUSED: it, or what they have there, is above the actor's own.
 * ERR_CONFLICT: the last overlord, beside the person at the machine, stays.
 */
int role_change(const struct policy *policy, const struct actor *actor,
    const struct role_grant *grant, int64_t now_ms, struct arena *arena,
    struct person *out, struct err *err) MUST_CHECK;

/* Makes the account a guest's; the person keeps their roles and other ones. */
int identity_unlink(const struct policy *policy, const struct actor *actor,
    const char *identity_id, int64_t now_ms, struct arena *arena,
    struct identity_row *removed_out, struct person *out,
    struct err *err) MUST_CHECK;

#endif
