/* What gateways die of. */

#include "services/task-engine/delivery/deaths.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/delivery/notices.h"
#include "services/task-engine/delivery/trial.h"
#include "services/task-engine/store/audit_rows.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/places.h"

static const char reason[] =
    "its gateway died three times while it was sending it";

static int
note(struct store *store, const struct outbox_row *row,
    const struct context_row *context, int64_t now_ms, struct err *err)
{
	const struct audit_entry entry = {
		.actor = row->instance,
		.operation = "delivery.claim",
		.workspace_id = context->workspace_id,
		.context_id = context->id,
		.subject = row->id,
		.detail = "set aside",
		.reason = reason,
	};

	return audit_add(store, &entry, now_ms, err);
}

/* Without its text: nobody knows what in it does harm. */
static int
set_aside(struct store *store, struct outbox_row *row, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	struct context_row context;
	const char *text = arena_printf(arena,
	    "`%s` stopped unexpectedly three times while it sent the same "
	    "message, so that one is set aside and everything else goes on "
	    "(delivery `%s`, for chat `%s`). The text is in that chat's log; "
	    "the log of the gateway says more.",
	    row->instance, row->id, row->chat_id);
	size_t n_told;

	if (lease_give_up(store, row, reason, now_ms, err) < 0 ||
	    store_context_get(store, row->context_id, arena, &context, err) <
		0 ||
	    note(store, row, &context, now_ms, err) < 0 ||
	    notice_post_all(store, text, now_ms, arena, &n_told, err) < 0)
		return -1;
	log_error("delivery-set-aside", "delivery=%s instance=%s told=%zu",
	    row->id, row->instance, n_told);
	return 0;
}

int
deaths_note(struct store *store, const char *instance, bool was_clean_stop,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	struct trial_scene scene;
	struct outbox_row *rows;
	struct blame blame;
	size_t n;

	if (trial_look_at_all(store, instance, &scene, err) < 0)
		return -1;
	blame = trial_blame(&scene, was_clean_stop);
	if (store_suspects_begin(store, instance, was_clean_stop, &blame, err) <
		0 ||
	    store_outbox_release(store, instance, &blame, now_ms, err) < 0 ||
	    store_outbox_poison(
		store, instance, DEATHS_MAX, arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (set_aside(store, &rows[i], now_ms, arena, err) < 0)
			return -1;
	return 0;
}
