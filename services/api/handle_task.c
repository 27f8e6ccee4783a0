/* Tasks over HTTP, in the forms that the predecessor's clients know. */

#include <string.h>

#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/task.h"
#include "services/api/http_json.h"
#include "services/api/http_server.h"
#include "services/api/visit.h"

/* The short form; id_key is "id" or "task_id". */
static int
show_short(struct visit *visit, const struct json *answer, const char *id_key,
    unsigned status, struct err *err)
{
	struct task_answer in;
	AUTO(buf_release)
	struct buf body;
	struct json_out out;

	buf_init(&body);
	if (visit_decode(visit, &task_answer_shape, &in, answer, err) < 0)
		return -1;
	json_out_init(&out, &body);
	json_out_object(&out, NULL);
	json_out_str(&out, id_key, in.task.id);
	if (*in.retry_of_task != '\0')
		json_out_str(&out, "retry_of_task", in.retry_of_task);
	json_out_str(&out, "workspace_id", in.task.workspace_id);
	json_out_str(&out, "context_id", in.task.context_id);
	json_out_str(&out, "kind", in.task.kind);
	json_out_str(&out, "status", in.task.status);
	if (*visit->key != '\0')
		json_out_str(&out, "idempotency_key", visit->key);
	json_out_object_end(&out);
	visit_answer(visit, status, &body);
	return 0;
}

static int
show_created(struct visit *visit, const struct json *answer, struct err *err)
{
	return show_short(visit, answer, "id", HTTP_ACCEPTED, err);
}

static int
show_retried(struct visit *visit, const struct json *answer, struct err *err)
{
	return show_short(visit, answer, "task_id", HTTP_ACCEPTED, err);
}

static int
show_cancelled(struct visit *visit, const struct json *answer, struct err *err)
{
	return show_short(visit, answer, "task_id", HTTP_OK, err);
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
	AUTO(buf_release)
	struct buf body;
	struct json_out out;

	buf_init(&body);
	if (visit_decode(visit, &task_answer_shape, &in, answer, err) < 0)
		return -1;
	json_out_init(&out, &body);
	http_struct_print(&out, NULL, &task_shape, &in.task, NULL);
	visit_answer(visit, HTTP_OK, &body);
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
