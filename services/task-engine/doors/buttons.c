/* The buttons of an action's notice: one press, one decision. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/err.h"
#include "proto/action.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/cards.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/replies.h"

struct press {
	struct button_pressed in;
	const char *instance;
	struct actor actor;
	struct context_row context;
	struct decider decider;
};

static const struct verb {
	const char *name, *operation;
	bool is_approval;
} verbs[] = {
	{ "approve", "button.approve", true },
	{ "deny", "button.deny", false },
};

static const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < N_OF(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
refuse(const char *status, const char *why, struct button_outcome *out)
{
	*out = (struct button_outcome){ "refused", status, why };
	return 0;
}

/*
 * A button is where its notice is: an id that was made up, or a press in a
 * chat that was never shown the action, decides nothing.
 */
static int
find_place(struct svc *svc, const struct request *request, struct press *p,
    struct err *err)
{
	const char *connector = connector_of(request->peer->service);
	int got = store_outbox_is_notice(
	    svc->store, p->instance, p->in.chat_id, p->in.action_id, err);

	if (got != 0)
		return got;
	return store_context_find(svc->store, connector, p->in.chat_id,
	    request->arena, &p->context, err);
}

/* 1: that event was here before. */
static int
record(struct svc *svc, const struct request *request, struct press *p,
    struct err *err)
{
	enum role role;
	int64_t seq;

	if (policy_role(&svc->policy, &p->actor, p->context.workspace_id, &role,
		err) < 0)
		return -1;
	const struct message_row message = {
		.instance = p->instance,
		.chat_id = p->in.chat_id,
		.event_id = p->in.event_id,
		.direction = "inbound",
		.workspace_id = p->context.workspace_id,
		.context_id = p->context.id,
		.actor = p->in.user_id,
		.actor_name = p->in.user_name,
		.said_by = p->actor.name,
		.said_as = role_name(role),
		.reply_to_id = p->in.message_id,
		.text = arena_printf(request->arena, "[button] %s %s",
		    p->in.verb, p->in.action_id),
		.cause = request->id,
		.at_ms = p->in.pressed_unix_ms,
	};

	return store_message_add(svc->store, &message, &seq, err);
}

static void
describe(const struct action_row *row, bool is_decided, struct arena *arena,
    struct button_outcome *out)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	is_decided ? tell_decided(&text, row) : tell_settled(&text, row);
	*out = (struct button_outcome){
		is_decided ? "decided" : "settled",
		row->status,
		arena_strndup(arena, text.data, text.size),
	};
}

/* Whoever presses one that nobody knows of sees what became of it, too. */
static int
turn_pressed(struct svc *svc, const struct request *request,
    const struct press *p, const char *outcome, struct err *err)
{
	const struct outbox_copy pressed = {
		.instance = p->instance,
		.chat_id = p->in.chat_id,
		.action_id = p->in.action_id,
		.platform_id = p->in.message_id,
	};

	return cards_turn_pressed(svc->store, &pressed, outcome,
	    request->now_ms, request->arena, err);
}

static int
decide(struct svc *svc, const struct request *request, struct press *p,
    bool is_approval, struct button_outcome *out, struct err *err)
{
	const char *id = p->in.action_id;
	struct action_row row;
	int got = is_approval ? approvals_approve(&svc->approvals, &p->decider,
				    id, request->arena, &row, err)
			      : approvals_deny(&svc->approvals, &p->decider, id,
				    "", request->arena, &row, err);

	if (got >= 0) {
		describe(&row, got == 0, request->arena, out);
		return turn_pressed(svc, request, p, out->text, err);
	}
	if (err->code != ERR_REFUSED && err->code != ERR_NOT_FOUND)
		return -1;
	const struct audit_entry entry = {
		.operation = p->decider.operation,
		.subject = id,
		.reason = err->text,
	};

	audit_refused(svc->store, &entry, request->now_ms);
	return refuse("", arena_strdup(request->arena, err->text), out);
}

/* A press that comes again changes nothing, and is told how it stands. */
static int
repeat(struct svc *svc, const struct request *request, const struct press *p,
    struct button_outcome *out, struct err *err)
{
	struct action_row row;

	if (approvals_get(&svc->approvals, &p->decider, p->in.action_id,
		request->arena, &row, err) < 0) {
		if (err->code != ERR_NOT_FOUND)
			return -1;
		return refuse("", arena_strdup(request->arena, err->text), out);
	}
	if (strcmp(row.status, "pending") == 0)
		return refuse(row.status,
		    "This press was handled before and decided nothing. Press "
		    "again, or use `/pending-actions`.",
		    out);
	describe(&row, false, request->arena, out);
	return 0;
}

static int
press(struct svc *svc, const struct request *request, struct press *p,
    struct button_outcome *out, struct err *err)
{
	const struct verb *verb = verb_find(p->in.verb);
	int got = find_place(svc, request, p, err);

	if (got != 0)
		return got < 0 ? -1
			       : refuse("", "This button decides nothing here.",
				     out);
	p->decider = (struct decider){
		.actor = &p->actor,
		.operation = verb->operation,
		.context_id = p->context.id,
		.remark = "",
		.now_ms = request->now_ms,
	};
	got = record(svc, request, p, err);
	if (got < 0)
		return -1;
	if (got == 1)
		return repeat(svc, request, p, out, err);
	return decide(svc, request, p, verb->is_approval, out, err);
}

int
on_button_pressed(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	const char *connector = connector_of(request->peer->service);
	struct button_outcome out = { 0 };
	struct press p = {
		.instance = connector_instance(request->peer, request->arena),
	};

	if (button_pressed_decode(&p.in, request->body, request->arena, err) <
		0 ||
	    people_account(&svc->people, connector, p.in.user_id,
		request->arena, &p.actor, err) < 0)
		return -1;
	const struct audit_entry known = { .actor = arena_strdup(
					       request->arena, p.actor.name) };

	audit_request(svc->store, &known);
	if (press(svc, request, &p, &out, err) < 0)
		return -1;
	if (*p.in.cursor && store_cursor_move(svc->store, p.instance,
				p.in.cursor, request->now_ms, err) < 0)
		return -1;
	button_outcome_encode(&out, reply->body);
	return 0;
}
