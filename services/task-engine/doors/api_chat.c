/* Messages over HTTP: the same way as any other, answered when it ends. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "proto/chat.h"
#include "proto/empty.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/doors/inbound.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/tokens.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/places.h"

static const char *
or_else(const char *text, const char *fallback)
{
	return *text ? text : fallback;
}

/* Fills in the predecessor's defaults. */
static void
complete(struct chat_turn *in, const struct actor *actor)
{
	bool is_tool = actor->kind == ACTOR_TOOL;

	in->connector =
	    or_else(in->connector, is_tool ? actor->connector : "codex");
	in->external_id = or_else(
	    in->external_id, is_tool ? actor->external_id
				     : or_else(in->from_user_id, "codex-cli"));
	in->from_user_id = or_else(in->from_user_id, in->external_id);
}

static int
check(struct svc *svc, const struct chat_turn *in, const struct actor *actor,
    struct err *err)
{
	const struct policy_target target = {
		.workspace_id = "",
		.connector = in->connector,
		.external_id = in->external_id,
		.asked_by = "",
	};

	if (policy_check(&svc->policy, actor, "chat.turn", &target, err) < 0)
		return -1;
	if (actor->kind == ACTOR_TOOL &&
	    strcmp(in->from_user_id, actor->external_id) != 0)
		return err_set(err, ERR_REFUSED,
		    "%s speaks as \"%s\" and as nobody else: leave "
		    "from_user_id out",
		    actor->name, actor->external_id);
	if (!is_tool_connector(in->connector))
		return err_set(err, ERR_REFUSED,
		    "connector \"%s\" is not a tool's: use one of %s; nobody "
		    "can speak for an account of a chat platform here",
		    in->connector, tool_connectors());
	return 0;
}

/* A tool speaks only for itself; the person at the machine may for others. */
static void
note_identity(struct svc *svc, const struct request *request,
    const struct chat_turn *in, const struct actor *actor)
{
	const struct audit_entry known = {
		.speaks_as = arena_printf(
		    request->arena, "%s:%s", in->connector, in->from_user_id),
	};

	if (actor->kind == ACTOR_LOCAL)
		audit_request(svc->store, &known);
}

static int
take(struct svc *svc, const struct request *request, const struct chat_turn *in,
    const struct actor *actor, const char *digest, int64_t *seq_out,
    struct err *err)
{
	const struct place place = {
		.connector = in->connector,
		.instance = API_INSTANCE,
		.external_id = in->external_id,
		.parent_external_id = "",
		.context_name = in->display_name,
		.space_kind = "session",
		.space_id = in->external_id,
		.space_name = or_else(in->display_name, in->external_id),
		.is_direct = true,
	};
	struct message_row message = {
		.instance = API_INSTANCE,
		.chat_id = actor->name,
		.event_id = in->key,
		.direction = "inbound",
		.actor = in->from_user_id,
		.actor_name = in->display_name,
		.text = in->text,
		.body_sha256 = digest,
		.cause = request->id,
		.at_ms = request->now_ms,
		.is_addressed = true,
	};
	const struct inbound inbound = {
		.actor = actor,
		.place = &place,
		.message = &message,
		.asker_waits = true,
	};

	return inbound_take(
	    svc, &inbound, request->now_ms, request->arena, seq_out, err);
}

/* Finds what an earlier request of the same key stored; 1 when there is none.
 */
static int
find_earlier(struct svc *svc, const struct request *request, const char *key,
    const struct actor *actor, const char *digest, int64_t *seq_out,
    struct err *err)
{
	struct message_row message;
	int got = store_message_find(svc->store, API_INSTANCE, actor->name, key,
	    request->arena, &message, err);

	if (got != 0)
		return got;
	if (strcmp(message.body_sha256, digest) != 0)
		return err_set(err, ERR_CONFLICT,
		    "this Idempotency-Key was used for another message: use a "
		    "new key for a new message");
	*seq_out = message.seq;
	return 0;
}

static int
answer_or_wait(struct svc *svc, const struct request *request, const char *key,
    int64_t seq, struct reply *reply, struct err *err)
{
	struct outbox_row row;
	int got =
	    store_outbox_of_message(svc->store, seq, request->arena, &row, err);

	if (got < 0)
		return -1;
	if (got == 0) {
		reply->at_ms = row.created_ms;
		post_reply_body(reply->body, key, &row);
		return 0;
	}
	post_wait(svc->post, seq, key, request->ticket, request->deadline_ms,
	    request->now_ms);
	reply->is_deferred = true;
	return 0;
}

int
on_chat_turn(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct chat_turn in;
	struct actor actor;
	const char *digest;
	int64_t seq = 0;
	int got;

	if (chat_turn_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0)
		return -1;
	complete(&in, &actor);
	note_identity(svc, request, &in, &actor);
	if (check(svc, &in, &actor, err) < 0)
		return -1;
	const char *const texts[] = { in.connector, in.external_id,
		in.from_user_id, in.text };

	digest = api_digest(request->arena, texts, N_OF(texts));
	got = find_earlier(svc, request, in.key, &actor, digest, &seq, err);
	if (got == 1)
		got = take(svc, request, &in, &actor, digest, &seq, err);
	if (got < 0)
		return -1;
	return answer_or_wait(svc, request, in.key, seq, reply, err);
}

static int
find_answer(struct svc *svc, const struct request *request, const char *key,
    const struct actor *actor, struct outbox_row *out, struct err *err)
{
	struct message_row message;
	int got = store_message_find(svc->store, API_INSTANCE, actor->name, key,
	    request->arena, &message, err);

	if (got < 0)
		return -1;
	if (got == 0)
		return store_outbox_of_message(
		    svc->store, message.seq, request->arena, out, err);
	return err_set(err, ERR_NOT_FOUND,
	    "no message with the id \"%s\" was sent with this credential", key);
}

int
on_chat_result(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct chat_result_get in;
	struct actor actor;
	struct outbox_row row;
	int got;

	if (chat_result_get_decode(&in, request->body, request->arena, err) <
		0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0)
		return -1;
	got = find_answer(svc, request, in.key, &actor, &row, err);
	if (got < 0)
		return -1;
	post_reply_body(reply->body, in.key, got == 0 ? &row : NULL);
	return 0;
}

/* The api speaks for its own clients only. */
static int
note_delivered(struct svc *svc, const struct request *request, const char *id,
    struct err *err)
{
	struct outbox_row row;
	int got = store_outbox_get(svc->store, id, request->arena, &row, err);

	if (got < 0)
		return -1;
	if (got == 1 || strcmp(row.instance, API_INSTANCE) != 0)
		return err_set(
		    err, ERR_NOT_FOUND, "no reply %s of the api", id);
	return strcmp(row.state, "sent") == 0
		   ? 0
		   : store_outbox_sent(
			 svc->store, row.id, request->now_ms, err);
}

int
on_chat_delivered(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct chat_delivered in;

	if (chat_delivered_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	for (size_t i = 0; i < in.n_delivery_ids; i++)
		if (note_delivered(svc, request, in.delivery_ids[i], err) < 0)
			return -1;
	empty_encode(&(struct empty){ 0 }, reply->body);
	return 0;
}
