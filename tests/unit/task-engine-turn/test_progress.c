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

#define TEN "0123456789"
#define FORTY TEN TEN TEN TEN
#define LONG FORTY FORTY FORTY FORTY FORTY FORTY

/* One that is made for so many seconds. */
static void
begin_answer(const char *said, int64_t for_s)
{
	room_enter(true);
	world.cfg.llm_show_after_s = 4;
	world_queue(TURN_ANSWER, "hello");
	world.queued[0].context.connector = "telegram";
	world.queued[0].context.chat_id = "-100";
	room_wake();
	turns->running->notes.began_mono_ms -= 1000 * for_s;
	world.said_so_far = said;
	turns_show(turns);
}

static const struct {
	const char *name, *said;
	int64_t for_s;
	bool is_shown;
} shows[] = {
	{ "a long answer that takes long", "confidence: 0.9\n" LONG, 5, true },
	{ "one that is soon whole", "confidence: 0.9\n" LONG, 2, false },
	{ "a short one", FORTY, 5, false },
	{ "one that is doubted", "confidence: 0.2\n" LONG, 5, false },
	{ "one of which that is not known", "So.\n" LONG, 5, false },
	{ "one that begins with a thought", "<think>\n" LONG, 5, false },
	{ "a tool in words", "```tool\n" LONG, 5, false },
	{ "a model of which nothing is known", "", 5, false },
};

static void
only_long_answers_are_shown_before_they_are_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(shows); i++) {
		print_message("%s\n", shows[i].name);
		begin_answer(shows[i].said, shows[i].for_s);
		assert_int_equal(world.n_partials, shows[i].is_shown);
		if (shows[i].is_shown)
			assert_string_equal(world.partial, LONG " …");
		/* Where it is shown nobody knows yet. */
		assert_int_equal(world.n_progress, 1);
		room_leave(NULL);
	}
}

static void
it_grows_where_it_is_shown(void **state)
{
	(void)state;
	begin_answer("confidence: 0.9\n" LONG, 5);
	world.partial_id = "77";
	turns_show(turns);
	expect_last(2, "-100", "working");
	assert_string_equal(world.progress[1].edit_id, "77");
	assert_string_equal(world.progress[1].text, LONG " …");
	turns_show(turns);
	assert_int_equal(world.n_progress, 2);
	world.said_so_far =
	    "confidence: 0.9\n" LONG "\n```action\n{\"secret\":1}";
	turns_show(turns);
	assert_int_equal(world.n_progress, 2);
	world.said_so_far = "confidence: 0.9\n" LONG " more\n";
	turns_show(turns);
	expect_last(3, "-100", "working");
	assert_string_equal(world.progress[2].text, LONG " more …");
	assert_int_equal(world.n_partials, 1);
	world_model_answers(0, "Hello.", LLM_FINISH_DONE);
	expect_last(4, "-100", "done");
	turns_show(turns);
	assert_int_equal(world.n_progress, 4);
}

static void
nothing_is_shown_when_that_is_switched_off(void **state)
{
	(void)state;
	begin_answer("confidence: 0.9\n" LONG, 0);
	world.cfg.llm_show_after_s = 0;
	turns->running->notes.began_mono_ms -= 60 * 1000;
	turns_show(turns);
	assert_int_equal(world.n_partials, 0);
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
		TEST(only_long_answers_are_shown_before_they_are_made),
		TEST(it_grows_where_it_is_shown),
		TEST(nothing_is_shown_when_that_is_switched_off),
		TEST(nobody_is_told_of_a_task),
		TEST(nobody_is_told_where_nobody_listens),
	};

	return cmocka_run_group_tests(tests, room_open, room_close);
}
