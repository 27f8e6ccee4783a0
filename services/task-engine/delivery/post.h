#ifndef TASK_ENGINE_DELIVERY_POST_H
#define TASK_ENGINE_DELIVERY_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "libcommon/id.h"

struct buf;
struct bus;
struct context_row;
struct err;
struct loop;
struct outbox_row;
struct store;

/*
 * What goes out: rows in the outbox, doorbells to the gateways, and answers to
 * HTTP clients that wait for theirs.
 */
struct post;

/* Listens to the store's commits from then on. */
void post_open(struct post **post_out, struct store *store, struct bus *bus,
    struct loop *loop);
void post_close(struct post **post);

struct post_note {
	const struct context_row *context;
	const char *instance;	 /* NULL: where the context was last heard */
	int64_t in_reply_to_seq; /* the inbound message; 0: none */
	const char *reply_to_id; /* the platform's id of it, or NULL */
	const char *task_id;	 /* of a task's result, or NULL */
	const char *action_id;	 /* that it asks about, or NULL */
	bool has_buttons;	 /* that decide it */
	const char *edits_id;	 /* of the row whose message changes, or NULL */
	const char *text;	 /* Markdown; "" is allowed for is_handled */
	/* What is kept and logged where text shows a secret; else NULL. */
	const char *kept_text;
	int64_t logged_seq; /* of the message that says so already; 0: none */
	bool is_urgent;
	bool is_handled; /* false: nobody dealt with the message */
};

/*
 * Within a transaction: writes the outbound message and its outbox row, the
 * chat log and the doorbell following after the commit. What answers no
 * message of an HTTP client gets no outbox row: it is not handed to anybody.
 */
int post_add(struct store *store, const struct post_note *note, int64_t now_ms,
    char outbox_id_out[ID_UUID_SIZE], struct err *err) MUST_CHECK;

/*
 * The request behind ticket waits for the answer to that inbound message. It
 * is answered after the commit that brings it, or as still working
 * CHAT_EARLY_MS before the deadline.
 */
void post_wait(struct post *post, int64_t message_seq, const char *key,
    uint64_t ticket, int64_t deadline_ms, int64_t now_ms);

/* It does not wait after all: its transaction was lost. */
void post_forget(struct post *post, uint64_t ticket);

/* The body of chat.turn and chat.result; row NULL: still working. */
void
post_reply_body(struct buf *out, const char *key, const struct outbox_row *row);

#endif
