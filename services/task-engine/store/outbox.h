#ifndef TASK_ENGINE_STORE_OUTBOX_H
#define TASK_ENGINE_STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct blame;
struct err;
struct store;

/*
 * Outbound messages: queued -> sending -> sent | failed, one row a message for
 * people. The engine judges leases at the claim.
 */
struct outbox_row {
	const char *id;
	const char *instance; /* leaves by: "telegram.main", "api.main" */
	const char *connector;
	const char *chat_id; /* external id of the context */
	const char *context_id;
	int64_t message_seq;	 /* its row in messages */
	int64_t in_reply_to_seq; /* the inbound message it answers; 0: none */
	const char *task_id;	 /* of a task's result; "" */
	const char *action_id;	 /* that its notice asks about; "" */
	bool has_buttons;	 /* that decide it */
	const char *edits_id;	 /* the row whose message it changes; "" */
	int64_t partial_of_seq;	 /* the message it begins to answer; 0: none */
	const char *reply_to_id; /* the platform's id of what it answers */
	const char *text;
	bool is_urgent;
	bool is_handled; /* a command or a turn dealt with the message */
	const char *state;
	int64_t attempt;
	const char *lease;
	int64_t lease_until_ms;
	int64_t due_ms;
	int64_t first_tried_ms;
	int64_t n_parts_sent;
	bool is_part_uncertain;
	bool maybe_doubled;
	const char *error;
	int64_t created_ms;
	int64_t n_deaths; /* of its gateway's processes while they had it */
};

int store_outbox_add(struct store *store, const struct outbox_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;

/* The messages under whose buttons an action is decided. */
int store_outbox_cards(struct store *store, const char *action_id,
    struct arena *arena, struct outbox_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/*
 * A message with the buttons of an action that no report told of: the platform
 * took it, that was not heard, and the card is sent again.
 */
struct outbox_copy {
	const char *instance, *chat_id, *action_id;
	const char *platform_id;
};
/* Notes it under that id as a card that was sent; 1: it is known, or each
 * card of the action there is surely one message. */
int store_outbox_copy(struct store *store, const char *id,
    const struct outbox_copy *copy, int64_t now_ms, struct err *err) MUST_CHECK;

/* The last message of that card's chat that says what became of its action;
 * 1: there is none. */
struct outbox_told {
	int64_t message_seq;
	const char *text;
};
int store_outbox_told(struct store *store, const struct outbox_row *card,
    struct arena *arena, struct outbox_told *out, struct err *err) MUST_CHECK;

/* The last part of a row that was sent; 1: there is none. */
struct outbox_shown {
	int64_t part; /* from 0 */
	const char *platform_id;
};
int store_outbox_shown(struct store *store, const char *id, const char *chat_id,
    struct arena *arena, struct outbox_shown *out, struct err *err) MUST_CHECK;

/* Return 1 when there is none. */
int store_outbox_get(struct store *store, const char *id, struct arena *arena,
    struct outbox_row *out, struct err *err) MUST_CHECK;
/* What is shown of the answer to that message while it is made. */
int store_outbox_partial(struct store *store, int64_t message_seq,
    struct arena *arena, struct outbox_row *out, struct err *err) MUST_CHECK;
/* The answer to that inbound message. */
int store_outbox_of_message(struct store *store, int64_t message_seq,
    struct arena *arena, struct outbox_row *out, struct err *err) MUST_CHECK;

/*
 * The action whose notice that message of the platform is; 1: it is none.
 * platform_id: of any part of it.
 */
int store_outbox_notice(struct store *store, const char *instance,
    const char *chat_id, const char *platform_id, struct arena *arena,
    const char **action_id_out, struct err *err) MUST_CHECK;
/* Whether that chat was told of the action: 0 if so, 1 if not. */
int store_outbox_is_notice(struct store *store, const char *instance,
    const char *chat_id, const char *action_id, struct err *err) MUST_CHECK;

/*
 * At most limit due rows of the instance, urgent ones first: the oldest of
 * each chat and only that, so no chat has two under way. Changes nothing.
 */
int store_outbox_due(struct store *store, const char *instance, int64_t now_ms,
    int64_t limit, struct arena *arena, struct outbox_row **rows_out,
    size_t *n_out, struct err *err) MUST_CHECK;

/* What the instance has under a lease that has not ended, in that order. */
int store_outbox_leased(struct store *store, const char *instance,
    const char *lease, int64_t now_ms, struct arena *arena,
    struct outbox_row **rows_out, size_t *n_out, struct err *err) MUST_CHECK;

/* Writes what a claim or a result changed: state, attempt, lease, times,
 * parts, marks, error. */
int store_outbox_update(struct store *store, const struct outbox_row *row,
    int64_t now_ms, struct err *err) MUST_CHECK;

/* state: "begun" "sent". A part that was sent stays sent. */
int store_outbox_part(struct store *store, const char *id, int64_t part,
    const char *state, const char *platform_id, int64_t now_ms,
    struct err *err) MUST_CHECK;

/* Marks it sent whatever its state; 1 when there is no such row. */
int store_outbox_sent(struct store *store, const char *id, int64_t now_ms,
    struct err *err) MUST_CHECK;

/* What the instance has leased is due at once, and under the old lease no
 * more; blame: for how the process that had it has ended. */
int store_outbox_release(struct store *store, const char *instance,
    const struct blame *blame, int64_t now_ms, struct err *err) MUST_CHECK;

/* What the instance is sending under leases that end after that time; counted
 * if it is to be, or any row of it that is not sent has seen a death. */
struct outbox_under_way {
	int64_t n;
	int64_t n_suspect; /* that have seen a death */
};
int store_outbox_under_way(struct store *store, const char *instance,
    int64_t until_ms, bool is_counted, struct outbox_under_way *out,
    struct err *err) MUST_CHECK;

/* Unsent rows that have seen so many deaths. */
int store_outbox_poison(struct store *store, const char *instance,
    int64_t n_deaths, struct arena *arena, struct outbox_row **rows_out,
    size_t *n_out, struct err *err) MUST_CHECK;

/* The bot is not in that workspace any more: what waits will not be sent. */
int store_outbox_end_place(struct store *store, const char *instance,
    const char *workspace_id, const char *reason, int64_t now_ms,
    int64_t *n_out, struct err *err) MUST_CHECK;

/* The chat has another id now, and other numbers of messages. */
int store_outbox_move(struct store *store, const char *connector,
    const char *old_chat_id, const char *chat_id, int64_t now_ms,
    struct err *err) MUST_CHECK;

/* Instances that have due rows, for doorbells. */
int
store_outbox_instances(struct store *store, int64_t now_ms, struct arena *arena,
    const char ***instances_out, size_t *n_out, struct err *err) MUST_CHECK;

#endif
