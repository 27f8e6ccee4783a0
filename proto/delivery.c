/* Outbound messages. */

#include "proto/delivery.h"

#include "proto/bounds.h"

static const char *const outcomes[] = {
	"begun",
	"sent",
	"retry",
	"refused",
	NULL,
};

static const char *const states[] = {
	"queued",
	"sending",
	"sent",
	"failed",
	"stale",
	NULL,
};

static const struct field delivery_claim_fields[] = {
	F_INT(struct delivery_claim, max, FIELD_REQUIRED, 1, BOUND_DELIVERIES),
};
SHAPE(delivery, delivery_claim, delivery_claim_fields);

static const struct field delivery_fields[] = {
	F_STR(struct delivery, delivery_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(
	    struct delivery, lease, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct delivery, chat_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_STR(struct delivery, reply_to_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct delivery, text, FIELD_REQUIRED, 1, BOUND_TEXT),
	F_STR(struct delivery, action_id, FIELD_ASCII, 0, BOUND_ID),
	F_STR(struct delivery, idempotency_key, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_BOOL(struct delivery, is_urgent, 0),
	F_INT(struct delivery, attempt, FIELD_REQUIRED, 1, BOUND_INT),
	F_INT(struct delivery, n_parts_sent, 0, 0, BOUND_PARTS),
	F_STR(struct delivery, edit_id, FIELD_TOKEN, 0, BOUND_ID),
	F_INT(struct delivery, edit_part, 0, 0, BOUND_PARTS),
	F_BOOL(struct delivery, is_part_uncertain, 0),
	F_BOOL(struct delivery, is_partial, 0),
	F_BOOL(struct delivery, shows_anew, 0),
	F_INT(struct delivery, lease_until_ms, FIELD_REQUIRED, 0, BOUND_INT),
};
SHAPE(delivery, delivery, delivery_fields);

static const struct field delivery_batch_fields[] = {
	F_LIST(struct delivery_batch, deliveries, FIELD_REQUIRED, delivery,
	    BOUND_DELIVERIES),
	F_BOOL(struct delivery_batch, has_more, 0),
};
SHAPE(delivery, delivery_batch, delivery_batch_fields);

static const struct field delivery_result_fields[] = {
	F_STR(struct delivery_result, delivery_id, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_ID),
	F_STR(struct delivery_result, lease, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_CHOICE(struct delivery_result, outcome, FIELD_REQUIRED, outcomes),
	F_INT(struct delivery_result, part, FIELD_REQUIRED, 0, BOUND_PARTS),
	F_BOOL(struct delivery_result, is_last, 0),
	F_STR(struct delivery_result, platform_id, FIELD_TOKEN, 0, BOUND_ID),
	F_INT(struct delivery_result, retry_after_ms, 0, 0, BOUND_INT),
	F_STR(struct delivery_result, reason, 0, 0, BOUND_NOTE),
};
SHAPE(delivery, delivery_result, delivery_result_fields);

static const struct field delivery_noted_fields[] = {
	F_CHOICE(struct delivery_noted, state, FIELD_REQUIRED, states),
	F_INT(struct delivery_noted, lease_until_ms, 0, 0, BOUND_INT),
};
SHAPE(delivery, delivery_noted, delivery_noted_fields);
