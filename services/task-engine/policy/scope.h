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

/* The one question about a path; asked again for every path that comes back. */
bool policy_may_read(const struct search_scope *scope, const char *path);

#endif
