/* What happens to actions without a decision: time, restarts, lost roles. */

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/parts.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/audit/audit.h"

static int
record(struct store *store, const char *id, const char *execution_status,
    const char *message, int64_t now_ms, struct arena *arena, struct err *err)
{
	const struct audit_entry what = {
		.actor = ACTION_BY_ENGINE,
		.operation = "action.record",
		.detail = execution_status,
		.reason = message,
	};
	AUTO(buf_release)
	struct buf text = { 0 };
	struct action_row row;
	int got = store_action_record(
	    store, id, execution_status, message, now_ms / 1000, err);

	if (got != 0)
		return got;
	if (store_action_brief(store, id, arena, &row, err) != 0)
		return -1;
	buf_init(&text);
	tell_settled(&text, &row);
	if (action_note(store, &what, &row, now_ms, err) < 0)
		return -1;
	return action_tell(store, &row, "", text.data, now_ms, arena, err);
}

int
approvals_record(const struct approvals *a, const char *id,
    const char *execution_status, const char *message, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	return record(
	    a->store, id, execution_status, message, now_ms, arena, err);
}

int
approvals_recover(struct store *store, int64_t now_ms, struct arena *arena,
    int64_t *n_out, struct err *err)
{
	struct action_key *keys;
	size_t n;

	if (store_actions_executing(store, arena, &keys, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (record(store, keys[i].id, "unknown",
			"the engine stopped while it was being run", now_ms,
			arena, err) < 0)
			return -1;
		log_warn("action-unknown", "action=%s", keys[i].id);
	}
	*n_out = (int64_t)n;
	return 0;
}

static int
expire(struct store *store, const char *id, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	struct action_row row;
	int got = store_action_expire(store, id, now_ms / 1000, err);

	if (got != 0)
		return got;
	if (store_action_brief(store, id, arena, &row, err) != 0)
		return -1;
	return action_end_late(store, &row, "", now_ms, arena, err);
}

int
approvals_expire(const struct approvals *a, int64_t limit, int64_t now_ms,
    struct arena *arena, int64_t *n_out, struct err *err)
{
	struct action_key *keys;
	size_t n;

	if (store_actions_overdue(
		a->store, now_ms / 1000, limit, arena, &keys, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (expire(a->store, keys[i].id, now_ms, arena, err) < 0)
			return -1;
	*n_out = (int64_t)n;
	return 0;
}

static int
cancel(struct store *store, const char *id, const char *by, const char *why,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	const struct audit_entry what = {
		.actor = by,
		.operation = "action.deny",
		.reason = why,
	};
	AUTO(buf_release)
	struct buf text = { 0 };
	struct action_row row;
	int got = store_action_brief(store, id, arena, &row, err);

	if (got != 0)
		return got;
	row.status = "denied";
	row.approver_user_id = by;
	row.denied_reason = why;
	got = store_action_decide(store, &row, now_ms / 1000, err);
	/* It has expired, which upkeep will write down. */
	if (got != 0)
		return got;
	buf_init(&text);
	tell_decided(&text, &row);
	if (action_note(store, &what, &row, now_ms, err) < 0)
		return -1;
	return action_tell(store, &row, "", text.data, now_ms, arena, err);
}

int
approvals_cancel_of(struct store *store, const char *asked_by, const char *by,
    const char *why, int64_t now_ms, struct arena *arena, int64_t *n_out,
    struct err *err)
{
	struct action_key *keys;
	size_t n;

	*n_out = 0;
	if (store_actions_of(store, asked_by, arena, &keys, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int got =
		    cancel(store, keys[i].id, by, why, now_ms, arena, err);

		if (got < 0)
			return -1;
		*n_out += got == 0;
	}
	return 0;
}
