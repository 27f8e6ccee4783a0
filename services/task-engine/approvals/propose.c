/* Stores what an answer proposes and shows it to who decides. */

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/parts.h"
#include "services/task-engine/approvals/proposal.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/notices.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/places.h"

int
approvals_room(const struct approvals *a, const struct actor *asker,
    int64_t now_ms, int64_t *n_out, struct err *err)
{
	int64_t n;

	if (store_actions_count(a->store, asker->name, now_ms / 1000, &n, err) <
	    0)
		return -1;
	*n_out = n < a->max_pending ? a->max_pending - n : 0;
	return 0;
}

static int
post_here(const struct approvals *a, const struct proposing *p,
    const struct notice *notice, int64_t now_ms, struct err *err)
{
	const struct post_note note = {
		.context = p->context,
		.instance = p->instance,
		.text = notice->text,
		.action_id = notice->action_id,
		.has_buttons = notice->has_buttons,
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];

	/* What answers an HTTP client stands in its reply. */
	if (!connector_is_told(p->instance))
		return 0;
	return post_add(a->store, &note, now_ms, id, err);
}

/* Page by page: a reply to any of them is about the action, and the last one
 * carries the buttons. */
static int
show(const struct approvals *a, const struct proposing *p,
    const struct action_row *row, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	const char **pages;
	size_t n_pages = tell_notice(row, arena, &pages), n_told;

	for (size_t i = 0; i < n_pages; i++) {
		const struct notice notice = {
			.workspace_id = row->workspace_id,
			.text = pages[i],
			.action_id = row->id,
			.has_buttons = i + 1 == n_pages,
		};

		if (notice_post(
			a->store, &notice, now_ms, arena, &n_told, err) < 0)
			return -1;
		if (n_told == 0 && post_here(a, p, &notice, now_ms, err) < 0)
			return -1;
	}
	return 0;
}

struct action_row
approvals_row(const struct approvals *a, const struct proposing *p,
    const struct proposal *proposal, int64_t now_ms, struct arena *arena)
{
	const struct context_row *x = p->context;
	char uuid[ID_UUID_SIZE];

	id_uuid(uuid);
	return (struct action_row){
		.id = arena_printf(arena, "act_%s", uuid),
		.workspace_id = x->workspace_id,
		.context_id = x->id,
		.connector = x->connector,
		.external_id = x->external_id,
		.requester_user_id = p->requester_user_id,
		.type = proposal->type,
		.target = proposal->target,
		.summary = proposal->summary,
		.payload = proposal->bytes,
		.payload_sha256 = proposal->sha256,
		.created_at_unix = now_ms / 1000,
		.expires_at_unix = now_ms / 1000 + a->ttl_s,
		.asked_by = p->asker->name,
		.asked_as = p->asked_as,
		.asked_user_id = p->asker->user_id,
		.message_seq = p->message_seq,
		.turn_id = p->turn_id,
		.provenance = p->provenance,
	};
}

int
approvals_propose(const struct approvals *a, const struct proposing *p,
    const struct action_row *row, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	const struct audit_entry what = {
		.actor = row->asked_by,
		.operation = "action.propose",
		.detail = arena_printf(
		    arena, "type=%s sha256=%s", row->type, row->payload_sha256),
		.context_id = row->context_id,
		.reason = row->provenance,
	};

	if (store_action_add(a->store, row, err) < 0 ||
	    action_note(a->store, &what, row, now_ms, err) < 0 ||
	    show(a, p, row, now_ms, arena, err) < 0)
		return -1;
	log_info("action-proposed", "action=%s type=%s by=%s", row->id,
	    row->type, log_quote(row->asked_by));
	return 0;
}
