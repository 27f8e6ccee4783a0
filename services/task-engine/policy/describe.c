/* Who may, in words, from a row of the policy table. Pure. */

#include "services/task-engine/policy/describe.h"

#include <stdio.h>

#include "services/task-engine/policy/policy.h"

static void
describe_session(char who[POLICY_WHO_SIZE], unsigned flags)
{
	if (!(flags & POLICY_TOOL))
		snprintf(who, POLICY_WHO_SIZE, "the local credential");
	else
		snprintf(who, POLICY_WHO_SIZE,
		    "the local credential; a tool in its own session");
}

static void
describe_chat(char who[POLICY_WHO_SIZE], const struct policy_row *row)
{
	const char *where =
	    row->flags & POLICY_BY_ID ? " of its workspace" : "";

	if (row->role == ROLE_GUEST)
		snprintf(who, POLICY_WHO_SIZE, "everybody%s%s",
		    row->flags & POLICY_LISTED
			? " (guests if AGENT_RUNTIME_GUEST_COMMANDS names it)"
			: "",
		    row->flags & POLICY_TOOL ? "; tools" : "; no tool");
	else
		snprintf(who, POLICY_WHO_SIZE, "%s%s or stronger%s%s",
		    row->flags & POLICY_OWN ? "whoever it belongs to; " : "",
		    role_name(row->role), where,
		    row->flags & POLICY_TOOL ? "; tools their own"
					     : "; no tool");
}

void
policy_describe(char who[POLICY_WHO_SIZE], const struct policy_row *row)
{
	if (row->flags & POLICY_DOOR)
		snprintf(who, POLICY_WHO_SIZE, "a daemon at its own door");
	else if (row->flags & POLICY_HTTP)
		describe_session(who, row->flags);
	else
		describe_chat(who, row);
}
