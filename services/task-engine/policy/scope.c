/* Which Markdown of a workspace a context may read. */

#include "services/task-engine/policy/scope.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/policy/names.h"

/*
 * A scope has at most 64 entries: the folders of a context and of the channel
 * that it is a thread of, and so many results of their latest tasks.
 */
enum { N_FOLDERS = 4, N_TASKS_OWN = 40, N_TASKS_PARENT = 16 };

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

static void
add_folders(
    const struct context_row *x, struct arena *arena, struct search_scope *out)
{
	out->extra[out->n_extra++] =
	    name_chat_log(arena, x->connector, x->external_id);
	out->extra[out->n_extra++] =
	    name_inbox(arena, x->connector, x->external_id);
	out->extra[out->n_extra++] =
	    arena_printf(arena, "memory/contexts/%s.md", x->id);
	out->extra[out->n_extra++] = arena_printf(arena, "scratch/%s/", x->id);
}

static int
add_own(struct store *store, const struct context_row *x, int64_t n_tasks_max,
    struct arena *arena, struct search_scope *out, struct err *err)
{
	const char **tasks;
	size_t n_tasks;

	add_folders(x, arena, out);
	if (store_task_paths(
		store, x->id, n_tasks_max, arena, &tasks, &n_tasks, err) < 0)
		return -1;
	for (size_t i = 0; i < n_tasks; i++)
		out->extra[out->n_extra++] = tasks[i];
	return 0;
}

/* A thread reads what its channel reads. */
static int
add_parent(struct store *store, const struct context_row *x,
    struct arena *arena, struct search_scope *out, struct err *err)
{
	struct context_row parent;
	int got;

	if (!*x->parent_external_id)
		return 0;
	got = store_context_find(
	    store, x->connector, x->parent_external_id, arena, &parent, err);
	if (got != 0 || strcmp(parent.workspace_id, x->workspace_id) != 0)
		return got < 0 ? -1 : 0;
	return add_own(store, &parent, N_TASKS_PARENT, arena, out, err);
}

/*
 * Nothing private is quoted into a public room: an admin reads all of the
 * workspace where admins are among themselves, and the person at the machine,
 * who has the files anyway, in a direct session.
 */
static int
reads_all(const struct policy *policy, const struct actor *actor,
    const struct context_row *x, bool *out, struct err *err)
{
	enum role role;

	*out = actor->kind == ACTOR_LOCAL && x->is_direct;
	if (*out || !x->is_admin)
		return 0;
	if (policy_role(policy, actor, x->workspace_id, &role, err) < 0)
		return -1;
	*out = role >= ROLE_ADMIN;
	return 0;
}

int
policy_scope(const struct policy *policy, const struct actor *actor,
    const struct context_row *context, struct arena *arena,
    struct search_scope *out, struct err *err)
{
	bool is_all;

	*out = (struct search_scope){ .allow = everything,
		.n_allow = N_OF(everything) };
	if (reads_all(policy, actor, context, &is_all, err) < 0)
		return -1;
	if (is_all)
		return 0;
	out->deny = private_folders;
	out->n_deny = N_OF(private_folders);
	out->extra =
	    arena_alloc(arena, (2 * N_FOLDERS + N_TASKS_OWN + N_TASKS_PARENT) *
				   sizeof(*out->extra));
	if (add_own(policy->store, context, N_TASKS_OWN, arena, out, err) < 0)
		return -1;
	return add_parent(policy->store, context, arena, out, err);
}

bool
policy_may_tell(const struct context_row *room, const char *context_id,
    const char *workspace_id)
{
	return room->is_direct || room->is_global_hub ||
	       strcmp(room->id, context_id) == 0 ||
	       (room->is_admin &&
		   strcmp(room->workspace_id, workspace_id) == 0);
}

bool
policy_may_read(const struct search_scope *scope, const char *path)
{
	return search_scope_allows(scope, path);
}
