#ifndef TASK_ENGINE_STORE_AUDIT_ROWS_H
#define TASK_ENGINE_STORE_AUDIT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* What was done, by whom, from where, and why; audit.h says how to fill it. */
struct audit_entry {
	const char *actor;
	const char *operation;	  /* "task.cancel" */
	const char *workspace_id; /* "" when it belongs to none */
	const char *subject;	  /* what it was done to */
	const char *detail;	  /* one line; never a secret */
	const char *speaks_as;	  /* "codex:s1": whom the actor spoke for */
	const char *door;	  /* "gateway-telegram.main"; "": the engine */
	const char *context_id;
	const char *reason;
	const char *cause; /* id of the envelope that led to it */
	bool is_refused;
};

struct audit_row {
	int64_t seq;
	const char *id; /* "audit_<uuid>" */
	int64_t at_ms;
	struct audit_entry entry;
	bool is_keyed;	  /* else from before schema 2: plain SHA-256 */
	const char *hash; /* over the previous row's and this row's fields */
};

int store_audit_add(struct store *store, const struct audit_row *row,
    struct err *err) MUST_CHECK;

/* The end of the log: 0 and "" when there is no row. */
struct audit_last {
	int64_t given; /* the greatest number that was ever given to a row */
	int64_t seq;
	const char *hash;
};
int store_audit_last(struct store *store, struct arena *arena,
    struct audit_last *last_out, struct err *err) MUST_CHECK;

/* The hash of that row; 1 when there is none. */
int store_audit_hash(struct store *store, int64_t seq, struct arena *arena,
    const char **hash_out, struct err *err) MUST_CHECK;
/* The mark of the key that the newest rows are chained with; 1: of none. */
int store_audit_key(struct store *store, struct arena *arena,
    const char **mark_out, struct err *err) MUST_CHECK;

int store_audit_chain(struct store *store, int64_t after_seq, int64_t limit,
    struct arena *arena, struct audit_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/* Of the rows between two numbers, both exclusive; "" and 0 filter nothing. */
struct audit_filter {
	bool is_newest_first;
	int64_t above_seq, below_seq;
	int64_t since_ms, until_ms; /* the latter exclusive */
	const char *operation;	    /* "task." is all that begin so */
	const char *actor;	    /* or whom it spoke for */
	const char *workspace_id;
	const char *outcome;
	int64_t limit;
};
int store_audit_list(struct store *store, const struct audit_filter *filter,
    struct arena *arena, struct audit_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

#endif
