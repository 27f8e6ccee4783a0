#ifndef TASK_ENGINE_POLICY_POLICY_H
#define TASK_ENGINE_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/roles.h"

struct err;
struct store;

/*
 * The one table of who may do what. Every door handler, command, button, tool
 * and class of action has a row; the engine does not start when one has none.
 */

enum actor_kind {
	ACTOR_ACCOUNT, /* of a chat platform, linked to a person or not */
	ACTOR_TOOL,    /* an HTTP client with a tool's token */
	ACTOR_LOCAL,   /* the person at the machine */
	ACTOR_KIND_COUNT
};

struct actor {
	enum actor_kind kind;
	char name[160]; /* "local", "tool:ci", "telegram:42": audit and keys */
	char user_id[40]; /* of the linked person; "" for a guest */
	/* The account, or the session that a tool is bound to. */
	char connector[32];
	char external_id[257];
	/* Work that was asked for earlier never has more than its asker had
	 * then, whatever they have become. */
	bool is_capped;
	enum role cap;
};

enum policy_flag {
	/* A daemon at its own door: the door is the proof, there is no actor. */
	POLICY_DOOR = 1,
	/* Over HTTP alone: the local credential, and tools where they may. */
	POLICY_HTTP = 2,
	/* A tool's token may too; without it none can, whatever its role. */
	POLICY_TOOL = 4,
	/* Whoever it belongs to needs no role. */
	POLICY_OWN = 8,
	/* Guests only where AGENT_RUNTIME_GUEST_COMMANDS names it. */
	POLICY_LISTED = 16,
	/* About a thing that is named by id: decided in its workspace. */
	POLICY_BY_ID = 32,
};

struct policy_row {
	const char *operation; /* a message type, "command.<name>", … */
	enum role role;	       /* the least, in the workspace it is about */
	unsigned flags;
	const char *help;
};

extern const struct policy_row policy_rows[];
extern const size_t n_policy_rows;

const struct policy_row *policy_find(const char *operation);

/* What decides, once it has been looked up. */
struct policy_facts {
	enum actor_kind kind;
	enum role role; /* in the workspace that it is about */
	bool is_linked; /* to a person */
	bool is_own;	/* what it is about belongs to the actor */
	bool is_listed; /* guests may use this command here */
};

enum policy_verdict {
	POLICY_ALLOWED,
	POLICY_NO_ACTOR_MAY,
	POLICY_NEEDS_LOCAL,
	POLICY_NOT_FOR_TOOLS,
	POLICY_ONLY_OWN,
	POLICY_NOT_FOR_GUESTS,
	POLICY_NOT_LINKED,
	POLICY_TOO_WEAK,
};
/* Pure. */
enum policy_verdict
policy_decide(const struct policy_row *row, const struct policy_facts *facts);

/* What a decision needs to know of this installation. */
struct policy {
	struct store *store;
	const char *guest_commands; /* CSV */
};

/* What the operation is about. */
struct policy_target {
	const char *workspace_id; /* "" for what belongs to none: the role
				     must then be held for all */
	const char *connector;	  /* of its context; "" when it has none */
	const char *external_id;
	const char *asked_by; /* actor that it belongs to; "" if nobody */
};

/*
 * Whether the actor may do that to that. target NULL: it is not known yet, and
 * the answer is whether the actor may ever. ERR_REFUSED says what, why and who
 * can allow it; an operation without a row is a bug.
 */
int policy_check(const struct policy *policy, const struct actor *actor,
    const char *operation, const struct policy_target *target,
    struct err *err) MUST_CHECK;

/*
 * The actor's role in a workspace; ROLE_EVERYWHERE: that it holds for all;
 * NULL: the strongest that it holds anywhere. In their own private workspace
 * everybody is at least a member.
 */
int policy_role(const struct policy *policy, const struct actor *actor,
    const char *workspace_id, enum role *role_out, struct err *err) MUST_CHECK;

/* Whether one of the items of a CSV is text, in any case. */
bool csv_has(const char *csv, const char *text);

#endif
