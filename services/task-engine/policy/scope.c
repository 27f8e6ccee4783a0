/* Which Markdown of a workspace a context may read. */

#include "services/task-engine/policy/scope.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/policy/names.h"

/*
 * So many results of earlier tasks are kept readable; a scope has at most 64
 * entries, four of which are not tasks.
 */
enum { N_TASKS_MAX = 56, N_OWN_MAX = 4 };

static const char *everything[] = { "" };

static const char *private_folders[] = {
	"logs/",
	"memory/",
	"inbox/",
	"tasks/",
	"ops/",
	"scratch/",
	"context/",
	"skills/",
};

static const char **
own_places(const struct context_row *x, struct arena *arena, size_t *n_out)
{
	const char **own =
	    arena_alloc(arena, (N_OWN_MAX + 1 + N_TASKS_MAX) * sizeof(*own));
	char name[NAME_SIZE];
	size_t n = 0;

	name_escape(name, x->external_id);
	own[n++] = name_chat_log(arena, x->connector, x->external_id);
	own[n++] = arena_printf(arena, "inbox/%s/%s/", x->connector, name);
	own[n++] = arena_printf(arena, "memory/contexts/%s.md", x->id);
	own[n++] = arena_printf(arena, "scratch/%s/", x->id);
	if (*x->parent_external_id)
		own[n++] =
		    name_chat_log(arena, x->connector, x->parent_external_id);
	*n_out = n;
	return own;
}

int
policy_scope(struct store *store, enum actor_kind kind,
    const struct context_row *context, struct arena *arena,
    struct search_scope *out, struct err *err)
{
	const char **tasks;
	size_t n_tasks;

	*out = (struct search_scope){ .allow = everything,
		.n_allow = N_OF(everything) };
	/* The person at the machine can read the files anyway; a direct
	 * session is not a public room. */
	if (kind == ACTOR_LOCAL && context->is_direct)
		return 0;
	out->deny = private_folders;
	out->n_deny = N_OF(private_folders);
	out->extra = own_places(context, arena, &out->n_extra);
	if (store_task_paths(store, context->id, N_TASKS_MAX, arena, &tasks,
		&n_tasks, err) < 0)
		return -1;
	for (size_t i = 0; i < n_tasks; i++)
		out->extra[out->n_extra++] = tasks[i];
	return 0;
}

bool
policy_may_read(const struct search_scope *scope, const char *path)
{
	return search_scope_allows(scope, path);
}
