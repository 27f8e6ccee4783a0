/* What the person at the machine asks over HTTP. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "proto/engine.h"
#include "proto/token.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/doors/starter.h"
#include "services/task-engine/tasks/stop.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/tokens.h"
#include "services/task-engine/store/status.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tokens.h"
#include "services/task-engine/turn/turns.h"

int
on_access_check(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct access_granted out;
	struct access_check in;
	struct actor actor;

	if (access_check_decode(&in, request->body, request->arena, err) < 0 ||
	    people_actor(&svc->people, &in.credential, request->now_ms,
		request->arena, &actor, err) < 0)
		return -1;
	if (!policy_find(in.operation))
		return err_set(
		    err, ERR_INVALID, "no operation \"%s\"", in.operation);
	api_asks(svc, request, &actor, in.operation);
	if (policy_check(&svc->policy, &actor, in.operation, NULL, err) < 0)
		return -1;
	out.actor = actor.name;
	access_granted_encode(&out, reply->body);
	return 0;
}

/* It writes a row, so that its answer comes from a commit. */
int
on_engine_ready(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	const struct engine_ready out = {
		.schema_version =
		    arena_printf(request->arena, "%d", STORE_SCHEMA_VERSION),
	};

	if (store_kv_put(svc->store, "engine.ready", request->id, err) < 0)
		return -1;
	engine_ready_encode(&out, reply->body);
	return 0;
}

int
on_engine_status(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct engine_status out = { .version = AGENT_RUNTIME_VERSION };
	struct engine_status_get in;
	struct actor actor;

	if (engine_status_get_decode(&in, request->body, request->arena, err) <
		0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    starter_folder(svc, request->arena, &out.command_line_folder, err) <
		0 ||
	    store_counts(svc->store, request->arena, &out.counts, &out.n_counts,
		err) < 0)
		return -1;
	out.data_dir = svc->env.common->data_dir;
	out.model = turns_model(svc->turns);
	engine_status_encode(&out, reply->body);
	return 0;
}

int
on_token_add(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct token_made out;
	struct token_add in;
	struct actor actor;

	if (token_add_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    token_make(svc->store, &actor, &in, request->now_ms, request->arena,
		&out, err) < 0)
		return -1;
	token_made_encode(&out, reply->body);
	return 0;
}

int
on_token_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct token_list out = { 0 };
	struct token_query in;
	struct actor actor;

	if (token_query_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    store_tokens_list(
		svc->store, request->arena, &out.items, &out.n_items, err) < 0)
		return -1;
	token_list_encode(&out, reply->body);
	return 0;
}

int
on_token_revoke(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	const struct token_revoked out = { .revoked = true };
	struct stopped stopped = { 0 };
	struct stop stop = {
		.why = STOP_TOKEN_REVOKED,
		.now_ms = request->now_ms,
	};
	struct token_ref in;
	struct actor actor;

	if (token_ref_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    token_revoke(svc->store, &actor, in.name, request->now_ms, err) < 0)
		return -1;
	stop.actor = &actor;
	stop.asked_by = arena_printf(request->arena, "tool:%s", in.name);
	if (stop_work(svc, &stop, request->arena, &stopped, err) < 0)
		return -1;
	token_revoked_encode(&out, reply->body);
	return 0;
}
