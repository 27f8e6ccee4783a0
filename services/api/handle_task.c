/* Tasks over HTTP, in the forms that the predecessor's clients know. */

#include <string.h>

#include "libcommon/err.h"
#include "proto/task.h"
#include "services/api/answers.h"
#include "services/api/http_server.h"
#include "services/api/visit.h"

static int
show_created(struct visit *visit, const struct json *answer, struct err *err)
{
	struct task_answer in;
	struct task_made out;

	if (visit_decode(visit, &task_answer_shape, &in, answer, err) < 0)
		return -1;
	out = (struct task_made){
		.id = in.task.id,
		.workspace_id = in.task.workspace_id,
		.context_id = in.task.context_id,
		.kind = in.task.kind,
		.status = in.task.status,
		.idempotency_key = visit->key,
	};
	visit_show(visit, HTTP_ACCEPTED, &task_made_shape, &out);
	return 0;
}

static int
show_changed(struct visit *visit, const struct json *answer, unsigned status,
    struct err *err)
{
	struct task_changed out;
	struct task_answer in;

	if (visit_decode(visit, &task_answer_shape, &in, answer, err) < 0)
		return -1;
	out = (struct task_changed){
		.task_id = in.task.id,
		.retry_of_task = in.retry_of_task,
		.workspace_id = in.task.workspace_id,
		.context_id = in.task.context_id,
		.kind = in.task.kind,
		.status = in.task.status,
		.idempotency_key = visit->key,
	};
	visit_show(visit, status, &task_changed_shape, &out);
	return 0;
}

static int
show_retried(struct visit *visit, const struct json *answer, struct err *err)
{
	return show_changed(visit, answer, HTTP_ACCEPTED, err);
}

static int
show_cancelled(struct visit *visit, const struct json *answer, struct err *err)
{
	return show_changed(visit, answer, HTTP_OK, err);
}

int
on_task_post(struct visit *visit, struct err *err)
{
	struct task_create in;

	if (visit_body(visit, &task_create_shape, &in, err) < 0)
		return -1;
	in.credential = visit->credential;
	in.key = visit->key;
	return visit_ask(visit, "task.create", &in, show_created, NULL, err);
}

static int
ask_about(struct visit *visit, visit_answer_fn fn, struct err *err)
{
	struct task_ref in;

	if (visit_body(visit, &task_ref_shape, &in, err) < 0)
		return -1;
	in.credential = visit->credential;
	in.key = visit->key;
	return visit_ask(visit, visit->route->operation, &in, fn, NULL, err);
}

int
on_task_retry(struct visit *visit, struct err *err)
{
	return ask_about(visit, show_retried, err);
}

int
on_task_cancel(struct visit *visit, struct err *err)
{
	return ask_about(visit, show_cancelled, err);
}

static int
show_task(struct visit *visit, const struct json *answer, struct err *err)
{
	struct task_answer in;

	if (visit_decode(visit, &task_answer_shape, &in, answer, err) < 0)
		return -1;
	visit_show(visit, HTTP_OK, &task_shape, &in.task);
	return 0;
}

static int
get_one(struct visit *visit, const char *id, struct err *err)
{
	struct task_ref in = { .credential = visit->credential, .task_id = id };

	return visit_ask(visit, "task.get", &in, show_task, NULL, err);
}

int
on_task_get(struct visit *visit, struct err *err)
{
	const char *id = visit_query_only(visit, "id");

	return id != NULL ? get_one(visit, id, err) : on_plain(visit, err);
}
