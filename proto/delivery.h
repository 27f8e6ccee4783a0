#ifndef PROTO_DELIVERY_H
#define PROTO_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/shape.h"

/*
 * Outbound messages. delivery.ready is a doorbell (published, body {}); the
 * gateway then claims due rows, which leases them for 60 s, sends them part by
 * part and reports each part before it sends the next.
 */
struct delivery_claim {
	int64_t max; /* rows, 1 to 32 */
};
PROTO_MESSAGE(delivery_claim);

struct delivery {
	const char *delivery_id;
	const char *lease; /* quoted in every result */
	const char *chat_id;
	const char *reply_to_id;
	const char *text;      /* Markdown */
	const char *action_id; /* its buttons decide that action; "": none */
	const char *idempotency_key;
	bool is_urgent;
	int64_t attempt;      /* from 1 */
	int64_t n_parts_sent; /* go on with this part (from 0) */
	/* The platform's message that part edit_part takes the place of, and
	 * which loses its buttons; "": all parts are new messages. */
	const char *edit_id;
	int64_t edit_part;
	bool is_part_uncertain; /* that part was begun and not reported */
	bool is_partial;	/* an answer that goes on: one part, no more */
	bool shows_anew; /* where that message is gone, it is a new one */
	int64_t lease_until_ms;
};
PROTO_MESSAGE(delivery);

struct delivery_batch {
	struct delivery *deliveries;
	size_t n_deliveries;
	bool has_more;
};
PROTO_MESSAGE(delivery_batch);

/* delivery.result: what became of one part, or of the row. */
struct delivery_result {
	const char *delivery_id;
	const char *lease;
	const char *outcome;	 /* "begun" "sent" "retry" "refused" */
	int64_t part;		 /* from 0 */
	bool is_last;		 /* with "sent": the row is done */
	const char *platform_id; /* with "sent" */
	int64_t retry_after_ms;	 /* with "retry" */
	const char *reason;	 /* with "retry" and "refused" */
};
PROTO_MESSAGE(delivery_result);

struct delivery_noted {
	const char *state; /* the row's state now; "stale" for an old lease */
	int64_t lease_until_ms;
};
PROTO_MESSAGE(delivery_noted);

#endif
