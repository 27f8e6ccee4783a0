#ifndef PROTO_TASK_H
#define PROTO_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/* The predecessor's task object; unset times are 0, unset strings "". */
struct task {
	const char *id;
	const char *workspace_id;
	const char *context_id;
	const char *kind;
	const char *title;
	const char *prompt;
	const char *status; /* open queued running succeeded failed cancelled */
	const char *route_class;
	const char *priority;
	int64_t due_at_unix;
	const char *assigned_lane;
	const char *source_connector;
	const char *source_external_id;
	const char *source_user_id;
	const char *source_text;
	int64_t attempts;
	int64_t worker_id;
	int64_t started_at_unix;
	int64_t finished_at_unix;
	const char *result_summary;
	const char *result_path;
	const char *error_message;
	int64_t created_at_unix;
	int64_t updated_at_unix;
};
PROTO_MESSAGE(task);

/* task.create; ids, or connector and external_id. */
struct task_create {
	struct credential credential;
	const char *key;
	const char *workspace_id;
	const char *context_id;
	const char *connector;
	const char *external_id;
	const char *kind;
	const char *title;
	const char *prompt;
	const char *route_class;
	const char *priority;
	const char *assigned_lane;
	int64_t due_at_unix;
	const char *source_connector;
	const char *source_external_id;
	const char *source_user_id;
	const char *source_text;
};
PROTO_MESSAGE(task_create);

/* task.get, task.cancel, task.retry */
struct task_ref {
	struct credential credential;
	const char *task_id;
	const char *key; /* task.retry: the idempotency key */
};
PROTO_MESSAGE(task_ref);

struct task_answer {
	struct task task;
	const char *retry_of_task;
};
PROTO_MESSAGE(task_answer);

struct task_query {
	struct credential credential;
	const char *workspace_id;
	const char *context_id;
	const char *kind;
	const char *status;
	int64_t limit; /* 0: 100 */
};
PROTO_MESSAGE(task_query);

struct task_list {
	struct task *items;
	size_t n_items;
};
PROTO_MESSAGE(task_list);

#endif
