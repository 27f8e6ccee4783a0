#ifndef TASK_ENGINE_POLICY_SCOPE_H
#define TASK_ENGINE_POLICY_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"
#include "proto/search.h"
#include "services/task-engine/policy/policy.h"

struct arena;
struct context_row;
struct err;

/*
 * What the actor may read in a context: the workspace's shared Markdown, and
 * of the private folders only what is the context's own and, for a thread, its
 * channel's. An admin reads everything in an admin channel, the person at the
 * machine in a direct session. proto/search.h says what an entry covers.
 */
int policy_scope(const struct policy *policy, const struct actor *actor,
    const struct context_row *context, struct arena *arena,
    struct search_scope *out, struct err *err) MUST_CHECK;

/*
 * Whether what was asked for in a context may be told in room: to whoever
 * speaks there alone, in the room itself, where the admins of its workspace are
 * among themselves, and in a hub of all workspaces. That they may decide about
 * it is another question.
 */
bool policy_may_tell(const struct context_row *room, const char *context_id,
    const char *workspace_id);

/* The one question about a path; asked again for every path that comes back. */
bool policy_may_read(const struct search_scope *scope, const char *path);

#endif
