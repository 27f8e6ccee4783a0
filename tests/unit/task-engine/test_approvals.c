/* The life of an action: who decides it, once, and what is left of it. */

#include "services/task-engine/approvals/approvals.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "proto/delivery.h"
#include "services/task-engine/approvals/proposal.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/audit_rows.h"
#include "services/task-engine/store/people.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

/* Two communities, each with people of its own. */
struct town {
	struct world world;
	struct policy policy;
	struct approvals approvals;
	struct context_row here, there;
	struct actor ada, bob, eve, guest, tool, local;
};

static const struct action_type running[] = {
	{ "run_command", "action.run_command", "command", "sandbox_command" },
};

static struct actor
account(const char *id, const char *user_id)
{
	struct actor out = { .kind = ACTOR_ACCOUNT, .connector = "telegram" };

	snprintf(out.name, sizeof(out.name), "telegram:%s", id);
	snprintf(out.external_id, sizeof(out.external_id), "%s", id);
	snprintf(out.user_id, sizeof(out.user_id), "%s", user_id);
	return out;
}

static void
person(struct town *t, const char *user_id, const char *workspace_id,
    enum role role)
{
	struct world *w = &t->world;
	const struct identity_row identity = {
		.id = arena_printf(w->arena, "identity-%s", user_id),
		.user_id = user_id,
		.connector = "telegram",
		.connector_user_id = user_id,
	};

	DONE(store_user_add(w->store, user_id, user_id, w->now_ms, &w->err));
	DONE(store_identity_add(w->store, &identity, w->now_ms, &w->err));
	DONE(store_role_put(w->store, user_id, workspace_id, role, &w->err));
}

static void
town_open(struct town *t)
{
	struct world *w = &t->world;

	memset(t, 0, sizeof(*t));
	world_open(w);
	t->here = world_context(w, "telegram", "here", "community", "here");
	t->there = world_context(w, "telegram", "there", "community", "there");
	t->policy = (struct policy){ w->store, "" };
	t->approvals = (struct approvals){
		.store = w->store,
		.policy = &t->policy,
		.types = action_types,
		.n_types = n_action_types,
		.ttl_s = 3600,
		.max_pending = 3,
	};
	DONE(store_begin(w->store, &w->err));
	person(t, "ada", t->here.workspace_id, ROLE_ADMIN);
	person(t, "bob", ROLE_EVERYWHERE, ROLE_ADMIN);
	person(t, "eve", t->there.workspace_id, ROLE_ADMIN);
	DONE(store_commit(w->store, &w->err));
	t->ada = account("ada", "ada");
	t->bob = account("bob", "bob");
	t->eve = account("eve", "eve");
	t->guest = account("42", "");
	t->tool = (struct actor){ .kind = ACTOR_TOOL,
		.name = "tool:ci",
		.user_id = "bob",
		.connector = "codex",
		.external_id = "s1" };
	t->local = (struct actor){ .kind = ACTOR_LOCAL, .name = "local" };
}

static const char *
propose(struct town *t, const struct actor *asker, const struct context_row *x)
{
	static const char text[] = "{\"type\":\"run_command\",\"target\":"
				   "\"ls\",\"args\":[\"-l\",\"`\"]}";
	struct world *w = &t->world;
	const struct proposing p = {
		.asker = asker,
		.asked_as = "guest",
		.context = x,
		.instance = "telegram.main",
		.requester_user_id = asker->external_id,
		.provenance = "telegram \"here\"",
	};
	struct proposal proposal;
	struct action_row row;

	DONE(proposal_read(&proposal, text, strlen(text), w->arena, &w->err));
	row = approvals_row(&t->approvals, &p, &proposal, w->now_ms, w->arena);
	DONE(store_begin(w->store, &w->err));
	DONE(approvals_propose(
	    &t->approvals, &p, &row, w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	return row.id;
}

static struct decider
by(struct town *t, const struct actor *actor)
{
	return (struct decider){
		.actor = actor,
		.operation = "command.approve-action",
		.context_id = t->here.id,
		.remark = "",
		.now_ms = t->world.now_ms,
	};
}

static int
approve(struct town *t, const struct actor *actor, const char *id,
    struct action_row *out)
{
	struct world *w = &t->world;
	const struct decider d = by(t, actor);
	int got;

	DONE(store_begin(w->store, &w->err));
	got = approvals_approve(&t->approvals, &d, id, w->arena, out, &w->err);
	DONE(store_commit(w->store, &(struct err){ 0 }));
	return got;
}

static int
deny(struct town *t, const struct actor *actor, const char *id,
    struct action_row *out)
{
	struct world *w = &t->world;
	const struct decider d = by(t, actor);
	int got;

	DONE(store_begin(w->store, &w->err));
	got = approvals_deny(
	    &t->approvals, &d, id, "too loud", w->arena, out, &w->err);
	DONE(store_commit(w->store, &(struct err){ 0 }));
	return got;
}

static struct action_row
stored(struct town *t, const char *id)
{
	struct world *w = &t->world;
	struct action_row row;

	DONE(store_action_get(w->store, id, w->arena, &row, &w->err));
	return row;
}

/* "operation by actor; …" of what happened to the action. */
static const char *
trail(struct town *t, const char *id)
{
	struct world *w = &t->world;
	const struct audit_filter filter = {
		.operation = "action.",
		.actor = "",
		.workspace_id = "",
		.outcome = "",
		.below_seq = INT64_MAX,
		.limit = 100,
	};
	const char *out = "";
	struct audit_row *rows;
	size_t n;

	DONE(store_audit_list(w->store, &filter, w->arena, &rows, &n, &w->err));
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].entry.subject, id) == 0)
			out = arena_printf(w->arena, "%s%s by %s; ", out,
			    rows[i].entry.operation, rows[i].entry.actor);
	return out;
}

/* G-53, P-48: approve and deny are one decision, whoever comes first. */
static void
the_first_decision_is_the_only_one(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	struct action_row row;
	const char *id;

	(void)state;
	town_open(t);
	id = propose(t, &t->guest, &t->here);
	DONE(approve(t, &t->ada, id, &row));
	assert_string_equal(row.status, "approved");
	assert_string_equal(row.execution_status, "skipped");
	OTHER(approve(t, &t->bob, id, &row));
	OTHER(deny(t, &t->bob, id, &row));
	row = stored(t, id);
	assert_string_equal(row.approver_user_id, "telegram:ada");
	assert_string_equal(row.status, "approved");
	assert_string_equal(trail(t, id),
	    "action.propose by telegram:42; action.approve by telegram:ada; ");
	id = propose(t, &t->guest, &t->here);
	DONE(deny(t, &t->ada, id, &row));
	OTHER(approve(t, &t->bob, id, &row));
	row = stored(t, id);
	assert_string_equal(row.status, "denied");
	assert_string_equal(row.denied_reason, "too loud");
	assert_string_equal(row.execution_status, "not_executed");
	world_close(w);
}

/* G-13, G-14, P-101: the workspace of the action decides, nothing else. */
static void
only_admins_of_its_workspace_decide(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	struct action_row row;
	const char *id;

	(void)state;
	town_open(t);
	id = propose(t, &t->guest, &t->there);
	FAILS(approve(t, &t->ada, id, &row), ERR_NOT_FOUND);
	FAILS(approve(t, &t->guest, id, &row), ERR_NOT_FOUND);
	/* Though bob may, and it is his session. */
	FAILS(approve(t, &t->tool, id, &row), ERR_NOT_FOUND);
	FAILS(deny(t, &t->ada, id, &row), ERR_NOT_FOUND);
	FAILS(approve(t, &t->eve, "act_none", &row), ERR_NOT_FOUND);
	assert_string_equal(stored(t, id).status, "pending");
	DONE(approve(t, &t->eve, id, &row));
	id = propose(t, &t->guest, &t->there);
	DONE(approve(t, &t->bob, id, &row));
	id = propose(t, &t->guest, &t->there);
	DONE(approve(t, &t->local, id, &row));
	world_close(w);
}

/* What somebody is told who types that id, without the id. */
static const char *
told(struct town *t, const struct actor *actor, const char *text, size_t size)
{
	struct world *w = &t->world;
	const char *typed = arena_strndup(w->arena, text, size);
	const struct decider d = by(t, actor);
	struct action_row *rows, row;
	const char *id, *at;
	size_t n;

	if (approvals_resolve(&t->approvals, &d, typed, w->arena, &id, &rows,
		&n, &w->err) == 0)
		FAILS(approvals_get(
			  &t->approvals, &d, id, w->arena, &row, &w->err),
		    ERR_NOT_FOUND);
	assert_int_equal(w->err.code, ERR_NOT_FOUND);
	at = strstr(w->err.text, typed);
	assert_non_null(at);
	return arena_printf(w->arena, "%.*s%s", (int)(at - w->err.text),
	    w->err.text, at + strlen(typed));
}

/* So that trying ids without end needs no limit: see find.c. */
static void
a_right_guess_is_told_what_a_wrong_one_is(void **state)
{
	static const struct {
		size_t from, size;
	} parts[] = { { 0, 40 }, { 0, 8 }, { 4, 4 }, { 4, 12 } };
	struct town town, *t = &town;
	const struct actor *actors[] = { &t->guest, &t->ada, &t->tool };
	const char *right, *wrong = "act_00000000-0000-4000-8000-000000000000";

	(void)state;
	town_open(t);
	right = propose(t, &t->guest, &t->there);
	for (size_t i = 0; i < N_OF(actors) * N_OF(parts); i++) {
		const struct actor *actor = actors[i / N_OF(parts)];
		size_t n = i % N_OF(parts), from = parts[n].from;

		assert_string_equal(told(t, actor, right + from, parts[n].size),
		    told(t, actor, wrong + from, parts[n].size));
	}
	world_close(&t->world);
}

static size_t
count(struct town *t, const struct actor *actor, const char *context_id,
    const char *prefix)
{
	struct world *w = &t->world;
	const struct decider d = by(t, actor);
	const struct approvals_query query = {
		.context_id = context_id,
		.prefix = prefix,
		.limit = APPROVALS_LIST_MAX,
	};
	struct action_row *rows;
	size_t n;

	DONE(approvals_pending(
	    &t->approvals, &d, &query, w->arena, &rows, &n, &w->err));
	for (size_t i = 1; i < n; i++)
		assert_true(rows[i - 1].seq < rows[i].seq);
	return n;
}

static void
lists_show_what_one_may_decide(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	struct action_row row;
	const char *id;

	(void)state;
	town_open(t);
	id = propose(t, &t->guest, &t->here);
	propose(t, &t->guest, &t->there);
	propose(t, &t->bob, &t->there);
	assert_int_equal(count(t, &t->ada, "", ""), 1);
	assert_int_equal(count(t, &t->eve, "", ""), 2);
	assert_int_equal(count(t, &t->bob, "", ""), 3);
	assert_int_equal(count(t, &t->local, "", ""), 3);
	assert_int_equal(count(t, &t->guest, "", ""), 0);
	assert_int_equal(count(t, &t->tool, "", ""), 0);
	assert_int_equal(count(t, &t->bob, t->here.id, ""), 1);
	assert_int_equal(count(t, &t->bob, "", id), 1);
	assert_int_equal(count(t, &t->eve, "", id), 0);
	assert_int_equal(
	    count(t, &t->ada, "", arena_strndup(w->arena, id, 8)), 1);
	DONE(deny(t, &t->ada, id, &row));
	assert_int_equal(count(t, &t->ada, "", ""), 0);
	w->now_ms += 3600 * 1000;
	assert_int_equal(count(t, &t->bob, "", ""), 0);
	world_close(w);
}

/* G-54, P-102: what nobody decides ends, with or without the upkeep. */
static void
an_action_expires(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	struct action_row row;
	const char *first, *second;
	int64_t n;

	(void)state;
	town_open(t);
	first = propose(t, &t->guest, &t->here);
	second = propose(t, &t->guest, &t->here);
	w->now_ms += 3600 * 1000 - 1000;
	DONE(store_begin(w->store, &w->err));
	DONE(approvals_expire(
	    &t->approvals, 10, w->now_ms, w->arena, &n, &w->err));
	assert_int_equal(n, 0);
	w->now_ms += 1000;
	store_rollback(w->store);
	OTHER(approve(t, &t->ada, first, &row));
	assert_string_equal(row.status, "expired");
	assert_string_equal(stored(t, first).status, "expired");
	DONE(store_begin(w->store, &w->err));
	DONE(approvals_expire(
	    &t->approvals, 10, w->now_ms, w->arena, &n, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(n, 1);
	assert_string_equal(stored(t, second).status, "expired");
	assert_string_equal(trail(t, second),
	    "action.propose by telegram:42; action.expire by agent-runtime; ");
	world_close(w);
}

static void
nobody_approves_their_own_when_separated(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	struct action_row row;
	struct actor other;
	const char *id;

	(void)state;
	town_open(t);
	id = propose(t, &t->ada, &t->here);
	t->approvals.is_separated = true;
	FAILS(approve(t, &t->ada, id, &row), ERR_REFUSED);
	/* By person: another account of hers is she. */
	other = account("ada-too", "ada");
	FAILS(approve(t, &other, id, &row), ERR_REFUSED);
	assert_string_equal(stored(t, id).status, "pending");
	DONE(approve(t, &t->bob, id, &row));
	/* A guest's request is the person's to whom it was linked since. */
	other = account("bob", "");
	id = propose(t, &other, &t->here);
	FAILS(approve(t, &t->bob, id, &row), ERR_REFUSED);
	DONE(deny(t, &t->bob, id, &row));
	t->approvals.is_separated = false;
	id = propose(t, &t->ada, &t->here);
	DONE(approve(t, &t->ada, id, &row));
	world_close(w);
}

/* G-54: after a crash between start and record nobody knows, and nothing is
 * run again. */
static void
what_was_executing_is_unknown_after_a_crash(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	struct action_row row;
	const char *id, *done;
	int64_t n;

	(void)state;
	town_open(t);
	t->approvals.types = running;
	t->approvals.n_types = N_OF(running);
	done = propose(t, &t->guest, &t->here);
	id = propose(t, &t->guest, &t->here);
	DONE(approve(t, &t->ada, done, &row));
	assert_string_equal(row.execution_status, "executing");
	DONE(store_begin(w->store, &w->err));
	DONE(approvals_record(&t->approvals, done, "succeeded", "fine",
	    w->now_ms, w->arena, &w->err));
	OTHER(approvals_record(&t->approvals, done, "failed", "twice",
	    w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	DONE(approve(t, &t->ada, id, &row));
	world_reopen(w);
	t->approvals.store = t->policy.store = w->store;
	for (int i = 1; i >= 0; i--) {
		DONE(store_begin(w->store, &w->err));
		DONE(approvals_recover(
		    w->store, w->now_ms, w->arena, &n, &w->err));
		DONE(store_commit(w->store, &w->err));
		assert_int_equal(n, i);
	}
	assert_string_equal(stored(t, done).execution_status, "succeeded");
	assert_string_equal(stored(t, id).execution_status, "unknown");
	OTHER(approve(t, &t->ada, id, &row));
	world_close(w);
}

static void
what_was_altered_is_not_approved(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	char sha256[ID_SHA256_HEX_SIZE];
	struct action_row row;
	const char *id;

	(void)state;
	town_open(t);
	id = propose(t, &t->guest, &t->here);
	row = stored(t, id);
	id_sha256_hex(sha256, row.payload, strlen(row.payload));
	assert_string_equal(row.payload_sha256, sha256);
	world_run(w, "UPDATE action_approvals SET payload_json ="
		     " replace(payload_json, '-l', '-a')");
	FAILS(approve(t, &t->ada, id, &row), ERR_REFUSED);
	DONE(deny(t, &t->ada, id, &row));
	world_close(w);
}

static void
a_lost_role_takes_its_requests_along(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	struct action_row row;
	const char *mine, *other;
	int64_t n;

	(void)state;
	town_open(t);
	mine = propose(t, &t->guest, &t->here);
	other = propose(t, &t->bob, &t->here);
	DONE(store_begin(w->store, &w->err));
	DONE(approvals_cancel_of(w->store, "telegram:42", "local",
	    "the account was unlinked", w->now_ms, w->arena, &n, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(n, 1);
	row = stored(t, mine);
	assert_string_equal(row.status, "denied");
	assert_string_equal(row.approver_user_id, "local");
	assert_string_equal(row.denied_reason, "the account was unlinked");
	assert_string_equal(stored(t, other).status, "pending");
	OTHER(approve(t, &t->ada, mine, &row));
	world_close(w);
}

static void
an_asker_has_room_for_so_many(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	int64_t n;

	(void)state;
	town_open(t);
	for (int64_t left = 3; left >= 0; left--) {
		DONE(approvals_room(
		    &t->approvals, &t->guest, w->now_ms, &n, &w->err));
		assert_int_equal(n, left);
		if (left)
			propose(t, &t->guest, &t->here);
	}
	DONE(approvals_room(&t->approvals, &t->bob, w->now_ms, &n, &w->err));
	assert_int_equal(n, 3);
	/* What has expired waits for nobody. */
	DONE(approvals_room(
	    &t->approvals, &t->guest, w->now_ms + 3600 * 1000, &n, &w->err));
	assert_int_equal(n, 3);
	world_close(w);
}

/* The notice's last page carries the id; whoever asked elsewhere is told. */
static void
notices_and_outcomes_are_delivered(void **state)
{
	struct town town, *t = &town;
	struct world *w = &t->world;
	struct delivery_batch batch = { 0 };
	struct action_row row;
	const char *id;

	(void)state;
	town_open(t);
	id = propose(t, &t->guest, &t->there);
	DONE(approve(t, &t->bob, id, &row));
	DONE(store_begin(w->store, &w->err));
	DONE(lease_claim(w->store,
	    &(struct claim){ "telegram.main", "first", 9, w->now_ms }, w->arena,
	    &batch, &w->err));
	assert_int_equal(batch.n_deliveries, 1);
	assert_string_equal(batch.deliveries[0].chat_id, "there");
	assert_string_equal(batch.deliveries[0].action_id, id);
	assert_non_null(strstr(batch.deliveries[0].text, row.payload_sha256));
	assert_non_null(strstr(batch.deliveries[0].text, row.payload));
	const struct delivery_result sent = {
		.delivery_id = batch.deliveries[0].delivery_id,
		.lease = batch.deliveries[0].lease,
		.outcome = "sent",
		.is_last = true,
		.platform_id = "77",
		.reason = "",
	};
	struct delivery_noted noted;

	DONE(lease_result(w->store, "telegram.main", &sent, w->now_ms, w->arena,
	    &noted, &w->err));
	DONE(lease_claim(w->store,
	    &(struct claim){ "telegram.main", "second", 9, w->now_ms },
	    w->arena, &batch, &w->err));
	assert_int_equal(batch.n_deliveries, 1);
	assert_non_null(strstr(batch.deliveries[0].text, "Outcome: "));
	assert_string_equal(batch.deliveries[0].action_id, "");
	store_rollback(w->store);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_decision_is_the_only_one),
		cmocka_unit_test(only_admins_of_its_workspace_decide),
		cmocka_unit_test(a_right_guess_is_told_what_a_wrong_one_is),
		cmocka_unit_test(lists_show_what_one_may_decide),
		cmocka_unit_test(an_action_expires),
		cmocka_unit_test(nobody_approves_their_own_when_separated),
		cmocka_unit_test(what_was_executing_is_unknown_after_a_crash),
		cmocka_unit_test(what_was_altered_is_not_approved),
		cmocka_unit_test(a_lost_role_takes_its_requests_along),
		cmocka_unit_test(an_asker_has_room_for_so_many),
		cmocka_unit_test(notices_and_outcomes_are_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
