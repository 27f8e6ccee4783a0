/* Rows of triage: when admins hear of them, and answers that are their run. */

#include "services/task-engine/tasks/routing.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/routing_rows.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/tasks/finish.h"
#include "services/task-engine/tasks/notify.h"
#include "services/task-engine/tasks/tasks.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static const struct actor local = { .kind = ACTOR_LOCAL, .name = "local" };
static const struct notify_policies both = { NOTIFY_BOTH, NOTIFY_BOTH };

static struct routed
routed(const char *id, const char *person, int64_t message_seq)
{
	return (struct routed){
		.row = {
			.task = {
				.id = id,
				.title = "[ISSUE] it fails",
				.prompt = "it fails",
				.route_class = "issue",
				.priority = "p2",
				.assigned_lane = "operations",
			},
			.asked_by = person,
			.asked_as = "guest",
			.source_message_seq = message_seq,
		},
		.reason = "issue words",
		.notice = "a notice",
		.guest_rows = -1,
	};
}

/* Of the person's rows how many wait to be told together. */
static size_t
gathered(struct world *w, const char *person)
{
	const struct routing_person of = { w->context.workspace_id, person };
	struct routing_gathered *rows;
	size_t n;

	/* As if all windows were over. */
	DONE(store_routing_rows(w->store, &of, ROUTING_WINDOW_MS,
	    w->now_ms + 2 * ROUTING_WINDOW_MS, 10, w->arena, &rows, &n,
	    &w->err));
	return n;
}

static void
the_first_of_a_person_begins_a_window(void **state)
{
	enum { END = ROUTING_WINDOW_MS };
	static const struct {
		const char *claim, *person;
		int64_t at_ms;
		size_t n_waiting; /* of that person, afterwards */
	} steps[] = {
		{ "the first is told", "ann", 0, 0 },
		{ "the second waits", "ann", 1, 1 },
		{ "another person is told", "ben", 2, 0 },
		{ "to the last moment", "ann", END - 1, 2 },
		{ "the next window tells its first", "ann", END, 2 },
		{ "and gathers again", "ann", END + 1, 3 },
		{ "the clock was set back", "ben", -END, 0 },
		{ "and the window is where it is", "ben", -END + 1, 1 },
	};
	struct world world, *w = &world;
	char id[16];

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (size_t i = 0; i < N_OF(steps); i++) {
		struct routed r;

		snprintf(id, sizeof(id), "task%zu", i);
		r = routed(arena_strdup(w->arena, id), steps[i].person, 0);
		DONE(routing_add(w->store, &w->context, &r, ROUTING_OPEN,
		    w->now_ms + steps[i].at_ms, w->arena, &w->err));
		if (gathered(w, steps[i].person) != steps[i].n_waiting)
			fail_msg("%s: %zu", steps[i].claim,
			    gathered(w, steps[i].person));
	}
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
a_closed_window_takes_its_own_rows_along(void **state)
{
	struct world world, *w = &world;
	const int64_t later = ROUTING_WINDOW_MS;
	struct routing_person *due, of;
	struct routed r;
	size_t n;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (int i = 0; i < 4; i++) {
		static const char *const ids[] = { "t0", "t1", "t2", "t3" };

		/* Two in a window, and two in the next that nobody closed. */
		r = routed(ids[i], "ann", 0);
		DONE(routing_add(w->store, &w->context, &r, ROUTING_OPEN,
		    w->now_ms + (i < 2 ? 0 : later), w->arena, &w->err));
	}
	DONE(store_routing_due(w->store, later, w->now_ms + later, 10, w->arena,
	    &due, &n, &w->err));
	assert_int_equal(n, 1);
	of = due[0];
	DONE(store_routing_close(
	    w->store, &of, later, w->now_ms + later, &w->err));
	/* The one that waits in the living window is there still. */
	assert_int_equal(gathered(w, "ann"), 1);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
guests_have_so_many_rows(void **state)
{
	struct world world, *w = &world;
	struct routed r;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	r = routed("t1", "ann", 0);
	r.guest_rows = 1;
	DONE(routing_add(w->store, &w->context, &r, ROUTING_OPEN, w->now_ms,
	    w->arena, &w->err));
	r = routed("t2", "ann", 0);
	r.guest_rows = 1;
	OTHER(routing_add(w->store, &w->context, &r, ROUTING_OPEN, w->now_ms,
	    w->arena, &w->err));
	r.guest_rows = -1;
	DONE(routing_add(w->store, &w->context, &r, ROUTING_OPEN, w->now_ms,
	    w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

/* A message, the turn that answers it, and the task that this is. */
static int64_t
begin_answer(struct world *w)
{
	int64_t seq = world_say(w, &w->context, "m1", "please do it now"), turn;
	const struct turn_new answer = {
		.kind = TURN_ANSWER,
		.workspace_id = w->context.workspace_id,
		.context_id = w->context.id,
		.message_seq = seq,
		.priority = 2,
	};
	struct routed r = routed("t1", "telegram:42", seq);

	DONE(store_begin(w->store, &w->err));
	DONE(routing_add(w->store, &w->context, &r, ROUTING_ANSWER, w->now_ms,
	    w->arena, &w->err));
	DONE(store_turn_add(w->store, &answer, w->now_ms, &turn, &w->err));
	DONE(store_commit(w->store, &w->err));
	return seq;
}

static struct turn_work
claim(struct world *w)
{
	struct turn_work work = { 0 };
	int64_t next_ms;

	DONE(store_turn_claim(w->store, 1u << TURN_ANSWER, 1, w->now_ms,
	    w->arena, &work, &next_ms, &w->err));
	return work;
}

static struct task
task(struct world *w)
{
	struct task_row row;

	DONE(store_task_get(w->store, "t1", w->arena, &row, &w->err));
	return row.task;
}

static void
an_answer_ends_the_task_that_it_is(void **state)
{
	static const struct {
		bool is_ok;
		const char *status, *error;
	} cases[] = {
		{ true, "succeeded", "" },
		{ false, "failed", "model: away" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct world world, *w = &world;
		const struct turn_outcome outcome = {
			.is_ok = cases[i].is_ok,
			.text = "what was said",
			.error = cases[i].error,
			.policies = &both,
		};
		struct turn_work work;
		struct outbox_row said;
		int64_t seq;

		world_open(w);
		seq = begin_answer(w);
		assert_string_equal(task(w).status, "running");
		work = claim(w);
		assert_true(work.has_task);
		assert_int_equal(task(w).attempts, 1);
		DONE(
		    finish_turn(w->store, &work, &outcome, w->now_ms, &w->err));
		assert_string_equal(task(w).status, cases[i].status);
		assert_string_equal(task(w).error_message, cases[i].error);
		DONE(store_outbox_of_message(
		    w->store, seq, w->arena, &said, &w->err));
		assert_string_equal(said.text, "what was said");
		assert_string_equal(said.task_id, "t1");
		world_close(w);
	}
}

static void
a_killed_answer_is_claimed_again_with_its_task(void **state)
{
	struct world world, *w = &world;
	struct turn_work work, out;
	bool is_set_aside;
	int64_t n;

	(void)state;
	world_open(w);
	begin_answer(w);
	for (int crash = 1; crash <= 3; crash++) {
		work = claim(w);
		assert_true(work.has_task);
		assert_int_equal(task(w).attempts, crash);
		world_reopen(w);
		DONE(store_begin(w->store, &w->err));
		DONE(store_turns_recover(w->store, work.turn_id, w->now_ms,
		    w->arena, &is_set_aside, &out, &n, &w->err));
		assert_int_equal(is_set_aside, crash == 3);
		if (is_set_aside)
			DONE(tell_set_aside(w->store, &out, &both, NULL,
			    w->now_ms, w->arena, &w->err));
		DONE(store_commit(w->store, &w->err));
		assert_string_equal(
		    task(w).status, crash == 3 ? "failed" : "running");
	}
	world_close(w);
}

static void
cancelling_the_task_answers_the_message(void **state)
{
	const struct turn_outcome late = { .is_ok = true, .text = "too late" };
	struct world world, *w = &world;
	struct outbox_row said;
	struct turn_work work;
	struct task_row row;
	int64_t seq, turn_id;

	(void)state;
	world_open(w);
	seq = begin_answer(w);
	work = claim(w);
	DONE(store_task_get(w->store, "t1", w->arena, &row, &w->err));
	DONE(store_begin(w->store, &w->err));
	DONE(task_cancel(w->store, &local, &row, NULL, w->now_ms, w->arena,
	    &turn_id, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(turn_id, work.turn_id);
	DONE(store_outbox_of_message(w->store, seq, w->arena, &said, &w->err));
	assert_non_null(strstr(said.text, "cancelled by `local`"));
	OTHER(finish_turn(w->store, &work, &late, w->now_ms, &w->err));
	assert_string_equal(task(w).status, "cancelled");
	world_close(w);
}

/* An open row that is run is a task of its own, not that answer. */
static void
a_row_that_is_run_is_not_the_answer(void **state)
{
	struct world world, *w = &world;
	struct turn_work work;
	struct task_row row;

	(void)state;
	world_open(w);
	begin_answer(w);
	DONE(store_begin(w->store, &w->err));
	DONE(store_task_get(w->store, "t1", w->arena, &row, &w->err));
	FAILS(task_run(w->store, &local, ROLE_OVERLORD, &row, w->now_ms,
		  w->arena, &w->err),
	    ERR_CONFLICT);
	store_rollback(w->store);

	struct routed open =
	    routed("t2", "telegram:42", row.source_message_seq);

	DONE(store_begin(w->store, &w->err));
	DONE(task_cancel(w->store, &local, &row, NULL, w->now_ms, w->arena,
	    &(int64_t){ 0 }, &w->err));
	DONE(routing_add(w->store, &w->context, &open, ROUTING_OPEN, w->now_ms,
	    w->arena, &w->err));
	DONE(task_run(w->store, &local, ROLE_OVERLORD, &open.row, w->now_ms,
	    w->arena, &w->err));
	assert_string_equal(open.row.asked_by, "telegram:42");
	DONE(store_commit(w->store, &w->err));
	DONE(store_turn_claim(w->store, 1u << TURN_TASK, 1, w->now_ms, w->arena,
	    &work, &(int64_t){ 0 }, &w->err));
	assert_string_equal(work.task.task.id, "t2");
	OTHER(store_task_of_answer(
	    w->store, row.source_message_seq, w->arena, &row, &w->err));
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_a_person_begins_a_window),
		cmocka_unit_test(a_closed_window_takes_its_own_rows_along),
		cmocka_unit_test(guests_have_so_many_rows),
		cmocka_unit_test(an_answer_ends_the_task_that_it_is),
		cmocka_unit_test(
		    a_killed_answer_is_claimed_again_with_its_task),
		cmocka_unit_test(cancelling_the_task_answers_the_message),
		cmocka_unit_test(a_row_that_is_run_is_not_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
