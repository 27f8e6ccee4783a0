/* What clients are shown where that is not the reply of the bus. */

#include "services/api/answers.h"

#include "proto/bounds.h"

static const struct field standing_fields[] = {
	F_STR(struct standing, status, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct standing, error, FIELD_SPARSE, 0, BOUND_NOTE),
};
SHAPE(api, standing, standing_fields);

static const struct field problem_fields[] = {
	F_STR(struct problem, error, FIELD_REQUIRED, 1, BOUND_NOTE),
};
SHAPE(api, problem, problem_fields);

static const struct field info_fields[] = {
	F_STR(struct info, name, FIELD_REQUIRED, 1, BOUND_NAME),
	F_STR(struct info, version, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct info, environment, 0, 0, BOUND_TEXT),
	F_STR(struct info, public_host, FIELD_REQUIRED, 1, BOUND_NAME),
	F_STR(struct info, admin_host, FIELD_REQUIRED, 1, BOUND_NAME),
};
SHAPE(api, info, info_fields);

static const struct field chat_said_fields[] = {
	F_BOOL(struct chat_said, handled, 0),
	F_STR(struct chat_said, reply, 0, 0, BOUND_TEXT),
	F_STR(struct chat_said, id, FIELD_REQUIRED | FIELD_ASCII, 1, BOUND_KEY),
};
SHAPE(api, chat_said, chat_said_fields);

static const struct field chat_working_fields[] = {
	F_STR(struct chat_working, id, FIELD_REQUIRED | FIELD_ASCII, 1,
	    BOUND_KEY),
	F_STR(struct chat_working, status, FIELD_REQUIRED, 1, BOUND_WORD),
};
SHAPE(api, chat_working, chat_working_fields);

static const struct field task_made_fields[] = {
	F_STR(struct task_made, id, FIELD_REQUIRED, 1, BOUND_ID),
	F_STR(struct task_made, workspace_id, FIELD_REQUIRED, 1, BOUND_ID),
	F_STR(struct task_made, context_id, FIELD_REQUIRED, 1, BOUND_ID),
	F_STR(struct task_made, kind, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct task_made, status, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct task_made, idempotency_key, FIELD_REQUIRED | FIELD_ASCII,
	    1, BOUND_KEY),
};
SHAPE(api, task_made, task_made_fields);

static const struct field task_changed_fields[] = {
	F_STR(struct task_changed, task_id, FIELD_REQUIRED, 1, BOUND_ID),
	F_STR(struct task_changed, retry_of_task, FIELD_SPARSE, 0, BOUND_ID),
	F_STR(struct task_changed, workspace_id, FIELD_REQUIRED, 1, BOUND_ID),
	F_STR(struct task_changed, context_id, FIELD_REQUIRED, 1, BOUND_ID),
	F_STR(struct task_changed, kind, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct task_changed, status, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct task_changed, idempotency_key, FIELD_SPARSE | FIELD_ASCII,
	    0, BOUND_KEY),
};
SHAPE(api, task_changed, task_changed_fields);

static const struct field chat_pick_fields[] = {
	F_STR(struct chat_pick, id, FIELD_REQUIRED | FIELD_ASCII, 1, BOUND_KEY),
};
SHAPE(api, chat_pick, chat_pick_fields);

static const struct field task_pick_fields[] = {
	F_STR(struct task_pick, id, FIELD_TOKEN, 0, BOUND_ID),
};
SHAPE(api, task_pick, task_pick_fields);
