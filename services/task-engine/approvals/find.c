/* The actions that somebody may decide. */

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/parts.h"
#include "services/task-engine/policy/policy.h"

enum { SHORT_SHOWN = 10 };

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

/*
 * The same for an action of which they must not hear, for one that was decided
 * and for none: who tries ids learns nothing and changes nothing. So there is
 * no limit of tries, as there is for pairing tokens, which whoever has the right
 * one may use; here the right decides, whatever is guessed.
 */
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

/* One page of keys: those that may be decided become rows. */
static int
add_page(const struct approvals *a, const struct decider *d,
    struct action_filter *filter, const struct action_key *keys, size_t n_keys,
    size_t limit, struct arena *arena, struct action_row *rows, size_t *n,
    struct err *err)
{
	struct seen seen = { 0 };

	for (size_t i = 0; i < n_keys && *n < limit; i++) {
		if (may_decide(a, d, keys[i].workspace_id, &seen, err) < 0)
			return -1;
		filter->beyond_seq = keys[i].seq;
		if (seen.may && store_action_brief(a->store, keys[i].id, arena,
				    &rows[(*n)++], err) != 0)
			return -1;
	}
	return 0;
}

int
approvals_pending(const struct approvals *a, const struct decider *d,
    const struct approvals_query *query, struct arena *arena,
    struct action_row **rows_out, size_t *n_out, struct err *err)
{
	enum { PAGE = 200 };
	struct action_filter filter = {
		.now_unix = d->now_ms / 1000,
		.user_id = d->actor->kind == ACTOR_LOCAL ? ""
			   : *d->actor->user_id		 ? d->actor->user_id
							 : "nobody",
		.context_id = query->context_id,
		.prefix = query->prefix,
		.is_newest_first = query->is_newest_first,
		.beyond_seq = query->is_newest_first ? INT64_MAX : 0,
		.limit = PAGE,
	};
	struct action_key *keys;
	size_t n_keys = PAGE;

	*n_out = 0;
	*rows_out = arena_alloc(arena, (query->limit + 1) * sizeof(**rows_out));
	while (n_keys == PAGE && *n_out < query->limit)
		if (store_actions_pending(
			a->store, &filter, arena, &keys, &n_keys, err) < 0 ||
		    add_page(a, d, &filter, keys, n_keys, query->limit, arena,
			*rows_out, n_out, err) < 0)
			return -1;
	return 0;
}

int
approvals_resolve(const struct approvals *a, const struct decider *d,
    const char *typed, struct arena *arena, const char **id_out,
    struct action_row **rows_out, size_t *n_out, struct err *err)
{
	static const char kind[] = "act_";
	const size_t size = sizeof(kind) - 1;
	bool has_kind = strncmp(typed, kind, size) == 0;
	const char *prefix =
	    has_kind ? typed : arena_printf(arena, "%s%s", kind, typed);
	const struct approvals_query query = {
		.context_id = "",
		.prefix = prefix,
		.limit = SHORT_SHOWN,
	};

	*id_out = prefix;
	if (strlen(prefix) >= size + ID_UUID_SIZE - 1)
		return 0;
	if (strlen(prefix) < size + APPROVALS_SHORT_MIN)
		return not_found(typed, err);
	if (approvals_pending(a, d, &query, arena, rows_out, n_out, err) < 0)
		return -1;
	if (*n_out == 0)
		return not_found(typed, err);
	*id_out = (*rows_out)[0].id;
	return *n_out > 1;
}
