/* The trail of an action: audit rows, and words to whoever asked. */

#include "services/task-engine/approvals/parts.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/cards.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/actions.h"
#include "services/task-engine/store/places.h"

static const struct audit_entry expired = {
	.actor = ACTION_BY_ENGINE,
	.operation = "action.expire",
	.reason = "nobody decided it in time",
};

int
action_note(struct store *store, const struct audit_entry *what,
    const struct action_row *action, int64_t now_ms, struct err *err)
{
	struct audit_entry entry = *what;

	entry.workspace_id = action->workspace_id;
	entry.subject = action->id;
	return audit_add(store, &entry, now_ms, err);
}

int
action_tell(struct store *store, const struct action_row *action,
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

	if (cards_turn(store, action->id, text, now_ms, arena, err) < 0)
		return -1;
	if (strcmp(decided_context_id, action->context_id) == 0)
		return 0;
	got =
	    store_context_get(store, action->context_id, arena, &context, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	return post_add(store, &note, now_ms, id, err);
}

int
action_end_late(struct store *store, const struct action_row *action,
    const char *found_context_id, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	tell_expired(&text, action);
	if (action_note(store, &expired, action, now_ms, err) < 0)
		return -1;
	return action_tell(
	    store, action, found_context_id, text.data, now_ms, arena, err);
}
