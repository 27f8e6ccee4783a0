/* The actions that somebody may decide. */

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/parts.h"
#include "services/task-engine/policy/policy.h"

int
action_check(const struct approvals *a, const struct decider *d,
    const char *operation, const char *workspace_id, struct err *err)
{
	const struct policy_target target = {
		.workspace_id = workspace_id,
		.connector = "",
		.external_id = "",
		.asked_by = "",
	};

	return policy_check(a->policy, d->actor, operation, &target, err);
}

static int
not_found(const char *id, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND,
	    "Action approval not found: there is no action %s that you may "
	    "decide.",
	    id);
}

int
approvals_get(const struct approvals *a, const struct decider *d,
    const char *id, struct arena *arena, struct action_row *out,
    struct err *err)
{
	int got = store_action_get(a->store, id, arena, out, err);

	if (got == 0 &&
	    action_check(a, d, d->operation, out->workspace_id, err) < 0) {
		if (err->code != ERR_REFUSED)
			return -1;
		got = 1;
	}
	return got == 1 ? not_found(id, err) : got;
}

/* Who holds them all is the last verdict's, most often. */
struct seen {
	const char *workspace_id;
	bool may;
};

static int
may_decide(const struct approvals *a, const struct decider *d,
    const char *workspace_id, struct seen *seen, struct err *err)
{
	if (seen->workspace_id && strcmp(seen->workspace_id, workspace_id) == 0)
		return 0;
	*seen = (struct seen){ workspace_id, true };
	if (action_check(a, d, d->operation, workspace_id, err) == 0)
		return 0;
	seen->may = false;
	return err->code == ERR_REFUSED ? 0 : -1;
}

int
approvals_pending(const struct approvals *a, const struct decider *d,
    const char *context_id, const char *prefix, size_t limit,
    struct arena *arena, struct action_row **rows_out, size_t *n_out,
    struct err *err)
{
	enum { PAGE = 200 };
	struct action_filter filter = {
		.now_unix = d->now_ms / 1000,
		.user_id = d->actor->kind == ACTOR_LOCAL ? ""
			   : *d->actor->user_id		 ? d->actor->user_id
							 : "nobody",
		.context_id = context_id,
		.prefix = prefix,
		.limit = PAGE,
	};
	struct seen seen = { 0 };
	struct action_key *keys;
	size_t n_keys = PAGE;

	*n_out = 0;
	*rows_out = arena_alloc(arena, (limit + 1) * sizeof(**rows_out));
	while (n_keys == PAGE && *n_out < limit) {
		if (store_actions_pending(
			a->store, &filter, arena, &keys, &n_keys, err) < 0)
			return -1;
		for (size_t i = 0; i < n_keys && *n_out < limit; i++) {
			if (may_decide(a, d, keys[i].workspace_id, &seen, err) <
			    0)
				return -1;
			filter.after_seq = keys[i].seq;
			if (seen.may &&
			    store_action_brief(a->store, keys[i].id, arena,
				&(*rows_out)[(*n_out)++], err) != 0)
				return -1;
		}
	}
	return 0;
}
