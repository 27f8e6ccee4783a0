#ifndef TASK_ENGINE_STORE_ACTIONS_H
#define TASK_ENGINE_STORE_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/*
 * Actions that wait for a person, and what became of them: pending -> approved
 * | denied | expired, and the execution of an approved one: not_executed ->
 * executing -> succeeded | failed | unknown, or skipped. Every change is
 * guarded by the state that it leaves, so one of two wins.
 */
struct action_row {
	int64_t seq;
	const char *id; /* act_<uuid> */
	const char *workspace_id;
	const char *context_id; /* where it was asked for */
	const char *connector;
	const char *external_id;
	const char *requester_user_id; /* of the platform */
	const char *type;
	const char *target;
	const char *summary;
	const char *payload;	    /* the bytes that run, and no others */
	const char *payload_sha256; /* of them */
	const char *status;
	const char *approver_user_id; /* who decided, as policy names them */
	const char *denied_reason;
	const char *execution_status;
	const char *execution_message;
	const char *executor;
	int64_t executed_at_unix;
	int64_t created_at_unix;
	int64_t updated_at_unix;
	int64_t expires_at_unix;
	const char *asked_by; /* by whose authority, and the role then */
	const char *asked_as;
	const char *asked_user_id; /* the person behind, then; "" for a guest */
	int64_t message_seq;	   /* that led to it; 0: none */
	int64_t turn_id;	   /* that proposed it; 0: not known */
	const char *provenance;
};

/* The row's seq and states are ignored: it is pending. */
int store_action_add(struct store *store, const struct action_row *row,
    struct err *err) MUST_CHECK;
/* Returns 1 when there is none. */
int store_action_get(struct store *store, const char *id, struct arena *arena,
    struct action_row *out, struct err *err) MUST_CHECK;

/* Without payload and provenance, which are long. */
int store_action_brief(struct store *store, const char *id, struct arena *arena,
    struct action_row *out, struct err *err) MUST_CHECK;

/* How many of that actor are pending and not yet expired. */
int store_actions_count(struct store *store, const char *asked_by,
    int64_t now_unix, int64_t *n_out, struct err *err) MUST_CHECK;

/*
 * Keys of pending ones in the order of their making, or the other way round,
 * beyond that seq. user_id "": all; else where that person holds a role.
 * context_id "": everywhere. prefix: of the id.
 */
struct action_key {
	int64_t seq;
	const char *id;
	const char *workspace_id;
};
struct action_filter {
	bool is_newest_first;
	int64_t beyond_seq;
	int64_t now_unix;
	const char *user_id;
	const char *context_id;
	const char *prefix;
	int64_t limit;
};
int store_actions_pending(struct store *store,
    const struct action_filter *filter, struct arena *arena,
    struct action_key **keys_out, size_t *n_out, struct err *err) MUST_CHECK;

/* Newest first, in that state or "" for any, of a workspace or "" for all. */
int store_actions_list(struct store *store, const char *status,
    const char *workspace_id, int64_t limit, struct arena *arena,
    struct action_key **keys_out, size_t *n_out, struct err *err) MUST_CHECK;

/*
 * From pending to what the row says: status, approver_user_id, denied_reason,
 * execution_status, execution_message, executor, executed_at_unix. Returns 1,
 * changing nothing, when it is not pending any more or has expired.
 */
int store_action_decide(struct store *store, const struct action_row *row,
    int64_t now_unix, struct err *err) MUST_CHECK;
/* Returns 1 when it is not pending, or its time has not come. */
int store_action_expire(struct store *store, const char *id, int64_t now_unix,
    struct err *err) MUST_CHECK;
/* Returns 1 when it is not executing. */
int store_action_record(struct store *store, const char *id,
    const char *execution_status, const char *message, int64_t now_unix,
    struct err *err) MUST_CHECK;

/* Pending ones whose time is over; those that were executing; those of an
 * actor, and of the tools that speak as that account, that are pending. */
int store_actions_overdue(struct store *store, int64_t now_unix, int64_t limit,
    struct arena *arena, struct action_key **keys_out, size_t *n_out,
    struct err *err) MUST_CHECK;
int store_actions_executing(struct store *store, struct arena *arena,
    struct action_key **keys_out, size_t *n_out, struct err *err) MUST_CHECK;
int
store_actions_of(struct store *store, const char *asked_by, struct arena *arena,
    struct action_key **keys_out, size_t *n_out, struct err *err) MUST_CHECK;

#endif
