/* What gateways are told while an answer is being made. */

#include "tests/unit/unit.h"

#include "services/task-engine/turn/turn.h"
#include "tests/unit/task-engine-turn/room.h"
#include "tests/unit/task-engine-turn/world.h"

static void
expect_last(size_t n, const char *chat_id, const char *state)
{
	assert_int_equal(world.n_progress, n);
	assert_string_equal(world.progress[n - 1].instance, "main");
	assert_string_equal(world.progress[n - 1].chat_id, chat_id);
	assert_string_equal(world.progress[n - 1].state, state);
}

static void
it_is_told_from_the_beginning_to_the_end(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "hello");
	room_wake();
	expect_last(1, "-100", "working");
	turns_progress(turns);
	expect_last(2, "-100", "working");
	world_model_answers(0, "Hello.", LLM_FINISH_DONE);
	assert_int_equal(world.n_said, 1);
	expect_last(3, "-100", "done");
	turns_progress(turns);
	assert_int_equal(world.n_progress, 3);
}

static void
a_chat_is_done_when_nobody_waits_there(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "hello");
	world_queue(TURN_ANSWER, "hello");
	world_queue(TURN_ANSWER, "hello");
	world.queued[2].message.chat_id = "-200";
	room_wake();
	assert_int_equal(world.n_progress, 3);
	world_model_answers(0, "Hello.", LLM_FINISH_DONE);
	assert_int_equal(world.n_progress, 3);
	world_model_answers(2, "Hello.", LLM_FINISH_DONE);
	expect_last(4, "-200", "done");
	turns_cancel(turns, 2);
	expect_last(5, "-100", "done");
}

/* An answer that waits to be stored is still on its way. */
static void
it_ends_when_the_answer_is_stored(void **state)
{
	(void)state;
	room_enter(true);
	world.n_failing_ends = 1;
	world_queue(TURN_ANSWER, "hello");
	room_wake();
	world_model_answers(0, "Hello.", LLM_FINISH_DONE);
	expect_last(1, "-100", "working");
}

static void
nobody_is_told_of_a_task(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_TASK, "write it");
	room_wake();
	turns_progress(turns);
	turns_cancel(turns, 1);
	world_indexer_answers(0, NULL);
	assert_int_equal(world.n_progress, 0);
}

static void
nobody_is_told_where_nobody_listens(void **state)
{
	(void)state;
	room_enter(true);
	world.is_http = true;
	world_queue(TURN_ANSWER, "hello");
	room_wake();
	turns_cancel(turns, 1);
	assert_int_equal(world.n_progress, 0);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, room_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_told_from_the_beginning_to_the_end),
		TEST(a_chat_is_done_when_nobody_waits_there),
		TEST(it_ends_when_the_answer_is_stored),
		TEST(nobody_is_told_of_a_task),
		TEST(nobody_is_told_where_nobody_listens),
	};

	return cmocka_run_group_tests(tests, room_open, room_close);
}
