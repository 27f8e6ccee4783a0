#ifndef LIBCOMMON_OUTBOUND_H
#define LIBCOMMON_OUTBOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/split.h"

struct arena;
struct connector;
struct edits;
struct loop;

/*
 * The way of a reply from the engine's outbox to a chat platform: claims due
 * rows, renders and cuts them, tells the engine before and after each part,
 * and goes on where a row was left. What knows the platform is one function
 * that sends one part. Of a chat one row is under way at a time, because the
 * engine leases no more; the parts of a row follow each other.
 */
struct outbound;
struct outbound_job; /* one row under way */

struct outbound_part {
	const char *delivery_id; /* with number: the same at each try */
	int64_t number;
	const char *chat_id;
	const char *reply_to_id; /* the first part's; "" */
	const char *answers_id;	 /* the same for all parts */
	const char *action_id;	 /* the last part's: it gets buttons; "" */
	/* The message that it takes the place of, buttons and all; "" */
	const char *edit_id;
	bool shows_anew; /* where that is gone, as a new message */
	const char *written, *plain;
	bool is_last;
	bool is_uncertain;   /* it may have been sent by an earlier try */
	struct arena *arena; /* lives at least as long as the part */
};

struct outbound_platform {
	struct split_options split;
	unsigned markup_flags;
	struct edits *edits; /* of the same messages, or NULL; not owned */
	/*
	 * Sends the part, which lives until one of the three functions below
	 * is called for the job; that may be at once.
	 */
	void (*send)(void *arg, struct outbound_job *job,
	    const struct outbound_part *part);
};

struct outbound *outbound_open(struct loop *loop, struct connector *connector,
    const struct outbound_platform *platform, void *arg);
/* Drops what is under way: its leases end by themselves. */
void outbound_close(struct outbound **outbound);

/* Whether there is a session to send by; there is none at first. */
void outbound_allow(struct outbound *outbound, bool is_allowed);
/* delivery.ready was heard. */
void outbound_ring(struct outbound *outbound);

void outbound_sent(struct outbound_job *job, const char *platform_id);
/* after_ms > 0: the platform named the time, and has not taken the part. 0: it
 * may have, and the engine decides when to try again. */
void
outbound_retry(struct outbound_job *job, int64_t after_ms, const char *reason);
/* The platform will never take it. */
void outbound_refused(struct outbound_job *job, const char *reason);

/* For beats; they live as long as outbound. */
struct outbound_counters {
	int64_t parts, rows, retries, refused;
};
const struct outbound_counters *
outbound_counters(const struct outbound *outbound);

#endif
