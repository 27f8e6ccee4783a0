#ifndef TASK_ENGINE_APPROVALS_APPROVALS_H
#define TASK_ENGINE_APPROVALS_APPROVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/approvals/types.h"
#include "services/task-engine/store/actions.h"

struct actor;
struct arena;
struct context_row;
struct err;
struct policy;
struct proposal;
struct store;

/*
 * The life of an action that needs a person: proposed, shown whole, decided
 * once, recorded. Approving one grants nothing else.
 *
 * All calls run within a transaction, with their audit rows.
 */
struct approvals {
	struct store *store;
	const struct policy *policy;
	const struct action_type *types;
	size_t n_types;
	int64_t ttl_s;	     /* then nobody can decide it any more */
	int64_t max_pending; /* of one asker */
	bool is_separated;   /* nobody approves what they asked for */
};

/* Whoever it is proposed for, and why. */
struct proposing {
	const struct actor *asker;
	const char *asked_as; /* name of the role */
	const struct context_row *context;
	const char *instance;	       /* that it was asked through */
	const char *requester_user_id; /* the platform's; "local" */
	int64_t message_seq;	       /* that led to it; 0: none */
	int64_t turn_id;	       /* that it was proposed in */
	const char *provenance;	       /* one line, canonical (canonical.h) */
};

/* How many more may wait for that asker. */
int approvals_room(const struct approvals *approvals, const struct actor *asker,
    int64_t now_ms, int64_t *n_out, struct err *err) MUST_CHECK;

/* The row of a proposal, under a new id. Changes nothing. */
struct action_row approvals_row(const struct approvals *approvals,
    const struct proposing *proposing, const struct proposal *proposal,
    int64_t now_ms, struct arena *arena);

/*
 * Stores it, pending, and posts its notice, whole, to the admin channels and
 * the hubs; without any, to where it was asked for, if that is a chat. Whether
 * it may be proposed is the caller's question to the policy table.
 */
int approvals_propose(const struct approvals *approvals,
    const struct proposing *proposing, const struct action_row *row,
    int64_t now_ms, struct arena *arena, struct err *err) MUST_CHECK;

/* Who decides, and by which way that came. */
struct decider {
	const struct actor *actor;
	const char *operation;	/* of the policy table */
	const char *context_id; /* where it was said; "" over HTTP */
	const char *remark;	/* kept in the audit; decides nothing */
	int64_t now_ms;
};

/* Pending ones that the decider may decide. Without payload. */
struct approvals_query {
	const char *context_id; /* "": everywhere */
	const char *prefix;	/* of the id */
	bool is_newest_first;
	size_t limit;
};
int approvals_pending(const struct approvals *approvals,
    const struct decider *decider, const struct approvals_query *query,
    struct arena *arena, struct action_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;
enum { APPROVALS_LIST_MAX = 50, APPROVALS_SHORT_MIN = 4 };

/*
 * The whole id of what was typed, which may be the beginning of it: four
 * characters or more of the random part, among pending ones that the decider
 * may decide. Returns 1 when it begins several: *rows_out, the first of them.
 * ERR_NOT_FOUND when it begins none.
 */
int approvals_resolve(const struct approvals *approvals,
    const struct decider *decider, const char *typed, struct arena *arena,
    const char **id_out, struct action_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/*
 * The action by its whole id. ERR_NOT_FOUND when there is none that the
 * decider may decide: of others they do not hear.
 */
int approvals_get(const struct approvals *approvals,
    const struct decider *decider, const char *id, struct arena *arena,
    struct action_row *out, struct err *err) MUST_CHECK;

/*
 * Decide it; *out is how it stands then. Return 1, changing nothing, when it
 * was decided or had expired before. ERR_NOT_FOUND as above; ERR_REFUSED says
 * why they may not. A type without an executor is recorded as skipped.
 */
int approvals_approve(const struct approvals *approvals,
    const struct decider *decider, const char *id, struct arena *arena,
    struct action_row *out, struct err *err) MUST_CHECK;
int approvals_deny(const struct approvals *approvals,
    const struct decider *decider, const char *id, const char *reason,
    struct arena *arena, struct action_row *out, struct err *err) MUST_CHECK;

/* What became of one that was executing; 1 when it was not. */
int approvals_record(const struct approvals *approvals, const char *id,
    const char *execution_status, const char *message, int64_t now_ms,
    struct arena *arena, struct err *err) MUST_CHECK;

/* Marks what nobody decided in time, at most limit, and tells whoever asked.
 * Judged anew wherever it matters: this only tidies. */
int approvals_expire(const struct approvals *approvals, int64_t limit,
    int64_t now_ms, struct arena *arena, int64_t *n_out,
    struct err *err) MUST_CHECK;

/* At start: what was executing may have happened, and is never run again. */
int approvals_recover(struct store *store, int64_t now_ms, struct arena *arena,
    int64_t *n_out, struct err *err) MUST_CHECK;

/*
 * Denies what is pending of that actor ("telegram:42", "tool:ci") and of the
 * tools that speak as that account, because it lost its role, its link or its
 * token. by: who did that.
 */
int approvals_cancel_of(struct store *store, const char *asked_by,
    const char *by, const char *why, int64_t now_ms, struct arena *arena,
    int64_t *n_out, struct err *err) MUST_CHECK;

#endif
