/* The doors of the connectors: events in, deliveries out. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/delivery.h"
#include "proto/empty.h"
#include "proto/gateway.h"
#include "proto/message.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/deaths.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/doors/inbound.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/replies.h"

static const char *
instance_of(const struct request *request)
{
	return connector_instance(request->peer, request->arena);
}

int
on_gateway_hello(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	const char *instance = instance_of(request);
	struct gateway_hello in;
	struct gateway_welcome out = { .cursor = "", .was_clean_stop = true };
	struct cursor_row row;
	int got;

	if (gateway_hello_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	got = store_cursor_get(svc->store, instance, request->arena, &row, err);
	if (got < 0)
		return -1;
	if (got == 0) {
		out.cursor = row.cursor;
		out.was_clean_stop = row.was_clean_stop;
	}
	/* From now on only a goodbye makes its stop a clean one. */
	row =
	    (struct cursor_row){ .cursor = out.cursor, .version = in.version };
	if (store_cursor_put(svc->store, instance, &row, request->now_ms, err) <
	    0)
		return -1;
	if (deaths_note(svc->store, instance, out.was_clean_stop,
		request->now_ms, request->arena, err) < 0)
		return -1;
	log_info("connector-hello", "instance=%s version=%s clean=%d", instance,
	    log_quote(in.version), out.was_clean_stop);
	gateway_welcome_encode(&out, reply->body);
	return 0;
}

int
on_gateway_cursor(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	const char *instance = instance_of(request);
	struct gateway_cursor in;
	struct cursor_row row = { .cursor = "", .version = "" };

	if (gateway_cursor_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	if (store_cursor_get(svc->store, instance, request->arena, &row, err) <
	    0)
		return -1;
	/* A goodbye may come without a cursor: the last one stays. */
	if (*in.cursor)
		row.cursor = in.cursor;
	row.was_clean_stop = in.is_goodbye;
	if (store_cursor_put(svc->store, instance, &row, request->now_ms, err) <
	    0)
		return -1;
	empty_encode(&(struct empty){ 0 }, reply->body);
	return 0;
}

/* A guild or group is a workspace; a direct chat belongs to the account. */
static void
find_place(const struct message_inbound *in, const char *connector,
    const char *instance, struct place *out)
{
	*out = (struct place){
		.connector = connector,
		.instance = instance,
		.external_id = in->chat_id,
		.parent_external_id = in->parent_chat_id,
		.context_name = in->chat_name,
		.space_kind = "community",
		.space_id = *in->space_id ? in->space_id : in->chat_id,
		.space_name = *in->space_name ? in->space_name : in->chat_name,
		.is_direct = in->is_direct,
	};
	if (!in->is_direct)
		return;
	out->space_kind = "private";
	out->space_id = in->user_id;
	out->space_name = in->user_name;
	if (!*out->context_name)
		out->context_name = in->user_name;
}

static int
take(struct svc *svc, const struct request *request,
    const struct message_inbound *in, int64_t *seq_out, struct err *err)
{
	const char *connector = connector_of(request->peer->service);
	const char *instance = instance_of(request);
	struct message_row message = {
		.instance = instance,
		.chat_id = in->chat_id,
		.event_id = in->event_id,
		.direction = "inbound",
		.actor = in->user_id,
		.actor_name = in->user_name,
		.platform_id = in->message_id,
		.reply_to_id = in->reply_to_id,
		.text = in->text,
		.cause = request->id,
		.at_ms = in->sent_unix_ms,
		.heard_ms = request->now_ms,
		.is_addressed = in->is_addressed || in->is_direct,
		.is_edit = in->is_edit,
	};
	struct actor actor;
	struct place place;
	const struct inbound inbound = {
		.actor = &actor,
		.place = &place,
		.message = &message,
		.is_silent = !*in->text && in->n_attachments,
		.attachments = in->attachments,
		.n_attachments = in->n_attachments,
	};

	if (people_account(&svc->people, connector, in->user_id, request->arena,
		&actor, err) < 0)
		return -1;
	find_place(in, connector, instance, &place);
	return inbound_take(
	    svc, &inbound, request->now_ms, request->arena, seq_out, err);
}

int
cursor_settle(struct svc *svc, struct err *err)
{
	const struct cursor_move move = svc->cursor;

	svc->cursor = (struct cursor_move){ 0 };
	return move.instance ? store_cursor_move(svc->store, move.instance,
				   move.cursor, move.at_ms, err)
			     : 0;
}

/* Its texts are the request's, which lives until the batch is answered. */
static int
cursor_move(struct svc *svc, const struct request *request, const char *cursor,
    struct err *err)
{
	const char *instance = instance_of(request);

	if (svc->cursor.instance &&
	    strcmp(svc->cursor.instance, instance) != 0 &&
	    cursor_settle(svc, err) < 0)
		return -1;
	svc->cursor = (struct cursor_move){ instance, cursor, request->now_ms };
	return 0;
}

/* Of the request that brought it, or of the one whose repeat this is. */
static int
recall(struct svc *svc, const struct request *request, int64_t seq,
    struct reply *reply, bool *is_repeat_out, struct err *err)
{
	struct message_row row;

	if (store_message_get(svc->store, seq, request->arena, &row, err) != 0)
		return -1;
	*is_repeat_out = strcmp(row.cause, request->id) == 0;
	reply->at_ms = row.heard_ms;
	return 0;
}

/* The same id finds the row that it made and gets the answer that was given. A
 * gateway may be further by now: its cursor stays. */
int
on_message_inbound(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct message_inbound in;
	struct message_accepted out;
	bool is_repeat = false;
	int64_t seq;
	int got;

	if (message_inbound_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	got = take(svc, request, &in, &seq, err);
	reply->at_ms = request->now_ms;
	if (got < 0 ||
	    (got == 1 && recall(svc, request, seq, reply, &is_repeat, err) < 0))
		return -1;
	if (*in.cursor && !is_repeat &&
	    cursor_move(svc, request, in.cursor, err) < 0)
		return -1;
	out.outcome = got == 1 && !is_repeat ? "duplicate" : "accepted";
	out.message_id = arena_printf(request->arena, "%" PRId64, seq);
	message_accepted_encode(&out, reply->body);
	return 0;
}

int
on_delivery_claim(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct delivery_claim in;
	struct delivery_batch out = { 0 };

	if (delivery_claim_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	const struct claim claim = {
		.instance = instance_of(request),
		.id = request->id,
		.max = in.max,
		.now_ms = request->now_ms,
	};

	if (lease_claim(svc->store, &claim, request->arena, &out, err) < 0)
		return -1;
	delivery_batch_encode(&out, reply->body);
	return 0;
}

int
on_delivery_result(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct delivery_result in;
	struct delivery_noted out = { 0 };

	if (delivery_result_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	if (lease_result(svc->store, instance_of(request), &in, request->now_ms,
		request->arena, &out, err) < 0)
		return -1;
	delivery_noted_encode(&out, reply->body);
	return 0;
}
