#ifndef TASK_ENGINE_STORE_AUDIT_ROWS_H
#define TASK_ENGINE_STORE_AUDIT_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

struct audit_row {
	int64_t seq;
	const char *id; /* "audit_<uuid>" */
	int64_t at_ms;
	const char *actor;
	const char *operation;
	const char *workspace_id;
	const char *subject;
	const char *detail;
	const char *sha256; /* over the previous row's and this row's fields */
};

int store_audit_add(struct store *store, const struct audit_row *row,
    struct err *err) MUST_CHECK;
/* The newest one's sha256; "" when there is none. */
int store_audit_head(struct store *store, struct arena *arena,
    const char **sha256_out, struct err *err) MUST_CHECK;
int store_audit_list(struct store *store, int64_t after_seq, int64_t limit,
    struct arena *arena, struct audit_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

#endif
