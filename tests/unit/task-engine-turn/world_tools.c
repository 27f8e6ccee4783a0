/* What the tools change, as the tests of turn/ want it. */

#include "tests/unit/task-engine-turn/world.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/objectives/objective.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/allowances.h"
#include "services/task-engine/store/objectives.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/store/usage.h"
#include "services/task-engine/tasks/tasks.h"

int
allowance_take(struct store *store, const char *key, int64_t limit,
    int64_t window_ms, int64_t now_ms, struct err *err)
{
	(void)store;
	(void)key;
	(void)window_ms;
	(void)now_ms;
	(void)err;
	assert_true(world.is_in_transaction);
	return (int64_t)world.n_tasks_made < limit ? 0 : 1;
}

int
task_queue(struct store *store, const struct context_row *context,
    struct task_row *row, int64_t now_ms, struct arena *arena, struct err *err)
{
	(void)store;
	(void)context;
	(void)now_ms;
	(void)arena;
	(void)err;
	assert_true(world.is_in_transaction);
	snprintf(world.task_asked_as, sizeof(world.task_asked_as), "%s",
	    row->asked_as);
	world.task_depth = row->depth;
	world.n_tasks_made++;
	row->task.id = "made-1";
	row->task.status = "queued";
	return 0;
}

int
store_tasks_by_prefix(struct store *store, const char *prefix, int64_t limit,
    struct arena *arena, struct task_row **rows_out, size_t *n_out,
    struct err *err)
{
	struct task_row *row = arena_alloc(arena, sizeof(*row));

	(void)store;
	(void)limit;
	(void)err;
	/* "elsewhere" and "others" are not for everybody. */
	*row = (struct task_row){
		.task = { .id = prefix,
		    .workspace_id = strcmp(prefix, "elsewhere") == 0
					? "other workspace"
					: "workspace",
		    .context_id = "context",
		    .title = "A title",
		    .prompt = "What is to be done",
		    .status = "open",
		    .route_class = "task",
		    .priority = "p2",
		    .assigned_lane = "operations",
		    .result_summary = "",
		    .result_path = "",
		    .error_message = "",
		    .source_connector = "telegram",
		    .source_external_id = "-100" },
		.asked_by =
		    strcmp(prefix, "others") == 0 ? "telegram:7" : "local",
	};
	*rows_out = row;
	*n_out = strcmp(prefix, "nothing") != 0;
	return 0;
}

int
task_route(struct store *store, const struct actor *actor, struct task_row *row,
    const struct task_routing *routing, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	(void)store;
	(void)actor;
	(void)now_ms;
	(void)arena;
	(void)err;
	row->task.priority = routing->priority;
	return 0;
}

int
task_close(struct store *store, const struct actor *actor, struct task_row *row,
    const char *note, int64_t now_ms, struct arena *arena, struct err *err)
{
	(void)store;
	(void)actor;
	(void)note;
	(void)now_ms;
	(void)arena;
	(void)err;
	assert_true(world.is_in_transaction);
	row->task.status = "succeeded";
	return 0;
}

int
objective_add(struct store *store, struct objective_row *row, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	(void)store;
	(void)now_ms;
	(void)arena;
	assert_true(world.is_in_transaction);
	if (strcmp(row->cron_expr, "wrong") == 0)
		return err_set(err, ERR_INVALID, "cron_expr: is wrong");
	snprintf(world.task_asked_as, sizeof(world.task_asked_as), "%s",
	    row->asked_as);
	world.n_tasks_made++;
	row->id = "obj_made";
	return 0;
}

bool
objective_is_rewritten(const struct objective_change *change)
{
	return change->title || change->prompt || change->cron_expr;
}

int
objective_update(struct store *store, struct objective_row *row,
    const struct objective_change *change, const char *actor, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	(void)store;
	(void)actor;
	(void)now_ms;
	(void)arena;
	(void)err;
	assert_true(world.is_in_transaction);
	row->is_active = change->has_active ? change->is_active : true;
	if (change->asked_as)
		row->title = change->asked_as;
	return 0;
}

/* "obj_nothing" is not there; what begins so is others', if they are seen. */
int
objective_delete(struct store *store, const struct objective_row *row,
    const char *actor, int64_t now_ms, struct arena *arena, struct err *err)
{
	(void)store;
	(void)row;
	(void)actor;
	(void)now_ms;
	(void)arena;
	(void)err;
	assert_true(world.is_in_transaction);
	return 0;
}

int
store_objectives_shown(struct store *store, const struct objective_shown *shown,
    struct arena *arena, struct objective_row **rows_out, size_t *n_out,
    struct err *err)
{
	struct objective_row *row = arena_alloc(arena, sizeof(*row));
	bool is_there =
	    shown->skip == 0 && strcmp(shown->id_prefix, "obj_nothing") != 0;
	bool is_others = strstr(shown->id_prefix, "others") != NULL;

	(void)store;
	(void)err;
	assert_string_equal(shown->workspace_id, "workspace");
	*row = (struct objective_row){
		.id = "obj_there",
		.title = "A title",
		.prompt = "What is to be done",
		.trigger_type = "schedule",
		.event_key = "",
		.cron_expr = "0 9 * * *",
		.timezone = "UTC",
		.asked_by = is_others ? "telegram:7" : shown->asked_by,
	};
	*rows_out = row;
	*n_out = is_there && (!is_others || shown->sees_others);
	return 0;
}

int
store_file_add(struct store *store, const struct file_row *row, int64_t now_ms,
    struct err *err)
{
	(void)store;
	(void)now_ms;
	(void)err;
	assert_true(world.is_in_transaction);
	snprintf(world.file_path, sizeof(world.file_path), "%s", row->path);
	snprintf(world.file_text, sizeof(world.file_text), "%s", row->content);
	return 0;
}

int
store_files_beneath(struct store *store, const char *workspace_id,
    const char *folder, struct arena *arena, struct file_row **rows_out,
    size_t *n_out, struct err *err)
{
	struct file_row *row = arena_alloc(arena, sizeof(*row));

	(void)store;
	(void)err;
	assert_string_equal(workspace_id, "workspace");
	assert_string_equal(folder, "scratch/context/");
	row->path = world.file_path;
	row->content = world.file_text;
	*rows_out = row;
	*n_out = world.file_path[0] != '\0';
	return 0;
}

int
store_begin_relaxed(struct store *store, struct err *err)
{
	return store_begin(store, err);
}

int
store_usage_of_turn_add(struct store *store, int64_t turn_id, const char *model,
    const struct tokens *more, struct err *err)
{
	(void)store;
	(void)turn_id;
	(void)model;
	(void)err;
	world.tokens_recorded += more->in + more->out;
	world.tokens_estimated += more->estimated;
	return 0;
}

int
store_usage_add(struct store *store, int64_t day, const char *scope,
    const char *key, const struct tokens *more, struct err *err)
{
	size_t at = world.n_charged++;

	(void)store;
	(void)day;
	(void)err;
	assert_true(at < WORLD_MAX);
	snprintf(world.charged[at].scope, sizeof(world.charged[at].scope), "%s",
	    scope);
	snprintf(
	    world.charged[at].key, sizeof(world.charged[at].key), "%s", key);
	world.charged[at].n_tokens = more->in + more->out;
	return 0;
}

int
store_usage_get(struct store *store, int64_t day, const char *scope,
    const char *key, struct tokens *out, struct err *err)
{
	(void)store;
	(void)day;
	(void)scope;
	(void)key;
	(void)err;
	*out = (struct tokens){ .in = world.tokens_used };
	return 0;
}
