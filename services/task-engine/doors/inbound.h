#ifndef TASK_ENGINE_DOORS_INBOUND_H
#define TASK_ENGINE_DOORS_INBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct actor;
struct arena;
struct err;
struct message_attachment;
struct message_row;
struct place;
struct svc;

/*
 * The one way that every inbound message takes, from a gateway or over HTTP:
 * dedupe, record, command, policy, agent.
 */
struct inbound {
	const struct actor *actor;
	const struct place *place;
	struct message_row *message; /* all but seq and ids of places */
	bool asker_waits;	     /* HTTP: silence has to be said too */
	bool is_silent; /* an attachment without words asks nothing */
	const struct message_attachment *attachments;
	size_t n_attachments;
};

/* Returns 1 when it was here before; *seq_out is its row in both cases. */
int inbound_take(struct svc *svc, const struct inbound *in, int64_t now_ms,
    struct arena *arena, int64_t *seq_out, struct err *err) MUST_CHECK;

/*
 * What would become of a message, without an effect: svc->hearing says it. 0: a
 * turn would answer it; 1: none would.
 */
struct heard;
int inbound_would(struct svc *svc, const struct heard *heard,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
