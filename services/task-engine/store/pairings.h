#ifndef TASK_ENGINE_STORE_PAIRINGS_H
#define TASK_ENGINE_STORE_PAIRINGS_H

#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/*
 * Requests to link an account to a person. Only the hash of a token is here.
 * pending -> approved | denied | expired; at most one pending an account.
 */
struct pairing_row {
	const char *id;
	const char *token_hash; /* hex SHA-256 */
	const char *token_hint; /* its last characters */
	const char *connector;
	const char *connector_user_id;
	const char *display_name;
	const char *status;
	int64_t expires_at_unix;
	const char *approved_user_id;
	const char *approver_user_id;
	const char *denied_reason;
	const char *context_id; /* where it was asked for; "" over HTTP */
	const char *instance;
};

int store_pairing_add(struct store *store, const struct pairing_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;
/* Returns 1 when there is none. */
int store_pairing_find(struct store *store, const char *token_hash,
    struct arena *arena, struct pairing_row *out, struct err *err) MUST_CHECK;

/* Return 1, changing nothing, when it is not pending any more. */
int
store_pairing_approved(struct store *store, const char *id, const char *user_id,
    const char *approver, int64_t now_ms, struct err *err) MUST_CHECK;
int
store_pairing_denied(struct store *store, const char *id, const char *approver,
    const char *reason, int64_t now_ms, struct err *err) MUST_CHECK;

/* What is pending of the account, so that a new one may be. */
int store_pairing_end_live(struct store *store, const char *connector,
    const char *connector_user_id, int64_t now_ms, struct err *err) MUST_CHECK;
/* Marks what ran out; forgets what ended before that time. */
int store_pairings_tidy(struct store *store, int64_t now_ms,
    int64_t forget_before_ms, struct err *err) MUST_CHECK;

#endif
