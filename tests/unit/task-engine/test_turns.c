/* The order of work, its ends, and what a crash leaves behind. */

#include "services/task-engine/store/turns.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "services/task-engine/audit/verify.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/tasks/finish.h"
#include "services/task-engine/tasks/notify.h"
#include "services/task-engine/tasks/tasks.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

enum {
	ALL = 1u << TURN_ANSWER | 1u << TURN_COMMAND | 1u << TURN_TASK,
	TASKS = 1u << TURN_TASK,
};

static const struct notify_policies both = { NOTIFY_BOTH, NOTIFY_BOTH };
static const struct actor local = { .kind = ACTOR_LOCAL, .name = "local" };

static struct task_row
queue_task(struct world *w, const struct context_row *x, const char *title,
    const char *priority, int64_t due_unix)
{
	struct task_row row = {
		.task = {
			.title = title,
			.prompt = title,
			.priority = priority,
			.due_at_unix = due_unix,
			.route_class = "",
		},
		.asked_by = "local",
	};

	DONE(store_begin(w->store, &w->err));
	DONE(task_queue(w->store, x, &row, w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	return row;
}

static int64_t
queue_message(struct world *w, const struct context_row *x,
    const char *event_id, enum turn_kind kind)
{
	struct turn_new turn = {
		.kind = kind,
		.workspace_id = x->workspace_id,
		.context_id = x->id,
		.message_seq = world_say(w, x, event_id, event_id),
		.priority = 2,
	};
	int64_t id;

	DONE(store_begin(w->store, &w->err));
	DONE(store_turn_add(w->store, &turn, w->now_ms, &id, &w->err));
	DONE(store_commit(w->store, &w->err));
	return id;
}

static struct turn_work
claim(struct world *w, unsigned kinds, int64_t concurrency)
{
	struct turn_work work = { 0 };
	int64_t next_ms;

	DONE(store_turn_claim(w->store, kinds, concurrency, w->now_ms, w->arena,
	    &work, &next_ms, &w->err));
	return work;
}

static void
claim_none(struct world *w, unsigned kinds, int64_t concurrency)
{
	struct turn_work work;
	int64_t next_ms;

	OTHER(store_turn_claim(w->store, kinds, concurrency, w->now_ms,
	    w->arena, &work, &next_ms, &w->err));
}

static struct task_row
task(struct world *w, const char *id)
{
	struct task_row row;

	DONE(store_task_get(w->store, id, w->arena, &row, &w->err));
	return row;
}

static void
answers_come_first_then_commands_then_urgent_tasks(void **state)
{
	static const char *const wanted[] = { "m:1", "m:3", "urgent", "due 1",
		"due 2", "older", "younger", "last" };
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	queue_task(w, &w->context, "last", "p3", 1);
	queue_task(w, &w->context, "older", "p2", 0);
	queue_task(w, &w->context, "younger", "p2", 0);
	queue_task(w, &w->context, "due 2", "p2", 1800000000);
	queue_task(w, &w->context, "due 1", "p2", 1700000000);
	queue_task(w, &w->context, "urgent", "p1", 0);
	queue_message(w, &w->context, "m:3", TURN_COMMAND);
	queue_message(w, &w->context, "m:1", TURN_ANSWER);
	for (size_t i = 0; i < N_OF(wanted); i++) {
		struct turn_work work = claim(w, ALL, 100);
		const char *got =
		    work.has_task ? work.task.task.title : work.message.text;

		assert_string_equal(got, wanted[i]);
		assert_int_equal(work.attempts, 1);
		assert_string_equal(work.context.id, w->context.id);
	}
	claim_none(w, ALL, 100);
	world_close(w);
}

static void
a_busy_workspace_keeps_no_other_waiting(void **state)
{
	struct world world, *w = &world;
	struct context_row other;

	(void)state;
	world_open(w);
	other = world_context(w, "codex", "s2", "session", "s2");
	for (int i = 0; i < 4; i++)
		queue_task(w, &w->context, "mine", "p1", 0);
	queue_task(w, &other, "other", "p3", 0);
	assert_string_equal(claim(w, TASKS, 2).task.task.title, "mine");
	struct turn_work second = claim(w, TASKS, 2);

	assert_string_equal(second.task.task.title, "mine");
	assert_string_equal(claim(w, TASKS, 2).task.task.title, "other");
	claim_none(w, TASKS, 2);
	const struct turn_outcome outcome = { .is_ok = true, .text = "done" };

	DONE(finish_turn(w->store, &second, &outcome, w->now_ms, &w->err));
	assert_string_equal(claim(w, TASKS, 2).task.task.title, "mine");
	claim_none(w, TASKS, 2);
	world_close(w);
}

static void
a_requeued_turn_waits_for_its_time(void **state)
{
	struct world world, *w = &world;
	struct turn_work work;
	int64_t next_ms;

	(void)state;
	world_open(w);
	queue_task(w, &w->context, "a", "p2", 0);
	work = claim(w, ALL, 1);
	assert_string_equal(task(w, work.task.task.id).task.status, "running");
	DONE(requeue_turn(
	    w->store, &work, w->now_ms + 5000, "busy", w->now_ms, &w->err));
	assert_string_equal(task(w, work.task.task.id).task.status, "queued");
	OTHER(store_turn_claim(
	    w->store, ALL, 1, w->now_ms, w->arena, &work, &next_ms, &w->err));
	assert_int_equal(next_ms, w->now_ms + 5000);
	w->now_ms += 5000;
	assert_int_equal(claim(w, ALL, 1).attempts, 2);
	world_close(w);
}

static void
an_answer_ends_with_one_reply(void **state)
{
	const struct turn_outcome outcome = { .is_ok = true,
		.text = "yes\x1b" };
	struct world world, *w = &world;
	struct turn_work work;
	struct outbox_row row;
	const char *how, *why;

	(void)state;
	world_open(w);
	queue_message(w, &w->context, "m:1", TURN_ANSWER);
	work = claim(w, ALL, 1);
	DONE(finish_turn(w->store, &work, &outcome, w->now_ms, &w->err));
	DONE(store_outbox_of_message(
	    w->store, work.message.seq, w->arena, &row, &w->err));
	assert_string_equal(row.text, "yes");
	assert_string_equal(row.state, "queued");
	assert_string_equal(row.instance, "api.main");
	DONE(store_turn_of_message(
	    w->store, work.message.seq, w->arena, &how, &why, &w->err));
	assert_string_equal(how, "done");
	/* Once more says nothing. */
	OTHER(finish_turn(w->store, &work, &outcome, w->now_ms, &w->err));
	world_close(w);
}

static void
task_ends(const char *instance, bool is_told)
{
	const struct turn_outcome outcome = { .is_ok = true,
		.text = "A poem.\nIt rhymes." };
	struct world world, *w = &world;
	struct turn_work work;
	struct task_row row;
	struct file_row *files;
	struct outbox_row *due;
	size_t n;

	world_open(w);
	w->context.instance = instance;
	queue_task(w, &w->context, "poem", "p2", 0);
	work = claim(w, ALL, 1);
	DONE(finish_turn(w->store, &work, &outcome, w->now_ms, &w->err));
	row = task(w, work.task.task.id);
	assert_string_equal(row.task.status, "succeeded");
	assert_string_equal(row.task.result_summary, "A poem. It rhymes.");
	assert_int_equal(row.task.attempts, 1);
	assert_int_equal(row.task.finished_at_unix, w->now_ms / 1000);
	DONE(store_files_pending(
	    w->store, 0, 10, w->arena, &files, &n, &w->err));
	assert_int_equal(n, 1);
	assert_string_equal(files[0].path, row.task.result_path);
	assert_non_null(strstr(files[0].content, "# Task Result\n"));
	assert_non_null(
	    strstr(files[0].content, "## Final Output\n\nA poem.\nIt rhymes."));
	DONE(store_outbox_due(
	    w->store, instance, w->now_ms, 10, w->arena, &due, &n, &w->err));
	assert_int_equal(n, is_told);
	if (is_told) {
		assert_non_null(strstr(due[0].text, "A poem.\nIt rhymes."));
		assert_string_equal(due[0].task_id, row.task.id);
	}
	world_close(w);
}

static void
a_task_ends_with_result_file_and_word(void **state)
{
	(void)state;
	task_ends("telegram.main", true);
}

/* Nobody would ever take it from there. */
static void
a_task_of_an_http_client_ends_without_a_word(void **state)
{
	(void)state;
	task_ends("api.main", false);
}

static void
a_failed_task_says_so_and_can_be_retried_once_a_key(void **state)
{
	const struct turn_outcome outcome = { .is_ok = false,
		.text = "The model does not answer.",
		.error = "timeout" };
	struct world world, *w = &world;
	struct task_row failed,
	    copy = { .run_key = "k1", .request_sha256 = "h" };
	struct task_row again = { .run_key = "k1", .request_sha256 = "h" };
	struct task_row other = { .run_key = "k1", .request_sha256 = "x" };
	struct turn_work work;

	(void)state;
	world_open(w);
	queue_task(w, &w->context, "a", "p2", 0);
	work = claim(w, ALL, 1);
	DONE(store_begin(w->store, &w->err));
	FAILS(task_retry(w->store, &local, ROLE_OVERLORD, &work.task, &copy,
		  w->now_ms, w->arena, &w->err),
	    ERR_INVALID);
	store_rollback(w->store);
	DONE(finish_turn(w->store, &work, &outcome, w->now_ms, &w->err));
	failed = task(w, work.task.task.id);
	assert_string_equal(failed.task.status, "failed");
	assert_string_equal(failed.task.error_message, "timeout");
	DONE(store_begin(w->store, &w->err));
	DONE(task_retry(w->store, &local, ROLE_OVERLORD, &failed, &copy,
	    w->now_ms, w->arena, &w->err));
	OTHER(task_retry(w->store, &local, ROLE_OVERLORD, &failed, &again,
	    w->now_ms, w->arena, &w->err));
	FAILS(task_retry(w->store, &local, ROLE_OVERLORD, &failed, &other,
		  w->now_ms, w->arena, &w->err),
	    ERR_CONFLICT);
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(copy.task.id, again.task.id);
	assert_string_equal(copy.task.status, "queued");
	assert_string_equal(copy.task.error_message, "");
	assert_string_equal(claim(w, ALL, 1).task.task.id, copy.task.id);
	world_close(w);
}

/* Running it again is asking for it: with one's own rights, never more. */
static void
a_retried_task_runs_with_the_weaker_rights(void **state)
{
	static const struct actor tool = { .kind = ACTOR_TOOL,
		.name = "tool:t" };
	static const struct {
		const struct actor *actor;
		enum role role;
		const char *asked_by, *asked_as, *by, *as;
	} rows[] = {
		{ &tool, ROLE_MEMBER, "local", "overlord", "tool:t", "member" },
		{ &local, ROLE_OVERLORD, "tool:t", "member", "tool:t",
		    "member" },
		{ &tool, ROLE_MEMBER, "telegram:7", "guest", "telegram:7",
		    "guest" },
		{ &tool, ROLE_GUEST, "telegram:7", "admin", "tool:t", "guest" },
	};
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct task_row failed, copy = { .run_key = "" };
		struct turn_work work;

		queue_task(w, &w->context, "a", "p2", 0);
		work = claim(w, ALL, 1);
		failed = work.task;
		failed.task.status = "failed";
		failed.asked_by = rows[i].asked_by;
		failed.asked_as = rows[i].asked_as;
		DONE(store_begin(w->store, &w->err));
		DONE(task_retry(w->store, rows[i].actor, rows[i].role, &failed,
		    &copy, w->now_ms, w->arena, &w->err));
		store_rollback(w->store);
		assert_string_equal(copy.asked_by, rows[i].by);
		assert_string_equal(copy.asked_as, rows[i].as);
		DONE(finish_turn(w->store, &work,
		    &(struct turn_outcome){ .is_ok = true, .text = "x" },
		    w->now_ms, &w->err));
	}
	world_close(w);
}

static void
a_cancelled_task_says_nothing_more(void **state)
{
	const struct turn_outcome outcome = { .is_ok = true, .text = "late" };
	struct world world, *w = &world;
	struct audit_check check = { 0 };
	struct turn_work work;
	struct task_row row;
	int64_t turn_id;

	(void)state;
	world_open(w);
	queue_task(w, &w->context, "a", "p2", 0);
	work = claim(w, ALL, 1);
	row = work.task;
	DONE(store_begin(w->store, &w->err));
	DONE(task_cancel(w->store, &local, &row, NULL, w->now_ms, w->arena,
	    &turn_id, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(turn_id, work.turn_id);
	assert_string_equal(row.task.status, "cancelled");
	OTHER(finish_turn(w->store, &work, &outcome, w->now_ms, &w->err));
	assert_string_equal(task(w, row.task.id).task.status, "cancelled");
	DONE(store_begin(w->store, &w->err));
	FAILS(task_cancel(w->store, &local, &row, NULL, w->now_ms, w->arena,
		  &turn_id, &w->err),
	    ERR_CONFLICT);
	store_rollback(w->store);
	OTHER(audit_verify(w->store, &check, 10, &w->err));
	assert_int_equal(check.state, AUDIT_INTACT);
	/* The key, the task, its cancelling. */
	assert_int_equal(check.at.seq, 3);
	world_close(w);
}

static void
recover(struct world *w, int64_t blamed, bool *aside, struct turn_work *out)
{
	int64_t n;

	world_reopen(w);
	DONE(store_begin(w->store, &w->err));
	DONE(store_turns_recover(
	    w->store, blamed, w->now_ms, w->arena, aside, out, &n, &w->err));
	if (*aside)
		DONE(tell_set_aside(
		    w->store, out, &both, NULL, w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
}

static void
three_crashes_set_the_blamed_one_aside(void **state)
{
	struct world world, *w = &world;
	struct turn_work out;
	struct outbox_row row;
	bool aside;

	(void)state;
	world_open(w);
	int64_t bad = queue_message(w, &w->context, "m:1", TURN_ANSWER);
	int64_t good = queue_message(w, &w->context, "m:2", TURN_ANSWER);

	for (int i = 1; i <= 3; i++) {
		struct turn_work first = claim(w, ALL, 9);

		assert_int_equal(first.turn_id, bad);
		assert_int_equal(first.crash_count, i - 1);
		assert_int_equal(claim(w, ALL, 9).turn_id, good);
		recover(w, bad, &aside, &out);
		assert_int_equal(aside, i == 3);
	}
	assert_int_equal(out.turn_id, bad);
	DONE(store_outbox_of_message(
	    w->store, out.message.seq, w->arena, &row, &w->err));
	assert_non_null(strstr(row.text, "set aside"));
	struct turn_work left = claim(w, ALL, 9);

	assert_int_equal(left.turn_id, good);
	assert_int_equal(left.crash_count, 0);
	claim_none(w, ALL, 9);
	world_close(w);
}

static void
an_old_mark_blames_nobody(void **state)
{
	struct world world, *w = &world;
	struct turn_work out;
	bool aside;

	(void)state;
	world_open(w);
	int64_t id = queue_message(w, &w->context, "m:1", TURN_ANSWER);

	for (int i = 0; i < 5; i++)
		recover(w, id, &aside, &out);
	assert_false(aside);
	assert_int_equal(claim(w, ALL, 1).crash_count, 0);
	world_close(w);
}

static void
a_crashed_task_is_queued_again(void **state)
{
	struct world world, *w = &world;
	struct turn_work out, work;
	bool aside;

	(void)state;
	world_open(w);
	queue_task(w, &w->context, "a", "p2", 0);
	work = claim(w, ALL, 1);
	recover(w, 0, &aside, &out);
	assert_false(aside);
	assert_string_equal(task(w, work.task.task.id).task.status, "queued");
	assert_int_equal(claim(w, ALL, 1).task.task.attempts, 2);
	world_close(w);
}

static void
the_mark_outlives_the_process(void **state)
{
	struct world world, *w = &world;
	const char *path;
	int64_t blamed;

	(void)state;
	world_open(w);
	path = world_path(w, "current");
	DONE(blame_open(path, &blamed, &w->err));
	assert_int_equal(blamed, 0);
	blame_set(7);
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	assert_int_equal(fread(&blamed, sizeof(blamed), 1, f), 1);
	fclose(f);
	assert_int_equal(blamed, 7);
	blame_clear();
	blame_close();
	DONE(blame_open(path, &blamed, &w->err));
	assert_int_equal(blamed, 0);
	blame_close();
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    answers_come_first_then_commands_then_urgent_tasks),
		cmocka_unit_test(a_busy_workspace_keeps_no_other_waiting),
		cmocka_unit_test(a_requeued_turn_waits_for_its_time),
		cmocka_unit_test(an_answer_ends_with_one_reply),
		cmocka_unit_test(a_task_ends_with_result_file_and_word),
		cmocka_unit_test(a_task_of_an_http_client_ends_without_a_word),
		cmocka_unit_test(
		    a_failed_task_says_so_and_can_be_retried_once_a_key),
		cmocka_unit_test(a_retried_task_runs_with_the_weaker_rights),
		cmocka_unit_test(a_cancelled_task_says_nothing_more),
		cmocka_unit_test(three_crashes_set_the_blamed_one_aside),
		cmocka_unit_test(an_old_mark_blames_nobody),
		cmocka_unit_test(a_crashed_task_is_queued_again),
		cmocka_unit_test(the_mark_outlives_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
