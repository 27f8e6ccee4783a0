/* Who asks and what they may, as the tests of turn/ want it. */

#include "tests/unit/task-engine-turn/world.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/proposal.h"
#include "services/task-engine/people/actors.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/policy/scope.h"

int
approvals_room(const struct approvals *approvals, const struct actor *asker,
    int64_t now_ms, int64_t *n_out, struct err *err)
{
	(void)approvals;
	(void)asker;
	(void)now_ms;
	(void)err;
	*n_out = world.n_room;
	return 0;
}

struct action_row
approvals_row(const struct approvals *approvals,
    const struct proposing *proposing, const struct proposal *proposal,
    int64_t now_ms, struct arena *arena)
{
	(void)approvals;
	(void)now_ms;
	return (struct action_row){
		.id = arena_strdup(arena, "act_1"),
		.type = proposal->type,
		.target = proposal->target,
		.summary = "",
		.payload = proposal->bytes,
		.payload_sha256 = proposal->sha256,
		.asked_by = proposing->asker->name,
		.asked_as = proposing->asked_as,
		.provenance = proposing->provenance,
	};
}

int
approvals_propose(const struct approvals *approvals,
    const struct proposing *proposing, const struct action_row *row,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	size_t at = world.n_proposed++;

	(void)approvals;
	(void)proposing;
	(void)now_ms;
	(void)arena;
	(void)err;
	snprintf(world.proposed[at].payload, sizeof(world.proposed[at].payload),
	    "%s", row->payload);
	snprintf(world.proposed[at].provenance,
	    sizeof(world.proposed[at].provenance), "%s", row->provenance);
	return 0;
}

int
store_contexts_told(struct store *store, const char *workspace_id,
    struct arena *arena, struct context_row **rows_out, size_t *n_out,
    struct err *err)
{
	(void)store;
	(void)workspace_id;
	(void)arena;
	(void)rows_out;
	(void)err;
	*n_out = world.n_admin_channels;
	return 0;
}

int
people_asker(struct people *people, const char *name, const char *role_then,
    struct arena *arena, struct actor *out, struct err *err)
{
	(void)people;
	(void)arena;
	assert_string_equal(name, "local");
	assert_string_equal(role_then, "overlord");
	if (world.is_asker_unread)
		return err_set(err, ERR_UNAVAILABLE, "disk error");
	*out =
	    (struct actor){ .kind = world.role == ROLE_OVERLORD ? ACTOR_LOCAL
								: ACTOR_ACCOUNT,
		    .name = "local" };
	if (world.role != ROLE_GUEST)
		strcpy(out->user_id, "u1");
	return world.is_asker_gone ? 1 : 0;
}

int
policy_scope(const struct policy *policy, const struct actor *actor,
    const struct context_row *context, struct arena *arena,
    struct search_scope *out, struct err *err)
{
	(void)policy;
	(void)context;
	(void)arena;
	(void)err;
	(void)actor;
	*out = (struct search_scope){ 0 };
	return 0;
}

int
policy_role(const struct policy *policy, const struct actor *actor,
    const char *workspace_id, enum role *role_out, struct err *err)
{
	(void)policy;
	(void)actor;
	(void)err;
	assert_string_equal(workspace_id, "workspace");
	*role_out = world.role;
	return 0;
}

/* By the real table. */
int
policy_check(const struct policy *policy, const struct actor *actor,
    const char *operation, const struct policy_target *target, struct err *err)
{
	const struct policy_facts facts = {
		.kind = actor->kind,
		.role = world.role,
		.is_linked = *actor->user_id != '\0',
		.is_own = strcmp(target->asked_by, actor->name) == 0,
	};

	(void)policy;
	assert_string_equal(target->workspace_id, "workspace");
	if (policy_decide(policy_find(operation), &facts) == POLICY_ALLOWED)
		return 0;
	return err_set(err, ERR_REFUSED, "Access denied");
}

bool
policy_may_read(const struct search_scope *scope, const char *path)
{
	(void)scope;
	return strncmp(path, "private/", 8) != 0;
}
