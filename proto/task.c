/* Work that was asked for. */

#include "proto/task.h"

#include "proto/bounds.h"

static const char *const states[] = {
	"open",
	"queued",
	"running",
	"succeeded",
	"failed",
	"cancelled",
	NULL,
};

static const struct field task_fields[] = {
	F_STR(struct task, id, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct task, workspace_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(
	    struct task, context_id, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct task, kind, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_WORD),
	F_STR(struct task, title, FIELD_REQUIRED, 0, BOUND_TITLE),
	F_STR(struct task, prompt, FIELD_REQUIRED, 0, BOUND_TEXT),
	F_CHOICE(struct task, status, FIELD_REQUIRED, states),
	F_STR(struct task, route_class, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct task, priority, FIELD_TOKEN, 0, BOUND_WORD),
	F_INT(struct task, due_at_unix, 0, 0, BOUND_INT),
	F_STR(struct task, assigned_lane, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct task, source_connector, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct task, source_external_id, FIELD_TOKEN, 0, BOUND_CHAT_ID),
	F_STR(struct task, source_user_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct task, source_text, 0, 0, BOUND_TEXT),
	F_INT(struct task, attempts, 0, 0, BOUND_INT),
	F_INT(struct task, worker_id, 0, 0, BOUND_INT),
	F_INT(struct task, started_at_unix, 0, 0, BOUND_INT),
	F_INT(struct task, finished_at_unix, 0, 0, BOUND_INT),
	F_STR(struct task, result_summary, 0, 0, BOUND_TEXT),
	F_STR(struct task, result_path, 0, 0, BOUND_PATH),
	F_STR(struct task, error_message, 0, 0, BOUND_NOTE),
	F_INT(struct task, created_at_unix, FIELD_REQUIRED, 0, BOUND_INT),
	F_INT(struct task, updated_at_unix, 0, 0, BOUND_INT),
};
SHAPE(task, task, task_fields);

static const struct field task_create_fields[] = {
	F_OBJECT(struct task_create, credential, FIELD_REQUIRED, credential),
	F_STR(struct task_create, key, FIELD_REQUIRED | FIELD_ASCII, 1,
	    BOUND_KEY),
	F_STR(struct task_create, workspace_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct task_create, context_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct task_create, connector, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct task_create, external_id, FIELD_TOKEN, 0, BOUND_CHAT_ID),
	F_STR(struct task_create, kind, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct task_create, title, FIELD_REQUIRED, 1, BOUND_TITLE),
	F_STR(struct task_create, prompt, FIELD_REQUIRED, 1, BOUND_TEXT),
	F_STR(struct task_create, route_class, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct task_create, priority, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct task_create, assigned_lane, FIELD_TOKEN, 0, BOUND_WORD),
	F_INT(struct task_create, due_at_unix, 0, 0, BOUND_INT),
	F_STR(struct task_create, source_connector, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct task_create, source_external_id, FIELD_TOKEN, 0,
	    BOUND_CHAT_ID),
	F_STR(struct task_create, source_user_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct task_create, source_text, 0, 0, BOUND_TEXT),
};
SHAPE(task, task_create, task_create_fields);

static const struct field task_ref_fields[] = {
	F_OBJECT(struct task_ref, credential, FIELD_REQUIRED, credential),
	F_STR(struct task_ref, task_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct task_ref, key, FIELD_ASCII, 0, BOUND_KEY),
};
SHAPE(task, task_ref, task_ref_fields);

static const struct field task_answer_fields[] = {
	F_OBJECT(struct task_answer, task, FIELD_REQUIRED, task),
	F_STR(struct task_answer, retry_of_task, FIELD_TOKEN, 0, BOUND_ID),
};
SHAPE(task, task_answer, task_answer_fields);

static const struct field task_query_fields[] = {
	F_OBJECT(struct task_query, credential, FIELD_REQUIRED, credential),
	F_STR(struct task_query, workspace_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct task_query, context_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct task_query, kind, FIELD_TOKEN, 0, BOUND_WORD),
	F_CHOICE(struct task_query, status, 0, states),
	F_INT(struct task_query, limit, 0, 0, BOUND_TASKS),
};
SHAPE(task, task_query, task_query_fields);

static const struct field task_list_fields[] = {
	F_LIST(struct task_list, items, FIELD_REQUIRED, task, BOUND_TASKS),
};
SHAPE(task, task_list, task_list_fields);
