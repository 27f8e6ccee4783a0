/* Looks up what the policy table needs to decide, and says why it refuses. */

#include <assert.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/people.h"
#include "services/task-engine/store/places.h"

static const char command_prefix[] = "command.";

/* How a refusal calls it: "/task" for a command. */
static const char *
spoken(const char *operation)
{
	static const size_t size = sizeof(command_prefix) - 1;

	return strncmp(operation, command_prefix, size) == 0 ? operation + size
							     : operation;
}

static bool
is_own(const struct actor *actor, const struct policy_target *target)
{
	if (!target)
		return true;
	if (*target->asked_by && strcmp(target->asked_by, actor->name) == 0)
		return true;
	return actor->kind == ACTOR_TOOL &&
	       strcmp(target->connector, actor->connector) == 0 &&
	       strcmp(target->external_id, actor->external_id) == 0;
}

/* The workspace that is the actor's alone: its direct chat, its session. */
static int
is_private_to(const struct policy *p, const struct actor *actor,
    const char *workspace_id, bool *is_private_out, struct err *err)
{
	const char *kind = actor->kind == ACTOR_TOOL ? "session" : "private";
	int got = store_workspace_is_of(p->store, workspace_id,
	    actor->connector, kind, actor->external_id, err);

	*is_private_out = got == 0;
	return got < 0 ? -1 : 0;
}

static int
role_now(const struct policy *p, const struct actor *actor,
    const char *workspace_id, enum role *out, struct err *err)
{
	bool is_private = false;

	*out = ROLE_OVERLORD;
	if (actor->kind == ACTOR_LOCAL)
		return 0;
	*out = ROLE_GUEST;
	if (*actor->user_id &&
	    store_role_of(p->store, actor->user_id, workspace_id, out, err) < 0)
		return -1;
	if (*out >= ROLE_MEMBER || !workspace_id ||
	    strcmp(workspace_id, ROLE_EVERYWHERE) == 0)
		return 0;
	if (is_private_to(p, actor, workspace_id, &is_private, err) < 0)
		return -1;
	if (is_private)
		*out = ROLE_MEMBER;
	return 0;
}

int
policy_role(const struct policy *p, const struct actor *actor,
    const char *workspace_id, enum role *out, struct err *err)
{
	if (role_now(p, actor, workspace_id, out, err) < 0)
		return -1;
	if (actor->is_capped)
		*out = role_weaker(*out, actor->cap);
	return 0;
}

static int
refuse(const struct policy_row *row, const struct policy_facts *facts,
    const struct actor *actor, enum policy_verdict verdict, struct err *err)
{
	const char *name = spoken(row->operation);

	switch (verdict) {
	case POLICY_ALLOWED:
		return 0;
	case POLICY_NO_ACTOR_MAY:
	case POLICY_NEEDS_LOCAL:
		return err_set(err, ERR_REFUSED,
		    "%s may not use %s: it needs the local credential "
		    "(data/run/admin.token)",
		    actor->name, name);
	case POLICY_NOT_FOR_TOOLS:
		return err_set(err, ERR_REFUSED,
		    "%s may not use %s: a tool's token reaches only its own "
		    "chat and tasks",
		    actor->name, name);
	case POLICY_ONLY_OWN:
		return err_set(err, ERR_REFUSED,
		    "%s may use %s only for its own session (%s %s)",
		    actor->name, name, actor->connector, actor->external_id);
	case POLICY_NOT_FOR_GUESTS:
		return err_set(err, ERR_REFUSED,
		    "Access denied: `/%s` is not open to guests here. The "
		    "people who run me can add it to "
		    "AGENT_RUNTIME_GUEST_COMMANDS, or link your account: say "
		    "`pair` to me in a direct message.",
		    name);
	case POLICY_NOT_LINKED:
		return err_set(err, ERR_REFUSED,
		    "Access denied: link your %s identity first. Say `pair` to "
		    "me in a direct message; an admin then approves it.",
		    role_name(row->role));
	case POLICY_TOO_WEAK:
		return err_set(err, ERR_REFUSED,
		    "Access denied: %s role required. You are %s here; an "
		    "admin can change that.",
		    role_name(row->role), role_name(facts->role));
	}
	return -1;
}

/* Where the role is looked up; NULL: anywhere. */
static const char *
workspace_of(const struct policy_row *row, const struct policy_target *target)
{
	if (!target)
		return row->flags & POLICY_BY_ID ? NULL : ROLE_EVERYWHERE;
	return *target->workspace_id ? target->workspace_id : ROLE_EVERYWHERE;
}

int
policy_check(const struct policy *p, const struct actor *actor,
    const char *operation, const struct policy_target *target, struct err *err)
{
	const struct policy_row *row = policy_find(operation);
	struct policy_facts facts = {
		.kind = actor->kind,
		.is_linked = *actor->user_id != '\0',
		.is_own = is_own(actor, target),
		.is_listed = csv_has(p->guest_commands, spoken(operation)),
	};

	assert(row);
	if (policy_role(p, actor, workspace_of(row, target), &facts.role, err) <
	    0)
		return -1;
	return refuse(row, &facts, actor, policy_decide(row, &facts), err);
}
