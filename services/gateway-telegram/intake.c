/* Updates that wait for their turn, and how far all of them have come. */

#include "services/gateway-telegram/intake.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/connector.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "services/gateway-telegram/gateway.h"
#include "services/gateway-telegram/handover.h"
#include "services/gateway-telegram/poll.h"

enum { HISTORY_MS = 24 * 60 * 60 * 1000 };

struct intake {
	struct svc *svc;
	struct handover *all; /* in the order of their updates */
	int64_t offset;	      /* behind all that was taken */
	int64_t told;	      /* the cursor that the engine has */
	bool is_first_start;
	bool is_handing; /* some were taken, and not all are committed */
	bool is_going_on, is_to_go_on;
};

int64_t
intake_cursor(const struct intake *in, const struct handover *h)
{
	return in->all == h && !h->next ? in->offset : 0;
}

/* On its way, and not for long. */
static bool
is_quick(const struct handover *h)
{
	return h->is_begun && !h->waits_for_file;
}

/* Chats keep their order, whatever becomes of a request on its way; the last
 * one has the cursor, and waits for all but files. */
static bool
has_its_turn(const struct intake *in, const struct handover *h)
{
	for (const struct handover *i = in->all; i != h; i = i->next)
		if ((!h->next && is_quick(i)) ||
		    strcmp(i->update.chat_id, h->update.chat_id) == 0)
			return false;
	return true;
}

static void
begin_some(struct intake *in)
{
	struct handover *h;

	DL_FOREACH (in->all, h)
		if (!h->is_begun && has_its_turn(in, h))
			handover_begin(h);
}

static void
let_go(struct intake *in)
{
	struct handover *h, *next;

	DL_FOREACH_SAFE(in->all, h, next)
	{
		if (!h->is_done)
			continue;
		if (h->cursor)
			in->told = h->cursor;
		DL_DELETE(in->all, h);
		handover_free(&h);
	}
}

/* What Telegram will be asked from, and the next process if this one ends. */
static void
commit(struct intake *in)
{
	char cursor[24];

	in->is_handing = in->is_first_start = false;
	snprintf(cursor, sizeof(cursor), "%" PRId64, in->offset);
	if (in->offset > 0)
		connector_set_cursor(in->svc->connector, cursor);
	poll_committed(in->svc->poll, in->offset);
}

/* Whether all that is left waits for files. */
static bool
is_held(const struct intake *in)
{
	const struct handover *h;

	DL_FOREACH (in->all, h)
		if (is_quick(h))
			return false;
	return true;
}

static void
look(struct intake *in)
{
	/* Nobody had it with them: there was nothing, or a file came last. */
	if (!in->all && in->told != in->offset) {
		struct handover *h = handover_new(in->svc, 0);

		DL_APPEND(in->all, h);
		handover_begin(h);
	} else if (!in->all) {
		commit(in);
	} else if (is_held(in)) {
		poll_held(in->svc->poll, in->all->update_id);
	}
}

/* Whoever is begun may be done at once, and come here again. */
void
intake_go_on(struct intake *in)
{
	in->is_to_go_on = true;
	if (in->is_going_on)
		return;
	in->is_going_on = true;
	while (in->is_to_go_on) {
		in->is_to_go_on = false;
		let_go(in);
		begin_some(in);
		if (!in->is_to_go_on && in->is_handing)
			look(in);
	}
	in->is_going_on = false;
}

static bool
is_history(const struct intake *in, const struct telegram_update *u)
{
	return in->is_first_start && u->event == TELEGRAM_MESSAGE &&
	       u->message.sent_unix_ms < clock_unix_ms() - HISTORY_MS;
}

/* Else the button would look as if it were still being worked on. */
static void
pass_over(struct intake *in, const struct telegram_update *u)
{
	if (*u->query_id)
		telegram_answer_press(in->svc, u->query_id,
		    "This button no longer works.", false);
}

/* False: nothing for the engine. */
static bool
understand(struct intake *in, struct handover *h, const struct json *update)
{
	struct telegram_update *u = &h->update;
	struct svc *svc = in->svc;
	struct err err;

	svc->counters.updates++;
	if (telegram_translate(u, update, &svc->me, h->arena, &err) < 0) {
		svc->counters.dropped++;
		log_error("update-dropped", "update=%" PRId64 " why=%s",
		    h->update_id, log_quote(err.text));
		pass_over(in, u);
		return false;
	}
	if (u->event == TELEGRAM_PRESS)
		u->press.pressed_unix_ms = clock_unix_ms();
	if (is_history(in, u)) {
		u->event = TELEGRAM_NOTHING;
		u->why = "older than a day, and this is the first start";
	}
	if (u->event != TELEGRAM_NOTHING)
		return true;
	svc->counters.ignored++;
	log_debug("update-ignored", "update=%" PRId64 " why=%s", h->update_id,
	    log_quote(u->why));
	pass_over(in, u);
	return false;
}

static void
take(struct intake *in, const struct json *update)
{
	int64_t id = json_int(json_get(update, "update_id"), 0);
	struct handover *h = handover_new(in->svc, id);

	if (id >= in->offset)
		in->offset = id + 1;
	if (understand(in, h, update))
		DL_APPEND(in->all, h);
	else
		handover_free(&h);
}

void
intake_take(struct intake *in, const struct json *updates, int64_t offset)
{
	/* What is not acknowledged is given again. */
	int64_t known = offset < in->offset ? in->offset : 0;

	if (offset == 0 && in->offset == 0)
		in->is_first_start = true;
	if (offset > in->offset)
		in->offset = in->told = offset;
	in->is_handing = true;
	for (const struct json *u = json_first(updates); u; u = json_next(u))
		if (json_int(json_get(u, "update_id"), 0) >= known)
			take(in, u);
	intake_go_on(in);
}

struct intake *
intake_open(struct svc *svc)
{
	struct intake *in = xcalloc(1, sizeof(*in));

	in->svc = svc;
	return in;
}

void
intake_close(struct intake **slot)
{
	struct intake *in = STEAL(*slot);
	struct handover *h, *next;

	if (!in)
		return;
	DL_FOREACH_SAFE(in->all, h, next)
	handover_free(&h);
	xfree(&in);
}
