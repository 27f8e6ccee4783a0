#ifndef TASK_ENGINE_AUDIT_AUDIT_H
#define TASK_ENGINE_AUDIT_AUDIT_H

#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct store;

/*
 * What was done, by whom, chained: every row carries the SHA-256 of the row
 * before it together with its own fields, so none can be changed, removed or
 * put in between unnoticed.
 */
struct audit_entry {
	const char *actor;
	const char *operation;	  /* "task.cancel" */
	const char *workspace_id; /* "" when it belongs to none */
	const char *subject;	  /* what it was done to */
	const char *detail;	  /* one line; never a secret */
};

/* Within the transaction of what it records. */
int audit_add(struct store *store, const struct audit_entry *entry,
    int64_t now_ms, struct err *err) MUST_CHECK;

/*
 * Checks the chain from its beginning, or from where an earlier slice ended,
 * at most limit rows. Returns 1 when the end was reached. ERR_CONFLICT: the
 * chain is broken at the row that the text names.
 */
struct audit_check {
	int64_t seq; /* last row that was checked; 0 to begin */
	char sha256[65];
};
int audit_verify(struct store *store, struct audit_check *check, int64_t limit,
    struct err *err) MUST_CHECK;

#endif
