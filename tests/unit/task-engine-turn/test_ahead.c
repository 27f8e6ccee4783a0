/* Questions to the indexer that are asked before their turn is claimed. */

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "services/task-engine/people/actors.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/turn/turns.h"
#include "tests/unit/task-engine-turn/room.h"
#include "tests/unit/task-engine-turn/world.h"

enum { SEQ = 7 /* of what world_queue queues */, ARENA_BYTES = 64 * 1024 };

static const char question[] = "where is the policy?";
static const char no_hits[] = "{\"hits\":[]}";

static void
look_ahead(const char *text, int64_t seq, const char *workspace_id)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	const struct actor asker = { .name = "local", .user_id = "" };
	const struct context_row context = { .id = "context",
		.workspace_id = workspace_id };
	const struct turn_ahead ahead = { seq, &asker, &context, text, "" };

	turns_look_ahead(turns, &ahead, arena);
}

static void
take(const char *text)
{
	world_queue(TURN_ANSWER, text);
	room_wake();
}

/* Whatever nobody waits for still comes, from that one on. */
static void
leave(size_t first_open)
{
	size_t n = world.n_searches;

	room_leave(NULL);
	for (; first_open < n; first_open++)
		world_indexer_answers(first_open, no_hits);
	room_enter(true);
}

static const struct {
	const char *name;
	const char *text;
	int64_t seq;
	const char *workspace_id;
	size_t n_ahead, n_searches; /* before its turn, and with it */
} cases[] = {
	{ "its own", question, SEQ, "workspace", 1, 1 },
	{ "other words", "where is the guide?", SEQ, "workspace", 1, 2 },
	{ "of another message", question, SEQ + 1, "workspace", 1, 2 },
	{ "of another workspace", question, SEQ, "elsewhere", 1, 2 },
	{ "a greeting", "hello!", SEQ, "workspace", 0, 1 },
	{ "one that leans on what was said", "and why?", SEQ, "workspace", 0,
	    1 },
};

static void
a_turn_takes_what_was_asked_for_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		print_message("%s\n", cases[i].name);
		room_enter(true);
		look_ahead(cases[i].text, cases[i].seq, cases[i].workspace_id);
		assert_int_equal(world.n_searches, cases[i].n_ahead);
		take(question);
		assert_int_equal(world.n_searches, cases[i].n_searches);
		assert_int_equal(world.n_calls, 0);
		world_indexer_answers(cases[i].n_searches - 1, no_hits);
		assert_int_equal(world.n_calls, 1);
		if (cases[i].n_searches == 2)
			world_indexer_answers(0, no_hits);
		room_leave(NULL);
	}
	room_enter(true);
}

static void
passages_come_by_it_without_a_model_too(void **state)
{
	(void)state;
	room_enter(false);
	look_ahead(question, SEQ, "workspace");
	take(question);
	assert_int_equal(world.n_searches, 1);
	world_indexer_answers(0, no_hits);
	assert_int_equal(world.n_said, 1);
}

static void
an_answer_before_its_turn_is_lost_and_asked_for_again(void **state)
{
	(void)state;
	room_enter(true);
	look_ahead(question, SEQ, "workspace");
	world_indexer_answers(0, no_hits);
	take(question);
	assert_int_equal(world.n_searches, 2);
	world_indexer_answers(1, no_hits);
	assert_int_equal(world.n_calls, 1);
}

static void
an_indexer_that_is_away_is_away_for_the_turn(void **state)
{
	(void)state;
	room_enter(true);
	look_ahead(question, SEQ, "workspace");
	take(question);
	world_indexer_answers(0, NULL);
	assert_int_equal(world.n_calls, 1);
}

static void
a_turn_that_is_cancelled_leaves_the_answer(void **state)
{
	(void)state;
	room_enter(true);
	look_ahead(question, SEQ, "workspace");
	take(question);
	turns_cancel(turns, 1);
	world_indexer_answers(0, no_hits);
	assert_int_equal(world.n_calls, 0);
}

/* Their messages may be undone; then nobody ever takes them. */
static void
no_more_are_asked_than_may_run(void **state)
{
	size_t n;

	(void)state;
	room_enter(true);
	n = (size_t)world.cfg.llm_max_concurrent;
	for (size_t i = 0; i < n + 3; i++)
		look_ahead(question, SEQ + 1 + (int64_t)i, "workspace");
	assert_int_equal(world.n_searches, n);
	world_indexer_answers(0, no_hits);
	look_ahead(question, SEQ, "workspace");
	assert_int_equal(world.n_searches, n + 1);
	take(question);
	assert_int_equal(world.n_searches, n + 1);
	leave(1);
}

static void
an_answer_after_the_end_is_for_nobody(void **state)
{
	(void)state;
	room_enter(true);
	look_ahead(question, SEQ, "workspace");
	leave(0);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, room_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_turn_takes_what_was_asked_for_it),
		TEST(passages_come_by_it_without_a_model_too),
		TEST(an_answer_before_its_turn_is_lost_and_asked_for_again),
		TEST(an_indexer_that_is_away_is_away_for_the_turn),
		TEST(a_turn_that_is_cancelled_leaves_the_answer),
		TEST(no_more_are_asked_than_may_run),
		TEST(an_answer_after_the_end_is_for_nobody),
	};

	return cmocka_run_group_tests(tests, room_open, room_close);
}
