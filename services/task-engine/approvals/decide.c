/* The one decision about an action. */

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/parts.h"
#include "services/task-engine/approvals/skill.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/people.h"

enum { REASON_MAX = 400 };

/* The person behind an account now; "" for a guest. */
static int
person_of(const struct approvals *a, const char *account, struct arena *arena,
    const char **user_id_out, struct err *err)
{
	const char *colon = strchr(account, ':');
	struct identity_row identity;
	int got;

	*user_id_out = "";
	if (!colon)
		return 0;
	got = store_identity_find(a->store,
	    arena_strndup(arena, account, (size_t)(colon - account)), colon + 1,
	    arena, &identity, err);
	if (got == 0)
		*user_id_out = identity.user_id;
	return got < 0 ? -1 : 0;
}

static int
check_separation(const struct approvals *a, const struct decider *d,
    const struct action_row *row, struct arena *arena, struct err *err)
{
	const char *me = d->actor->user_id, *asker_now;

	if (!a->is_separated)
		return 0;
	if (person_of(a, row->asked_by, arena, &asker_now, err) < 0)
		return -1;
	if (strcmp(row->asked_by, d->actor->name) != 0 &&
	    !(*me && (strcmp(me, row->asked_user_id) == 0 ||
			 strcmp(me, asker_now) == 0)))
		return 0;
	return err_set(err, ERR_REFUSED,
	    "Access denied: you asked for this action, and here nobody "
	    "approves their own request "
	    "(AGENT_RUNTIME_APPROVAL_SEPARATION). Another admin can.");
}

/* What runs is what was shown: the bytes still have their digest. */
static int
check_bytes(const struct action_row *row, struct err *err)
{
	char sha256[ID_SHA256_HEX_SIZE];

	id_sha256_hex(sha256, row->payload, strlen(row->payload));
	if (strcmp(sha256, row->payload_sha256) == 0)
		return 0;
	log_error("action-altered", "action=%s", row->id);
	return err_set(err, ERR_REFUSED,
	    "Action `%s` is not what its notice showed: the stored bytes have "
	    "another digest. Deny it.",
	    row->id);
}

/* 1, with the state that it ends in, when nobody can decide it any more. */
static int
find_pending(const struct approvals *a, const struct decider *d, const char *id,
    struct arena *arena, struct action_row *out, struct err *err)
{
	int got;

	if (approvals_get(a, d, id, arena, out, err) < 0)
		return -1;
	if (strcmp(out->status, "pending") != 0)
		return 1;
	got = store_action_expire(a->store, id, d->now_ms / 1000, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	out->status = "expired";
	return action_end_late(
		   a->store, out, d->context_id, d->now_ms, arena, err) < 0
		   ? -1
		   : 1;
}

static int
settle(const struct approvals *a, const struct decider *d,
    struct action_row *row, const char *operation, struct arena *arena,
    struct err *err)
{
	const struct audit_entry what = {
		.actor = d->actor->name,
		.operation = operation,
		.detail = arena_printf(arena,
		    "by %s; type=%s sha256=%s asked_by=%s%s%s", d->operation,
		    row->type, row->payload_sha256, row->asked_by,
		    *d->remark ? "; remark: " : "", d->remark),
		.context_id = d->context_id,
		.reason = row->denied_reason,
	};
	AUTO(buf_release)
	struct buf text = { 0 };
	int got;

	row->approver_user_id = d->actor->name;
	row->updated_at_unix = d->now_ms / 1000;
	got = store_action_decide(a->store, row, d->now_ms / 1000, err);
	/* It was pending a moment ago, and nobody else writes. */
	assert(got != 1);
	if (got < 0)
		return -1;
	buf_init(&text);
	tell_decided(&text, row);
	if (action_note(a->store, &what, row, d->now_ms, err) < 0 ||
	    action_tell(a->store, row, d->context_id, text.data, d->now_ms,
		arena, err) < 0)
		return -1;
	log_info("action-decided", "action=%s status=%s by=%s", row->id,
	    row->status, log_quote(d->actor->name));
	return 0;
}

/* Approved here is done, begun or skipped: in the same commit. */
static int
begin_or_skip(const struct approvals *a, const struct action_type *type,
    int64_t now_ms, struct arena *arena, struct action_row *row,
    struct err *err)
{
	row->status = "approved";
	row->executor = type->executor;
	row->execution_status = *type->executor ? "executing" : "skipped";
	if (strcmp(type->executor, ACTION_BY_THE_ENGINE) == 0)
		return skill_learn(a->store, row, now_ms, arena, err);
	if (*type->executor)
		return 0;
	row->executed_at_unix = now_ms / 1000;
	row->execution_message =
	    "this version cannot run actions of this type yet";
	return 0;
}

int
approvals_approve(const struct approvals *a, const struct decider *d,
    const char *id, struct arena *arena, struct action_row *out,
    struct err *err)
{
	const struct action_type *type;
	int got = find_pending(a, d, id, arena, out, err);

	if (got != 0)
		return got;
	type = action_type_find(a->types, a->n_types, out->type);
	if (!type)
		return err_set(err, ERR_REFUSED,
		    "Action `%s` is of a type that this version does not know "
		    "(%s). Deny it.",
		    id, out->type);
	if (action_check(a, d, type->operation, out->workspace_id, err) < 0 ||
	    check_separation(a, d, out, arena, err) < 0 ||
	    check_bytes(out, err) < 0 ||
	    begin_or_skip(a, type, d->now_ms, arena, out, err) < 0)
		return -1;
	return settle(a, d, out, "action.approve", arena, err);
}

int
approvals_deny(const struct approvals *a, const struct decider *d,
    const char *id, const char *reason, struct arena *arena,
    struct action_row *out, struct err *err)
{
	int got = find_pending(a, d, id, arena, out, err);
	size_t size = strlen(reason);

	if (got != 0)
		return got;
	out->status = "denied";
	out->denied_reason = *reason ? arena_strndup(arena, reason,
					   utf8_cut(reason, size, REASON_MAX))
				     : "denied by admin";
	return settle(a, d, out, "action.deny", arena, err);
}
