/* Events that wait for the engine's word. */

#include "services/gateway-discord/gate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/suspects.h"
#include "services/gateway-discord/frame.h"

enum { FULL = 400, DRAINED = 100, NAME_SIZE = 192 };

/* As text: what a parsed one points into belongs to the session. */
struct waiting {
	struct waiting *prev, *next;
	struct buf text;
	char name[NAME_SIZE];
	int64_t session_number, seq;
};

struct gate {
	struct suspects *suspects;
	const struct gate_events *events;
	void *arg;
	struct waiting *all; /* the first is named */
	int n;
	bool is_full;
};

static void go_on(struct gate *gate);

static void
let_go(struct gate *gate, struct waiting *w)
{
	DL_DELETE(gate->all, w);
	gate->n--;
	buf_release(&w->text);
	xfree(&w);
	if (!gate->is_full || gate->n > DRAINED)
		return;
	gate->is_full = false;
	gate->events->drained(gate->arg);
}

/* With it all is told again that was there when the last process died. */
static bool
ends_suspicion(const struct frame *frame)
{
	return strcmp(frame->type, "RESUMED") == 0;
}

static void
pass(struct gate *gate, const struct waiting *w)
{
	struct frame frame;
	struct err err;

	if (frame_parse(&frame, w->text.data, w->text.size, &err) < 0) {
		gate->events->leave(gate->arg, w->session_number, w->seq);
		return;
	}
	if (ends_suspicion(&frame))
		suspects_end(gate->suspects);
	gate->events->pass(gate->arg, &frame, w->session_number);
	frame_release(&frame);
}

static void
on_verdict(void *arg, bool is_poison)
{
	struct gate *gate = arg;
	struct waiting *w = gate->all;

	if (is_poison)
		gate->events->leave(gate->arg, w->session_number, w->seq);
	else
		pass(gate, w);
	suspects_looked(gate->suspects);
	let_go(gate, w);
	go_on(gate);
}

static void
go_on(struct gate *gate)
{
	while (gate->all && !suspects_are_on(gate->suspects)) {
		struct waiting *w = gate->all;

		pass(gate, w);
		let_go(gate, w);
	}
	if (gate->all)
		suspects_name(
		    gate->suspects, gate->all->name, on_verdict, gate);
}

static void
keep(struct gate *gate, const struct frame *frame, const char *session_id,
    int64_t session_number)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	buf_init(&w->text);
	json_print(frame->json, &w->text);
	w->session_number = session_number;
	w->seq = frame->seq;
	/* The same when Discord tells it again. */
	snprintf(
	    w->name, sizeof(w->name), "%s:%" PRId64, session_id, frame->seq);
	DL_APPEND(gate->all, w);
	gate->n++;
	if (gate->n < FULL || gate->is_full)
		return;
	gate->is_full = true;
	gate->events->full(gate->arg);
}

void
gate_take(struct gate *gate, const struct frame *frame, const char *session_id,
    int64_t session_number)
{
	bool is_first = !gate->all;

	if (is_first && !suspects_are_on(gate->suspects)) {
		gate->events->pass(gate->arg, frame, session_number);
		return;
	}
	keep(gate, frame, session_id, session_number);
	if (is_first)
		go_on(gate);
}

struct gate *
gate_new(struct suspects *suspects, const struct gate_events *events, void *arg)
{
	struct gate *gate = xcalloc(1, sizeof(*gate));

	gate->suspects = suspects;
	gate->events = events;
	gate->arg = arg;
	return gate;
}

void
gate_free(struct gate **slot)
{
	struct gate *gate = STEAL(*slot);

	if (!gate)
		return;
	while (gate->all) {
		struct waiting *w = gate->all;

		DL_DELETE(gate->all, w);
		buf_release(&w->text);
		xfree(&w);
	}
	xfree(&gate);
}
