#ifndef TASK_ENGINE_PEOPLE_PAIRING_H
#define TASK_ENGINE_PEOPLE_PAIRING_H

#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/policy/policy.h"

struct arena;
struct err;
struct pairing_row;
struct pairing_started;
struct store;

/*
 * Linking an account to a person by a one-time token of 80 random bits, of
 * which only the hash is kept. All within a transaction, with their audit rows.
 * Whether the actor may decide at all was asked before, of the policy table.
 */
enum { PAIRING_TOKEN_SIZE = 16 + 1, PAIRING_TTL_S = 10 * 60 };

struct pairing_new {
	const char *connector;
	const char *connector_user_id;
	const char *display_name;
	const char *context_id; /* where the outcome is told; "" nowhere */
	const char *instance;
	int64_t ttl_s; /* 0: PAIRING_TTL_S */
};

/*
 * Ends what was pending of that account. ERR_INVALID: a connector without
 * people; ERR_CONFLICT: it is linked already.
 */
int pairing_start(struct store *store, const struct actor *actor,
    const struct pairing_new *in, int64_t now_ms, struct arena *arena,
    struct pairing_started *out, struct err *err) MUST_CHECK;

/* By the token, in any case; one that ran out reads "expired". ERR_NOT_FOUND. */
int pairing_find(struct store *store, const char *token, int64_t now_ms,
    struct arena *arena, struct pairing_row *out, struct err *err) MUST_CHECK;

struct pairing_grant {
	const char *token;
	enum role role;
	const char *workspace_id;   /* or ROLE_EVERYWHERE */
	const char *target_user_id; /* an existing person, or "": a new one */
	const char *remark;	    /* who the request says approves; "" */
};

struct pairing_link {
	const char *id;
	const char *user_id;
	const char *identity_id;
	const char *display_name;
	const char *connector;
	const char *connector_user_id;
	enum role role; /* that they hold there now */
};

/*
 * A person who exists keeps what they hold there if it is stronger. Nobody
 * grants a role above their own there, and only overlords make
 * overlords (ERR_REFUSED). The one who asked is told where they asked.
 */
int pairing_approve(const struct policy *policy, const struct actor *actor,
    const struct pairing_grant *grant, int64_t now_ms, struct arena *arena,
    struct pairing_link *out, struct err *err) MUST_CHECK;
/* A token in the reason or the remark is cut out: see *out. */
int pairing_deny(struct store *store, const struct actor *actor,
    const char *token, const char *reason, const char *remark, int64_t now_ms,
    struct arena *arena, struct pairing_row *out, struct err *err) MUST_CHECK;

/*
 * The text without the tokens of requests in it: they are secrets, and what is
 * said is written down, indexed and quoted to models. Mostly the text itself.
 */
int pairing_redact(struct store *store, const char *text, struct arena *arena,
    const char **text_out, struct err *err) MUST_CHECK;

/* Whether the actor may give (or take away) that role there; says why not. */
int role_check_grant(const struct policy *policy, const struct actor *actor,
    enum role role, const char *workspace_id, struct err *err) MUST_CHECK;

#endif
