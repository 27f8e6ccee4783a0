#ifndef TASK_ENGINE_APPROVALS_PARTS_H
#define TASK_ENGINE_APPROVALS_PARTS_H

#include <stdint.h>

#include "libcommon/defs.h"

struct action_row;
struct approvals;
struct arena;
struct audit_entry;
struct decider;
struct err;
struct store;

/* What the room's files share. */

/* Whether the decider may do that about an action of that workspace, wherever
 * it is said; else ERR_REFUSED. */
int action_check(const struct approvals *approvals,
    const struct decider *decider, const char *operation,
    const char *workspace_id, struct err *err) MUST_CHECK;

/* The audit row of what happened to it: its workspace and subject are filled
 * in. */
int action_note(struct store *store, const struct audit_entry *what,
    const struct action_row *action, int64_t now_ms,
    struct err *err) MUST_CHECK;

/* Whoever asked for it is told, unless in the context where it was decided, and
 * its cards say it. */
int action_tell(struct store *store, const struct action_row *action,
    const char *decided_context_id, const char *text, int64_t now_ms,
    struct arena *arena, struct err *err) MUST_CHECK;

/* It has just expired: the audit row, and words to whoever asked. Where a late
 * decision found it so, the answer says it. */
int action_end_late(struct store *store, const struct action_row *action,
    const char *found_context_id, int64_t now_ms, struct arena *arena,
    struct err *err) MUST_CHECK;

/* What nobody did. */
#define ACTION_BY_ENGINE "agent-runtime"

#endif
