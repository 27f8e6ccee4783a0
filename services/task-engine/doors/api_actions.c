/* Actions over HTTP: the local credential, never a tool's. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "proto/action.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/pairing.h"

enum {
	LIMIT_DEFAULT = 50,
	/* Of payloads in one answer: even escaped they fit an envelope. */
	PAYLOAD_BYTES = 90 * 1024,
};

static void
describe(const struct action_row *row, struct action *out)
{
	*out = (struct action){
		.id = row->id,
		.workspace_id = row->workspace_id,
		.context_id = row->context_id,
		.connector = row->connector,
		.external_id = row->external_id,
		.requester_user_id = row->requester_user_id,
		.action_type = row->type,
		.action_target = row->target,
		.action_summary = row->summary,
		.payload_json = row->payload,
		.status = row->status,
		.approver_user_id = row->approver_user_id,
		.denied_reason = row->denied_reason,
		.execution_status = row->execution_status,
		.execution_message = row->execution_message,
		.executor_plugin = row->executor,
		.executed_at_unix = row->executed_at_unix,
		.created_at_unix = row->created_at_unix,
		.updated_at_unix = row->updated_at_unix,
		.payload_sha256 = row->payload_sha256,
		.expires_at_unix = row->expires_at_unix,
		.asked_by = row->asked_by,
		.asked_as = row->asked_as,
		.provenance = row->provenance,
	};
}

/* What is over reads so, whether or not somebody has tidied yet. */
static int
add_item(struct svc *svc, const struct request *request, const char *id,
    struct action_list *out, size_t *bytes, struct err *err)
{
	struct action_row row;
	int got = store_action_get(svc->store, id, request->arena, &row, err);

	if (got != 0)
		return got;
	if (strcmp(row.status, "pending") == 0 &&
	    row.expires_at_unix <= request->now_ms / 1000)
		row.status = "expired";
	*bytes += strlen(row.payload);
	describe(&row, &out->items[out->n_items++]);
	return 0;
}

static int
list(struct svc *svc, const struct request *request,
    const struct action_query *in, struct action_list *out, struct err *err)
{
	int64_t limit = in->limit ? in->limit : LIMIT_DEFAULT;
	struct action_key *keys;
	size_t n, bytes = 0;

	if (store_actions_list(svc->store, in->status, in->workspace_id,
		limit + 1, request->arena, &keys, &n, err) < 0)
		return -1;
	out->items = arena_alloc(request->arena, (n + 1) * sizeof(*out->items));
	for (size_t i = 0; i < n; i++) {
		if (i == (size_t)limit || bytes > PAYLOAD_BYTES) {
			out->has_more = true;
			break;
		}
		if (add_item(svc, request, keys[i].id, out, &bytes, err) != 0)
			return -1;
	}
	return 0;
}

static int
list_one(struct svc *svc, const struct request *request, const char *id,
    struct action_list *out, struct err *err)
{
	size_t bytes = 0;
	int got;

	out->items = arena_alloc(request->arena, sizeof(*out->items));
	got = add_item(svc, request, id, out, &bytes, err);
	return got == 1
		   ? err_set(err, ERR_NOT_FOUND, "action not found: %s", id)
		   : got;
}

int
on_action_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct action_list out = { 0 };
	struct action_query in;
	struct actor actor;

	if (action_query_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0)
		return -1;
	if ((*in.id ? list_one(svc, request, in.id, &out, err)
		    : list(svc, request, &in, &out, err)) < 0)
		return -1;
	action_list_encode(&out, reply->body);
	return 0;
}

static void
answer(const struct action_row *row, struct reply *reply)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	tell_decided(&text, row);
	const struct action_decided out = {
		.id = row->id,
		.status = row->status,
		.execution_status = row->execution_status,
		.approver_user_id = row->approver_user_id,
		.outcome = text.data,
	};

	action_decided_encode(&out, reply->body);
}

static int
resolve(struct svc *svc, const struct decider *decider, struct arena *arena,
    const char *typed, const char **id_out, struct err *err)
{
	struct action_row *rows;
	size_t n;
	int got = approvals_resolve(
	    &svc->approvals, decider, typed, arena, id_out, &rows, &n, err);

	if (got == 1)
		return err_set(err, ERR_INVALID,
		    "%s is the beginning of more than one action's id: give "
		    "more of it",
		    typed);
	return got;
}

static int
decide(struct svc *svc, const struct request *request, bool is_approval,
    struct reply *reply, struct err *err)
{
	struct action_decide in;
	struct action_row row;
	struct actor actor;
	struct decider decider = {
		.actor = &actor,
		.operation = request->type,
		.context_id = "",
		.now_ms = request->now_ms,
	};
	const char *id;
	int got;

	if (action_decide_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0)
		return -1;
	if (pairing_redact(svc->store, in.approver_user_id, request->arena,
		&decider.remark, err) < 0 ||
	    pairing_redact(
		svc->store, in.reason, request->arena, &in.reason, err) < 0 ||
	    resolve(svc, &decider, request->arena, in.id, &id, err) < 0)
		return -1;
	got = is_approval ? approvals_approve(&svc->approvals, &decider, id,
				request->arena, &row, err)
			  : approvals_deny(&svc->approvals, &decider, id,
				in.reason, request->arena, &row, err);
	if (got < 0)
		return -1;
	if (got == 1)
		return err_set(err, ERR_CONFLICT,
		    "action %s is not pending: it is %s", row.id, row.status);
	answer(&row, reply);
	return 0;
}

int
on_action_approve(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	return decide(svc, request, true, reply, err);
}

int
on_action_deny(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	return decide(svc, request, false, reply, err);
}
