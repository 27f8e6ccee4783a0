#ifndef TASK_ENGINE_AUDIT_VERIFY_H
#define TASK_ENGINE_AUDIT_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "services/task-engine/audit/head.h"

struct err;
struct store;

enum audit_state {
	AUDIT_INTACT,
	AUDIT_EDITED,	 /* a row is not what was written */
	AUDIT_MISSING,	 /* rows were taken out */
	AUDIT_CUT,	 /* rows at the end were taken off */
	AUDIT_RESTORED,	 /* the head is newer: an older copy of the database */
	AUDIT_OTHER_KEY, /* rows need a key that is not here */
	AUDIT_STATE_COUNT
};

const char *audit_state_name(enum audit_state state);

/* How far a check has come; zeroed but for given to begin one. */
struct audit_check {
	struct audit_head given; /* kept elsewhere; seq 0: none */

	struct audit_head at; /* the last row that was looked at */
	bool is_keyed;	      /* that row */
	bool is_our_key;
	int64_t begun_seq; /* newest row that says that key or head were lost */

	enum audit_state state;
	int64_t bad_seq; /* where it is broken */
	char text[256];	 /* the same for people; "" while intact */
};

/*
 * Checks the chain from where an earlier slice ended, at most limit rows, and
 * at its end the head. Returns 1 when there is no more to do: check says what
 * was found.
 */
int audit_verify(struct store *store, struct audit_check *check, int64_t limit,
    struct err *err) MUST_CHECK;

#endif
