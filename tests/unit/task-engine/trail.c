/* Writes an audit log and checks it. */

#include "tests/unit/task-engine/trail.h"

#include "services/task-engine/audit/audit.h"
#include "services/task-engine/audit/verify.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

const struct audit_entry trail_entry = {
	.actor = "local",
	.operation = "task.cancel",
	.workspace_id = "w",
	.subject = "t1",
	.detail = "running",
};

void
trail_add(struct world *w, int n)
{
	DONE(store_begin(w->store, &w->err));
	for (int i = 0; i < n; i++)
		DONE(audit_add(w->store, &trail_entry, w->now_ms + i, &w->err));
	DONE(store_commit(w->store, &w->err));
}

void
trail_check(struct world *w, struct audit_check *check)
{
	OTHER(audit_verify(w->store, check, 1000, &w->err));
}

void
trail_must_find(
    struct world *w, const char *what, enum audit_state state, int64_t bad_seq)
{
	struct audit_check check = { 0 };

	trail_check(w, &check);
	if (check.state != state || check.bad_seq != bad_seq)
		fail_msg("%s: %s at %d (%s), wanted %s at %d", what,
		    audit_state_name(check.state), (int)check.bad_seq,
		    check.text, audit_state_name(state), (int)bad_seq);
	assert_int_equal(check.text[0] == '\0', state == AUDIT_INTACT);
}
