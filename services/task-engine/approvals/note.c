/* The trail of an action: audit rows, and words to whoever asked. */

#include "services/task-engine/approvals/parts.h"

#include <string.h>

#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/actions.h"
#include "services/task-engine/store/places.h"

int
action_note(struct store *store, const char *actor, const char *operation,
    const struct action_row *action, const char *detail, int64_t now_ms,
    struct err *err)
{
	const struct audit_entry entry = {
		.actor = actor,
		.operation = operation,
		.workspace_id = action->workspace_id,
		.subject = action->id,
		.detail = detail,
	};

	return audit_add(store, &entry, now_ms, err);
}

int
action_tell_asker(struct store *store, const struct action_row *action,
    const char *decided_context_id, const char *text, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	struct context_row context;
	struct post_note note = {
		.context = &context,
		.text = text,
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];
	int got;

	if (strcmp(decided_context_id, action->context_id) == 0)
		return 0;
	got =
	    store_context_get(store, action->context_id, arena, &context, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	return post_add(store, &note, now_ms, id, err);
}
