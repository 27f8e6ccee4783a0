/* Tells the engine which replies were handed over. */

#include "services/api/delivered.h"

#include <stdio.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/bounds.h"
#include "proto/chat.h"
#include "services/api/api.h"

enum {
	/* A count that people look at need not be younger. */
	TELL_AFTER_MS = 20,
	DEADLINE_MS = 10 * 1000,
};

struct note {
	char delivery_id[ID_UUID_SIZE];
	char cause[ID_ULID_SIZE];
};

struct delivered {
	struct bus *bus;
	struct timer *timer;
	struct note notes[BOUND_DELIVERIES];
	size_t n_notes;
};

/* Nobody waits for this answer; that it is lost costs a wrong count. */
static void
on_noted(void *arg, const struct envelope *answer, const struct err *err)
{
	(void)arg;
	if (answer == NULL)
		log_warn(
		    "delivered-not-noted", "text=%s", log_quote(err->text));
}

/* One request for all: each would cost the engine as much as a message. */
static void
tell(struct delivered *d)
{
	const char *ids[BOUND_DELIVERIES];
	struct chat_delivered delivered = { .delivery_ids = ids,
		.n_delivery_ids = d->n_notes };
	AUTO(buf_release)
	struct buf body;
	struct bus_call call = {
		.to = SVC_TASK_ENGINE,
		.type = "chat.delivered",
		.cause = d->n_notes == 1 ? d->notes[0].cause : NULL,
		.deadline_ms = clock_unix_ms() + DEADLINE_MS,
		.body = &body,
	};
	struct err err;

	for (size_t i = 0; i < d->n_notes; i++)
		ids[i] = d->notes[i].delivery_id;
	buf_init(&body);
	chat_delivered_encode(&delivered, &body);
	if (bus_call(d->bus, &call, on_noted, NULL, &err) < 0)
		log_warn("delivered-not-noted", "text=%s", log_quote(err.text));
}

static void
tell_all(void *arg)
{
	struct delivered *d = arg;

	if (d->n_notes > 0)
		tell(d);
	d->n_notes = 0;
}

void
delivered_open(struct delivered **delivered_out, struct svc *svc)
{
	struct delivered *d = xcalloc(1, sizeof(*d));

	d->bus = svc->bus;
	d->timer = timer_new(svc->loop, tell_all, d);
	*delivered_out = d;
}

void
delivered_close(struct delivered **slot)
{
	if (*slot == NULL)
		return;
	tell_all(*slot);
	timer_free(&(*slot)->timer);
	xfree(slot);
}

void
delivered_note(struct delivered *d, const char *delivery_id, const char *cause)
{
	struct note *note = &d->notes[d->n_notes++];

	snprintf(
	    note->delivery_id, sizeof(note->delivery_id), "%s", delivery_id);
	snprintf(note->cause, sizeof(note->cause), "%s", cause);
	if (d->n_notes == N_OF(d->notes))
		tell_all(d);
	else if (!timer_is_running(d->timer))
		timer_start(d->timer, TELL_AFTER_MS, 0);
}
