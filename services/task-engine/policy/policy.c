/* The table of operations, and how a row decides. Pure. */

#include "services/task-engine/policy/policy.h"

#include <string.h>
#include <strings.h>

#define DOOR(operation, help)                                                  \
	{                                                                      \
		operation, ROLE_GUEST, POLICY_DOOR, help                       \
	}
#define SAY(operation, role, flags, help)                                      \
	{                                                                      \
		operation, role, flags, help                                   \
	}
/* In the workspace that it is about; never with a tool's token. */
#define DECIDE(operation, help)                                                \
	{                                                                      \
		operation, ROLE_ADMIN, POLICY_BY_ID, help                      \
	}
#define SESSION(operation, help)                                               \
	{                                                                      \
		operation, ROLE_OVERLORD,                                      \
		    POLICY_HTTP | POLICY_TOOL | POLICY_OWN, help               \
	}
#define LOCAL(operation, role, help)                                           \
	{                                                                      \
		operation, role, POLICY_HTTP, help                             \
	}
#define LISTED (POLICY_TOOL | POLICY_LISTED)
#define OWN (POLICY_TOOL | POLICY_OWN | POLICY_BY_ID)

// clang-format off
const struct policy_row policy_rows[] = {
	DOOR("gateway.hello",     "a connector starts"),
	DOOR("gateway.cursor",    "a connector moves on"),
	DOOR("update.suspect",    "a gateway that was killed names an update"),
	DOOR("message.inbound",   "a platform's event is stored"),
	DOOR("attachment.put",    "a gateway hands a file over"),
	DOOR("membership.changed", "a bot is somewhere, or no longer"),
	DOOR("membership.list",   "a gateway asks where its bot is"),
	DOOR("button.pressed",    "somebody presses a notice's button"),
	DOOR("delivery.claim",    "a gateway takes what is due"),
	DOOR("delivery.result",   "a gateway says what became of it"),
	DOOR("command.catalogue", "a gateway fills its platform's menu"),
	DOOR("command.complete",  "a gateway shows what may be chosen"),
	DOOR("document.changed",  "the indexer saw a document change"),
	DOOR("embed.request",     "the indexer asks for vectors of texts"),
	DOOR("upkeep",            "the scheduler asks to tidy"),
	DOOR("health.changed",    "the scheduler says how daemons stand"),
	DOOR("engine.ready",      "the api asks for a commit"),
	DOOR("access.check",      "the api asks who that is"),
	DOOR("chat.delivered",    "the api handed a reply over"),

	SAY("command.help",   ROLE_GUEST, POLICY_TOOL, "what can be said here"),
	SAY("command.whoami", ROLE_GUEST, POLICY_TOOL,
	    "who one is, and what one may do"),
	SAY("command.pair",   ROLE_GUEST, 0, "ask for one's account to be linked"),
	SAY("command.admin-channel", ROLE_ADMIN, 0,
	    "have the notices of the workspace told here, or not"),
	SAY("command.admin-channel.global", ROLE_OVERLORD, 0,
	    "have the notices of all workspaces told here, or not"),
	SAY("command.task",   ROLE_GUEST, LISTED, "queue a task"),
	SAY("command.tasks",  ROLE_OPERATOR, OWN,
	    "see tasks: one's own, or all of the workspace"),
	SAY("command.cancel", ROLE_OPERATOR, OWN,
	    "stop a task: one's own, or any of the workspace"),
	SAY("command.done",   ROLE_OPERATOR, POLICY_BY_ID,
	    "close an open task of the workspace"),
	SAY("command.route",  ROLE_ADMIN, POLICY_BY_ID,
	    "change how a task of the workspace is routed, or run it"),
	SAY("command.monitor", ROLE_GUEST, LISTED, "watch something"),
	SAY("command.search", ROLE_GUEST, LISTED,
	    "search the workspace's Markdown"),
	SAY("command.open",   ROLE_GUEST, LISTED, "read one of its documents"),
	SAY("command.status", ROLE_GUEST, LISTED, "how the workspace stands"),
	SAY("command.prompt", ROLE_ADMIN, 0,
	    "read and set the directives of a conversation"),
	SAY("command.forget", ROLE_MEMBER, 0,
	    "have what one said in a conversation forgotten"),
	SAY("command.forget.everything", ROLE_ADMIN, 0,
	    "have all that was said in it forgotten"),
	SAY("message.answer", ROLE_GUEST, POLICY_TOOL,
	    "be answered by the agent"),

	SAY("tool.search_knowledge", ROLE_GUEST, POLICY_TOOL,
	    "have the agent search what the conversation may read"),
	SAY("tool.open_knowledge", ROLE_GUEST, POLICY_TOOL,
	    "have the agent read such a document"),
	SAY("tool.read_file",  ROLE_GUEST, POLICY_TOOL,
	    "have the agent read its notes of the conversation"),
	SAY("tool.list_files", ROLE_GUEST, POLICY_TOOL,
	    "have the agent list them"),
	SAY("tool.write_file", ROLE_MEMBER, POLICY_TOOL,
	    "have the agent write them"),
	SAY("tool.create_task", ROLE_MEMBER, POLICY_TOOL,
	    "have the agent queue a task"),
	SAY("tool.lookup_task", ROLE_OPERATOR, OWN,
	    "have the agent look at a task: one's own, or any of the "
	    "workspace"),
	SAY("tool.update_task", ROLE_OPERATOR, POLICY_BY_ID,
	    "have the agent close a task of the workspace"),
	SAY("tool.create_objective", ROLE_MEMBER, POLICY_TOOL,
	    "have the agent store work that is due again and again"),
	SAY("tool.list_objectives", ROLE_OPERATOR, OWN,
	    "have the agent list objectives: one's own, or all of the "
	    "workspace"),
	SAY("tool.update_objective", ROLE_MEMBER, POLICY_TOOL,
	    "have the agent change or delete one's own objective"),
	SAY("tool.update_objective.others", ROLE_ADMIN, POLICY_BY_ID,
	    "have the agent pause, resume or delete any of the "
	    "workspace"),
	SAY("tool.moderation_triage", ROLE_MEMBER, POLICY_TOOL,
	    "have the agent judge a reported message"),
	SAY("tool.draft_escalation", ROLE_MEMBER, POLICY_TOOL,
	    "have the agent draft a note to those who run the place"),
	SAY("tool.draft_faq_answer", ROLE_MEMBER, POLICY_TOOL,
	    "have the agent draft an answer to a common question"),
	SAY("tool.learn_skill", ROLE_MEMBER, POLICY_TOOL,
	    "have the agent propose a skill"),

	SAY("action.propose", ROLE_GUEST, POLICY_TOOL,
	    "have the agent propose an action"),
	DECIDE("command.approve",         "approve a pairing or an action"),
	DECIDE("command.deny",            "deny a pairing or an action"),
	DECIDE("command.pending-actions", "list the actions that wait"),
	DECIDE("command.approve-action",  "approve one"),
	DECIDE("command.deny-action",     "deny one"),
	DECIDE("button.approve",          "approve one by its notice's button"),
	DECIDE("button.deny",             "deny one so"),
	DECIDE("action.http_request",     "let an HTTP request run"),
	DECIDE("action.webhook",          "let a webhook be called"),
	DECIDE("action.send_email",       "let a mail be sent"),
	DECIDE("action.smtp_email",       "let a mail be sent"),
	DECIDE("action.run_command",      "let a command run"),
	DECIDE("action.shell_command",    "let a command run"),
	DECIDE("action.learn_skill",      "let a skill be kept"),

	SESSION("chat.turn",      "say something in its own session"),
	SESSION("chat.result",    "read the reply to it"),
	SESSION("task.create",    "queue a task in its own session"),
	SESSION("task.get",       "read a task of its own session"),
	SESSION("task.list",      "list tasks of its own session"),
	SESSION("task.retry",     "run a failed task of its own again"),
	SESSION("task.cancel",    "stop a task of its own session"),

	LOCAL("engine.status",  ROLE_ADMIN,    "the state of everything"),
	LOCAL("heartbeat.read", ROLE_ADMIN,    "how the daemons stand"),
	LOCAL("info.read",      ROLE_ADMIN,
	    "name and version of the installation"),
	LOCAL("workspace.list", ROLE_ADMIN,
	    "all workspaces and their folders"),
	LOCAL("workspace.get",  ROLE_ADMIN,    "one workspace"),
	LOCAL("context.list",   ROLE_ADMIN,
	    "all contexts and their chat logs"),
	LOCAL("context.get",    ROLE_ADMIN,    "one context"),
	LOCAL("search.find",    ROLE_ADMIN,    "search a workspace"),
	LOCAL("action.list",    ROLE_ADMIN,    "actions and what they run"),
	LOCAL("action.approve", ROLE_ADMIN,    "approve an action"),
	LOCAL("action.deny",    ROLE_ADMIN,    "deny an action"),
	LOCAL("token.add",      ROLE_OVERLORD, "make a tool's credential"),
	LOCAL("token.list",     ROLE_OVERLORD, "list tools' credentials"),
	LOCAL("token.revoke",   ROLE_OVERLORD, "end a tool's credential"),
	LOCAL("audit.list",     ROLE_OVERLORD, "read the audit log"),
	LOCAL("audit.verify",   ROLE_OVERLORD,
	    "check whether the audit log was changed"),

	LOCAL("trace.why",       ROLE_OVERLORD,
	    "see why a message, task or action went as it did"),
	LOCAL("trace.simulate",  ROLE_OVERLORD,
	    "see what would become of a message"),

	LOCAL("pairing.start",   ROLE_ADMIN, "make a token for an account"),
	LOCAL("pairing.lookup",  ROLE_ADMIN, "see whose token that is"),
	LOCAL("pairing.approve", ROLE_ADMIN, "link an account to a person"),
	LOCAL("pairing.deny",    ROLE_ADMIN, "turn a pairing request down"),
	LOCAL("identity.list",   ROLE_ADMIN, "people, accounts and roles"),
	LOCAL("identity.role",   ROLE_ADMIN, "give a role or take it away"),
	LOCAL("identity.unlink", ROLE_ADMIN, "make an account a guest's"),
};
// clang-format on

const size_t n_policy_rows = N_OF(policy_rows);

const struct policy_row *
policy_find(const char *operation)
{
	for (size_t i = 0; i < n_policy_rows; i++)
		if (strcmp(policy_rows[i].operation, operation) == 0)
			return &policy_rows[i];
	return NULL;
}

static enum policy_verdict
decide_http(const struct policy_row *row, const struct policy_facts *facts)
{
	if (facts->kind != ACTOR_TOOL)
		return POLICY_NEEDS_LOCAL;
	if (!(row->flags & POLICY_TOOL))
		return POLICY_NOT_FOR_TOOLS;
	return facts->is_own ? POLICY_ALLOWED : POLICY_ONLY_OWN;
}

enum policy_verdict
policy_decide(const struct policy_row *row, const struct policy_facts *facts)
{
	bool is_owner = facts->is_own && (row->flags & POLICY_OWN);

	if (row->flags & POLICY_DOOR)
		return POLICY_NO_ACTOR_MAY;
	if (facts->kind == ACTOR_LOCAL)
		return POLICY_ALLOWED;
	if (row->flags & POLICY_HTTP)
		return decide_http(row, facts);
	if (facts->kind == ACTOR_TOOL && !(row->flags & POLICY_TOOL))
		return POLICY_NOT_FOR_TOOLS;
	if (is_owner)
		return POLICY_ALLOWED;
	/* A tool's role reaches no further than its own session. */
	if (facts->kind == ACTOR_TOOL && (row->flags & POLICY_OWN))
		return POLICY_ONLY_OWN;
	if ((row->flags & POLICY_LISTED) && facts->kind == ACTOR_ACCOUNT &&
	    !facts->is_linked && !facts->is_listed)
		return POLICY_NOT_FOR_GUESTS;
	if (facts->role >= row->role)
		return POLICY_ALLOWED;
	return facts->is_linked ? POLICY_TOO_WEAK : POLICY_NOT_LINKED;
}

bool
csv_has(const char *csv, const char *text)
{
	size_t size = strlen(text);

	while (*csv) {
		size_t n = strcspn(csv, ",");

		if (n == size && strncasecmp(csv, text, n) == 0)
			return true;
		csv += n + (csv[n] == ',');
	}
	return false;
}
