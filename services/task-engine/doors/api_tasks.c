/* Tasks over HTTP. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/utf8.h"
#include "proto/task.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/commands/allowed.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/config.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/tasks/stop.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/pairing.h"
#include "services/task-engine/people/tokens.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/tasks/tasks.h"

enum {
	LIMIT_DEFAULT = 100,
	/* Of one answer; an envelope holds 256 KiB. */
	ANSWER_BYTES = 200 * 1024,
	/* Of a long prompt in an answer that would be too large with it. */
	SHORTENED_BYTES = 16 * 1024,
};

/* Who asks, as what, and for which place. */
struct asked {
	struct actor actor;
	enum role role;
	struct context_row context;
};

static int
own_session(struct svc *svc, const struct request *request,
    const char *connector, const char *external_id, struct context_row *out,
    struct err *err)
{
	const struct place place = {
		.connector = connector,
		.instance = API_INSTANCE,
		.external_id = external_id,
		.parent_external_id = "",
		.context_name = external_id,
		.space_kind = "session",
		.space_id = external_id,
		.space_name = external_id,
		.is_direct = true,
	};

	return store_place_ensure(
	    svc->store, &place, request->now_ms, request->arena, out, err);
}

static int
check_target(struct svc *svc, const struct actor *actor, const char *operation,
    const struct context_row *x, const char *asked_by, struct err *err)
{
	const struct policy_target target = {
		.workspace_id = x->workspace_id,
		.connector = x->connector,
		.external_id = x->external_id,
		.asked_by = asked_by,
	};

	return policy_check(&svc->policy, actor, operation, &target, err);
}

/* A tool hears of what does not exist as it does of what is not its own. */
static const struct context_row nobodys = {
	.workspace_id = "", .connector = "", .external_id = ""
};

static int
find_by_ids(struct svc *svc, const struct request *request,
    const struct task_create *in, const struct actor *actor,
    struct context_row *out, struct err *err)
{
	int got = store_context_get(
	    svc->store, in->context_id, request->arena, out, err);

	if (got < 0 || check_target(svc, actor, request->type,
			   got == 1 ? &nobodys : out, "", err) < 0)
		return -1;
	if (got == 1 || (*in->workspace_id &&
			    strcmp(in->workspace_id, out->workspace_id) != 0))
		return err_set(err, ERR_NOT_FOUND,
		    "no context %s in workspace %s: GET /api/v1/contexts "
		    "lists them",
		    in->context_id, in->workspace_id);
	return 0;
}

/* By ids, or by connector and external id; a tool's own when it names none. */
static int
find_context(struct svc *svc, const struct request *request,
    const struct task_create *in, const struct actor *actor,
    struct context_row *out, struct err *err)
{
	const char *connector = in->connector, *external_id = in->external_id;
	int got;

	if (*in->context_id)
		return find_by_ids(svc, request, in, actor, out, err);
	if (!*connector && !*external_id && actor->kind == ACTOR_TOOL) {
		connector = actor->connector;
		external_id = actor->external_id;
	}
	if (!*connector || !*external_id)
		return err_set(err, ERR_INVALID,
		    "workspace_id, context_id, title and prompt are required "
		    "(or connector and external_id instead of the ids)");
	if (actor->kind == ACTOR_TOOL &&
	    (strcmp(connector, actor->connector) != 0 ||
		strcmp(external_id, actor->external_id) != 0))
		return err_set(err, ERR_REFUSED,
		    "%s may queue tasks only in its own session (%s %s)",
		    actor->name, actor->connector, actor->external_id);
	if (is_tool_connector(connector))
		return own_session(
		    svc, request, connector, external_id, out, err);
	got = store_context_find(
	    svc->store, connector, external_id, request->arena, out, err);
	if (got == 1)
		return err_set(err, ERR_NOT_FOUND,
		    "nothing was heard from %s %s yet: GET /api/v1/contexts "
		    "lists what there is",
		    connector, external_id);
	return got;
}

/* What does not fit an envelope is cut where it is longest. */
static void
shorten(struct task *task, struct arena *arena)
{
	const char **const longs[] = { &task->source_text, &task->prompt };

	for (size_t i = 0; i < N_OF(longs); i++) {
		size_t size = strlen(*longs[i]);

		if (size > SHORTENED_BYTES)
			*longs[i] = arena_strndup(arena, *longs[i],
			    utf8_cut(*longs[i], size, SHORTENED_BYTES));
	}
}

static size_t
encoded_size(const struct task *task)
{
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	task_encode(task, &body);
	return body.size;
}

static void
answer(const struct request *request, struct reply *reply,
    const struct task *task, const char *retry_of)
{
	struct task_answer out = { .task = *task, .retry_of_task = retry_of };

	if (encoded_size(task) > ANSWER_BYTES)
		shorten(&out.task, request->arena);
	task_answer_encode(&out, reply->body);
}

static const char *
run_key(
    const struct request *request, const struct actor *actor, const char *key)
{
	return *key ? arena_printf(request->arena, "%s %s %s", request->type,
			  actor->name, key)
		    : "";
}

static const char *
digest(const struct request *request, const struct task_create *in)
{
	const char *const texts[] = {
		in->workspace_id,
		in->context_id,
		in->connector,
		in->external_id,
		in->kind,
		in->title,
		in->prompt,
		in->route_class,
		in->priority,
		in->assigned_lane,
		arena_printf(request->arena, "%" PRId64, in->due_at_unix),
		in->source_connector,
		in->source_external_id,
		in->source_user_id,
		in->source_text,
	};

	return api_digest(request->arena, texts, N_OF(texts));
}

/* It is stored, shown, written down and told a model: no place for a token. */
static int
redact(struct svc *svc, const struct request *request, struct task *task,
    struct err *err)
{
	const char **const texts[] = { &task->title, &task->prompt,
		&task->source_text };

	for (size_t i = 0; i < N_OF(texts); i++)
		if (pairing_redact(svc->store, *texts[i], request->arena,
			texts[i], err) < 0)
			return -1;
	return 0;
}

static void
make_task(const struct task_create *in, struct task *out)
{
	*out = (struct task){
		.kind = in->kind,
		.title = in->title,
		.prompt = in->prompt,
		.route_class = in->route_class,
		.priority = in->priority,
		.assigned_lane = in->assigned_lane,
		.due_at_unix = in->due_at_unix,
		.source_connector = in->source_connector,
		.source_external_id = in->source_external_id,
		.source_user_id = in->source_user_id,
		.source_text = in->source_text,
		.result_summary = "",
		.result_path = "",
		.error_message = "",
	};
}

/*
 * What stands before every model call, for a task that is new: a repeat of a
 * request asks for no further call. What was stored of a refused one is undone.
 */
static int
check_allowed(struct svc *svc, const struct request *request,
    const struct asked *asked, struct reply *reply, struct err *err)
{
	const struct heard heard = {
		.actor = &asked->actor,
		.role = asked->role,
		.context = &asked->context,
		.now_ms = request->now_ms,
	};

	reply->retry_after_ms = svc->cfg->llm_rate_window_s * 1000;
	return allowed_request(svc, &heard, err);
}

int
on_task_create(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct task_create in;
	struct asked by;
	int got;

	if (task_create_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &by.actor, err) < 0 ||
	    find_context(svc, request, &in, &by.actor, &by.context, err) < 0 ||
	    check_target(svc, &by.actor, request->type, &by.context, "", err) <
		0 ||
	    policy_role(&svc->policy, &by.actor, by.context.workspace_id,
		&by.role, err) < 0)
		return -1;
	struct task_row row = {
		.run_key = run_key(request, &by.actor, in.key),
		.request_sha256 = digest(request, &in),
		.asked_by = by.actor.name,
		.asked_as = role_name(by.role),
	};

	make_task(&in, &row.task);
	if (redact(svc, request, &row.task, err) < 0)
		return -1;
	got = task_queue(svc->store, &by.context, &row, request->now_ms,
	    request->arena, err);
	if (got < 0 ||
	    (got == 0 && check_allowed(svc, request, &by, reply, err) < 0))
		return -1;
	answer(request, reply, &row.task, "");
	return 0;
}

/* The task and the right to use it so. */
static int
find_task(struct svc *svc, const struct request *request,
    struct task_ref *in_out, struct asked *by, struct task_row *out,
    struct err *err)
{
	int got;

	if (task_ref_decode(in_out, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in_out->credential, &by->actor, err) < 0)
		return -1;
	audit_request(
	    svc->store, &(struct audit_entry){ .subject = in_out->task_id });
	got = store_task_get(
	    svc->store, in_out->task_id, request->arena, out, err);
	if (got == 1)
		return check_target(svc, &by->actor, request->type, &nobodys,
			   "", err) < 0
			   ? -1
			   : err_set(err, ERR_NOT_FOUND, "task not found: %s",
				 in_out->task_id);
	if (got < 0 || store_context_get(svc->store, out->task.context_id,
			   request->arena, &by->context, err) != 0)
		return -1;
	return check_target(
	    svc, &by->actor, request->type, &by->context, out->asked_by, err);
}

int
on_task_get(struct svc *svc, const struct request *request, struct reply *reply,
    struct err *err)
{
	struct task_ref in;
	struct task_row row;
	struct asked by;

	if (find_task(svc, request, &in, &by, &row, err) < 0)
		return -1;
	answer(request, reply, &row.task, "");
	return 0;
}

int
on_task_retry(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct task_ref in;
	struct task_row failed, copy = { 0 };
	struct asked by;
	int got;

	if (find_task(svc, request, &in, &by, &failed, err) < 0 ||
	    policy_role(&svc->policy, &by.actor, failed.task.workspace_id,
		&by.role, err) < 0)
		return -1;
	copy.run_key = run_key(request, &by.actor, in.key);
	copy.request_sha256 = api_digest(request->arena, &in.task_id, 1);
	got = task_retry(svc->store, &by.actor, by.role, &failed, &copy,
	    request->now_ms, request->arena, err);
	if (got < 0 ||
	    (got == 0 && check_allowed(svc, request, &by, reply, err) < 0))
		return -1;
	answer(request, reply, &copy.task, failed.task.id);
	return 0;
}

int
on_task_cancel(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct task_ref in;
	struct task_row row;
	struct asked by;
	int64_t turn_id;

	if (find_task(svc, request, &in, &by, &row, err) < 0 ||
	    task_cancel(svc->store, &by.actor, &row, NULL, request->now_ms,
		request->arena, &turn_id, err) < 0)
		return -1;
	if (turn_id)
		stop_after_commit(svc, turn_id);
	answer(request, reply, &row.task, "");
	return 0;
}

/* A tool sees its own session, whatever it asks for. */
static int
narrow(struct svc *svc, const struct request *request,
    const struct actor *actor, struct task_filter *filter, struct err *err)
{
	struct context_row own;
	int got;

	if (actor->kind >= ACTOR_LOCAL)
		return 0;
	got = store_context_find(svc->store, actor->connector,
	    actor->external_id, request->arena, &own, err);
	if (got < 0)
		return -1;
	if ((*filter->context_id || *filter->workspace_id) &&
	    (got == 1 ||
		(*filter->context_id &&
		    strcmp(filter->context_id, own.id) != 0) ||
		(*filter->workspace_id &&
		    strcmp(filter->workspace_id, own.workspace_id) != 0)))
		return err_set(err, ERR_REFUSED,
		    "%s may list only the tasks of its own session",
		    actor->name);
	/* Nothing was said in it yet: a context that no task has. */
	filter->context_id = got == 1 ? "none" : own.id;
	return 0;
}

static void
encode_list(const struct request *request, struct reply *reply,
    struct task *tasks, size_t n)
{
	struct task_list out = { .items = tasks };
	size_t bytes = 0;

	for (; out.n_items < n; out.n_items++) {
		size_t size = encoded_size(&tasks[out.n_items]);

		if (bytes + size > ANSWER_BYTES) {
			shorten(&tasks[out.n_items], request->arena);
			size = encoded_size(&tasks[out.n_items]);
		}
		bytes += size;
		if (out.n_items && bytes > ANSWER_BYTES)
			break;
	}
	task_list_encode(&out, reply->body);
}

int
on_task_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct task_filter filter;
	struct task_query in;
	struct actor actor;
	struct task *tasks;
	size_t n;

	if (task_query_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0)
		return -1;
	filter = (struct task_filter){
		.workspace_id = in.workspace_id,
		.context_id = in.context_id,
		.kind = in.kind,
		.status = in.status,
		.limit = in.limit ? in.limit : LIMIT_DEFAULT,
	};
	if (narrow(svc, request, &actor, &filter, err) < 0 ||
	    store_tasks_list(
		svc->store, &filter, request->arena, &tasks, &n, err) < 0)
		return -1;
	encode_list(request, reply, tasks, n);
	return 0;
}
