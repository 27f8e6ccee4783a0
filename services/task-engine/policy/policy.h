#ifndef TASK_ENGINE_POLICY_POLICY_H
#define TASK_ENGINE_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;

/*
 * The one table of who may do what. Every door handler and every command has a
 * row; the engine does not start when one has none.
 */

/* Weakest first. */
enum actor_kind {
	ACTOR_GUEST, /* an unlinked account of a chat platform */
	ACTOR_TOOL,  /* an HTTP client with a tool's token */
	ACTOR_LOCAL, /* the person at the machine */
	ACTOR_KIND_COUNT
};

struct actor {
	enum actor_kind kind;
	char name[160]; /* "local", "tool:ci", "telegram:42": audit and keys */
	/* ACTOR_TOOL: the session that it is bound to. */
	char connector[32];
	char external_id[256];
};

const char *actor_kind_name(enum actor_kind kind);
enum actor_kind actor_kind_parse(const char *name); /* unknown: guest */
/* The kind in an actor's whole name ("tool:ci"), as tasks keep it. */
enum actor_kind actor_kind_of(const char *actor_name);

enum policy_need {
	/* A daemon at its own door: the door is the proof, there is no actor. */
	NEED_DOOR,
	NEED_GUEST,
	NEED_TOOL,
	NEED_LOCAL,
};

struct policy_row {
	const char *operation; /* a message type, or "command.<name>" */
	enum policy_need need;
	bool own_only; /* below local: only what belongs to the actor itself */
	const char *help;
};

extern const struct policy_row policy_rows[];
extern const size_t n_policy_rows;

const struct policy_row *policy_find(const char *operation);

/* What the operation is about. */
struct policy_target {
	const char *connector; /* of its context; "" when it has none */
	const char *external_id;
	const char *asked_by; /* actor that it belongs to; "" if nobody */
};

/*
 * Whether the actor may do that to that. target NULL: it has none. ERR_REFUSED
 * says why; an operation without a row is a bug.
 */
int policy_check(const struct actor *actor, const char *operation,
    const struct policy_target *target, struct err *err) MUST_CHECK;

#endif
