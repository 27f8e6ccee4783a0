#ifndef TASK_ENGINE_DELIVERY_LEASE_H
#define TASK_ENGINE_DELIVERY_LEASE_H

#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct delivery_batch;
struct delivery_noted;
struct delivery_result;
struct err;
struct outbox_row;
struct store;

/*
 * How outbound rows change hands. A gateway leases due rows, reports each part
 * before it sends the next, and so renews its lease; whoever comes too late is
 * told "stale" and must stop. Both run within a transaction.
 */
enum {
	LEASE_MS = 60 * 1000,
	/* The platform's own back-off is followed for so long. */
	GIVE_UP_MS = 24 * 60 * 60 * 1000,
};

/*
 * The id is that of the request, and what it gets is leased under it: asked
 * again it gets what is still leased so, as the rows are by then.
 */
struct claim {
	const char *instance;
	const char *id;
	int64_t max;
	int64_t now_ms;
};
int
lease_claim(struct store *store, const struct claim *claim, struct arena *arena,
    struct delivery_batch *out, struct err *err) MUST_CHECK;

int lease_result(struct store *store, const char *instance,
    const struct delivery_result *result, int64_t now_ms, struct arena *arena,
    struct delivery_noted *out, struct err *err) MUST_CHECK;

/* The row becomes a dead letter. */
int lease_give_up(struct store *store, struct outbox_row *row,
    const char *reason, int64_t now_ms, struct err *err) MUST_CHECK;

#endif
