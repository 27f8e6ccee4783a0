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
struct store;

/*
 * What a context may read: the workspace's shared Markdown, and of the private
 * folders only what is its own; proto/search.h says what an entry covers.
 */
int policy_scope(struct store *store, enum actor_kind kind,
    const struct context_row *context, struct arena *arena,
    struct search_scope *out, struct err *err) MUST_CHECK;

/* The one question about a path; asked again for every path that comes back. */
bool policy_may_read(const struct search_scope *scope, const char *path);

#endif
