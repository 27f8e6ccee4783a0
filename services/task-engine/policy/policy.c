/* The table of operations, and the one call that decides by it. */

#include "services/task-engine/policy/policy.h"

#include <assert.h>
#include <string.h>

#include "libcommon/err.h"

#define DOOR(operation, help)                                                  \
	{                                                                      \
		operation, NEED_DOOR, false, help                              \
	}
#define EVERYBODY(operation, help)                                             \
	{                                                                      \
		operation, NEED_GUEST, false, help                             \
	}
#define OWN(operation, help)                                                   \
	{                                                                      \
		operation, NEED_TOOL, true, help                               \
	}
#define LOCAL(operation, help)                                                 \
	{                                                                      \
		operation, NEED_LOCAL, false, help                             \
	}

// clang-format off
const struct policy_row policy_rows[] = {
	DOOR("gateway.hello",     "a connector starts"),
	DOOR("gateway.cursor",    "a connector moves on"),
	DOOR("message.inbound",   "a platform's event is stored"),
	DOOR("delivery.claim",    "a gateway takes what is due"),
	DOOR("delivery.result",   "a gateway says what became of it"),
	DOOR("upkeep",            "the scheduler asks to tidy"),
	DOOR("engine.ready",      "the api asks for a commit"),
	DOOR("access.check",      "the api asks who that is"),
	DOOR("chat.delivered",    "the api handed a reply over"),

	EVERYBODY("command.help",   "what can be said here"),
	EVERYBODY("command.task",   "queue a task"),
	EVERYBODY("command.search", "search the workspace's Markdown"),
	EVERYBODY("command.open",   "read one of its documents"),
	EVERYBODY("command.status", "how the workspace stands"),
	EVERYBODY("message.answer", "be answered by the agent"),

	OWN("chat.turn",          "say something in its own session"),
	OWN("chat.result",        "read the reply to it"),
	OWN("task.create",        "queue a task in its own session"),
	OWN("task.get",           "read a task of its own session"),
	OWN("task.list",          "list tasks of its own session"),
	OWN("task.retry",         "run a failed task of its own again"),
	OWN("task.cancel",        "stop a task of its own session"),

	LOCAL("engine.status",    "the state of everything"),
	LOCAL("heartbeat.read",   "how the daemons stand"),
	LOCAL("info.read",        "name and version of the installation"),
	LOCAL("workspace.list",   "all workspaces and their folders"),
	LOCAL("context.list",     "all contexts and their chat logs"),
	LOCAL("token.add",        "make a tool's credential"),
	LOCAL("token.list",       "list tools' credentials"),
	LOCAL("token.revoke",     "end a tool's credential"),
};
// clang-format on

const size_t n_policy_rows = N_OF(policy_rows);

static const char *const kind_names[ACTOR_KIND_COUNT] = {
	[ACTOR_GUEST] = "guest",
	[ACTOR_TOOL] = "tool",
	[ACTOR_LOCAL] = "local",
};

const char *
actor_kind_name(enum actor_kind kind)
{
	return kind_names[kind];
}

enum actor_kind
actor_kind_parse(const char *name)
{
	unsigned kind;

	for (kind = ACTOR_KIND_COUNT - 1; kind > ACTOR_GUEST; kind--)
		if (strcmp(kind_names[kind], name) == 0)
			break;
	return (enum actor_kind)kind;
}

enum actor_kind
actor_kind_of(const char *actor_name)
{
	if (strcmp(actor_name, "local") == 0)
		return ACTOR_LOCAL;
	return strncmp(actor_name, "tool:", 5) == 0 ? ACTOR_TOOL : ACTOR_GUEST;
}

const struct policy_row *
policy_find(const char *operation)
{
	for (size_t i = 0; i < n_policy_rows; i++)
		if (strcmp(policy_rows[i].operation, operation) == 0)
			return &policy_rows[i];
	return NULL;
}

static bool
is_own(const struct actor *actor, const struct policy_target *target)
{
	if (*target->asked_by && strcmp(target->asked_by, actor->name) == 0)
		return true;
	return actor->kind == ACTOR_TOOL &&
	       strcmp(target->connector, actor->connector) == 0 &&
	       strcmp(target->external_id, actor->external_id) == 0;
}

static bool
is_strong_enough(enum actor_kind kind, enum policy_need need)
{
	switch (need) {
	case NEED_DOOR:
		return false; /* no actor asks this */
	case NEED_GUEST:
		return true;
	case NEED_TOOL:
		return kind >= ACTOR_TOOL;
	case NEED_LOCAL:
		return kind >= ACTOR_LOCAL;
	}
	return false;
}

int
policy_check(const struct actor *actor, const char *operation,
    const struct policy_target *target, struct err *err)
{
	const struct policy_row *row = policy_find(operation);

	assert(row);
	if (!is_strong_enough(actor->kind, row->need))
		return err_set(err, ERR_REFUSED, "%s may not use %s: %s",
		    actor->name, operation,
		    actor->kind == ACTOR_TOOL
			? "a tool's token reaches only its own chat and tasks"
			: "it needs the local credential "
			  "(data/run/admin.token)");
	if (row->own_only && actor->kind < ACTOR_LOCAL && target &&
	    !is_own(actor, target))
		return err_set(err, ERR_REFUSED,
		    "%s may use %s only for its own session (%s %s)",
		    actor->name, operation, actor->connector,
		    actor->external_id);
	return 0;
}
