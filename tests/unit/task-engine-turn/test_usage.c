/* Tokens of turns: budgets that hold, what is recorded, and for whom. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/turn/turns.h"
#include "tests/unit/task-engine-turn/room.h"
#include "tests/unit/task-engine-turn/world.h"

static void
a_budget_is_held(void **state)
{
	(void)state;
	room_enter(true);
	world.cfg.budget_room = 1000000;
	world.tokens_used = 999999;
	world_queue(TURN_ANSWER, "as you said, do it");
	room_wake();
	assert_int_equal(world.n_calls, 0);
	assert_non_null(
	    strstr(world.said[0].text, "AGENT_RUNTIME_LLM_BUDGET_ROOM_TOKENS"));
}

static void
enter_with_two_models(void)
{
	room_enter(true);
	turns_close(&turns);
	world.cfg.llm_fallbacks = "openai/other";
	world.n_models = 0;
	room_open_turns();
}

static void
a_budget_is_held_when_another_model_stands_in(void **state)
{
	(void)state;
	enter_with_two_models();
	room_ask(TURN_ANSWER);
	world.cfg.budget_room = 1;
	world_model_answers(0, NULL, LLM_FINISH_DONE);
	assert_int_equal(world.n_calls, 1);
	assert_int_equal(world.n_said, 1);
	assert_non_null(
	    strstr(world.said[0].text, "AGENT_RUNTIME_LLM_BUDGET_ROOM_TOKENS"));
}

static void
what_runs_counts_against_the_budget(void **state)
{
	(void)state;
	room_enter(true);
	world.cfg.llm_max_output_tokens = 1000;
	world.cfg.budget_day = 4500;
	for (size_t i = 0; i < 8; i++)
		world_queue(TURN_ANSWER, "hello!");
	room_wake();
	assert_true(world.n_calls > 0 && world.n_calls < 5);
	assert_int_equal(world.n_said, 8 - world.n_calls);
}

static void
tokens_are_recorded_once(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	world.tokens_a_call = 10;
	room_want(0, "write_file", "{\"path\":\"n.md\",\"content\":\"x\"}");
	assert_int_equal(world.tokens_recorded, 20);
	world_model_answers(1, "Done.", LLM_FINISH_DONE);
	assert_int_equal(world.tokens_recorded, 40);
}

/* So a crash costs the budget's count one call, and not all of a turn. */
static void
tokens_are_recorded_before_the_next_call(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	world.tokens_a_call = 10;
	room_want(0, "list_files", "{}");
	assert_int_equal(world.n_calls, 2);
	assert_int_equal(world.tokens_recorded, 20);
	world_model_answers(1, "Done.", LLM_FINISH_DONE);
	assert_int_equal(world.tokens_recorded, 40);
}

static void
answer_first(void)
{
	world_model_answers(0, "Done.", LLM_FINISH_DONE);
}

static void
give_first_up(void)
{
	world_model_answers(0, NULL, LLM_FINISH_DONE);
}

static void
cancel_first(void)
{
	turns_cancel(turns, 1);
}

static void
stop(void)
{
	(void)room_leave(NULL);
}

/* Of an answer that broke off, how the call with it ends; NULL: cancelled. */
static const struct {
	const char *name;
	void (*end)(void);
	int64_t recorded, estimated;
} cuts[] = {
	{ "answered by another try", answer_first, 20 + 37, 7 },
	{ "given up", give_first_up, 37, 7 },
	{ "cancelled", cancel_first, 37, 7 },
	{ "stopped", stop, 37, 7 },
};

static void
what_broke_off_is_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cuts); i++) {
		room_enter(true);
		room_ask(TURN_ANSWER);
		world.tokens_a_call = 10;
		world.lost = (struct tokens){
			.calls = 1, .in = 30, .out = 7, .estimated = 7
		};
		cuts[i].end();
		if (world.tokens_recorded != cuts[i].recorded ||
		    world.tokens_estimated != cuts[i].estimated)
			fail_msg("%s: %d of which %d estimated", cuts[i].name,
			    (int)world.tokens_recorded,
			    (int)world.tokens_estimated);
		room_leave(NULL);
	}
}

/* Who is charged in the day's table, with how much. */
static void
must_be_charged(const char *claim, const char *want)
{
	char got[512] = "";
	size_t n = 0;

	for (size_t i = 0; i < world.n_charged; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s:%s=%d ",
		    world.charged[i].scope, world.charged[i].key,
		    (int)world.charged[i].n_tokens);
	if (strcmp(got, want) != 0)
		fail_msg("%s: %s", claim, got);
}

static void
on_simulated(void *arg, const struct turn_simulated *was)
{
	snprintf(arg, 256, "%s", was->reply);
}

/* Begins one of that person, by the operator; the reply goes to reply. */
static void
simulate(bool use_model, char reply[256])
{
	static const struct actor asker = {
		.kind = ACTOR_ACCOUNT, .name = "telegram:42", .user_id = "u1"
	};
	static const struct actor payer = { .kind = ACTOR_LOCAL,
		.name = "local" };
	static const struct context_row context = { .id = "c",
		.workspace_id = "w",
		.connector = "telegram",
		.external_id = "-1",
		.instance = "telegram.main" };
	AUTO(arena_free)
	struct arena *arena = arena_new(8 << 20);
	const struct simulation s = { .asker = &asker,
		.payer = &payer,
		.role = "member",
		.context = &context,
		.text = "hello!",
		.use_model = use_model,
		.fn = on_simulated,
		.arg = reply };
	struct err err;

	*reply = '\0';
	assert_int_equal(turns_simulate(turns, &arena, &s, &err), 0);
	room_settle(0);
}

static void
finish_simulation(void)
{
	world_model_answers(0, "Hi.", LLM_FINISH_DONE);
}

/* How a simulation may end that has asked the model. */
static const struct {
	const char *name;
	void (*end)(void);
	const char *reply, *charged;
} simulations[] = {
	{ "answered", finish_simulation, "Hi.",
	    "person:local=57 workspace:w=57 all:=57 " },
	{ "stopped", stop, "", "person:local=37 workspace:w=37 all:=37 " },
};

static void
whoever_simulates_pays(void **state)
{
	char reply[256];

	(void)state;
	for (size_t i = 0; i < N_OF(simulations); i++) {
		room_enter(true);
		world.tokens_a_call = 10;
		simulate(true, reply);
		assert_int_equal(world.n_calls, 1);
		world.lost = (struct tokens){
			.calls = 1, .in = 30, .out = 7, .estimated = 7
		};
		simulations[i].end();
		assert_string_equal(reply, simulations[i].reply);
		must_be_charged(simulations[i].name, simulations[i].charged);
		assert_int_equal(world.tokens_recorded, 0);
		(void)room_leave(NULL);
	}
}

/* The first model broke off, and the person has nothing left for another. */
static void
whoever_simulates_pays_for_what_led_nowhere(void **state)
{
	char reply[256];

	(void)state;
	enter_with_two_models();
	simulate(true, reply);
	world.lost = (struct tokens){ .calls = 1, .in = 30, .out = 7 };
	world.cfg.budget_person = 1;
	world_model_answers(0, NULL, LLM_FINISH_DONE);
	assert_int_equal(world.n_calls, 1);
	assert_non_null(
	    strstr(reply, "AGENT_RUNTIME_LLM_BUDGET_PERSON_TOKENS"));
	must_be_charged("no second", "person:local=37 workspace:w=37 all:=37 ");
}

static void
without_a_model_a_simulation_takes_nothing(void **state)
{
	char reply[256];

	(void)state;
	room_enter(true);
	simulate(false, reply);
	assert_int_equal(world.n_calls, 0);
	must_be_charged("without a model", "");
}

static void
a_simulation_tells_whose_budget_is_used_up(void **state)
{
	char reply[256];

	(void)state;
	room_enter(true);
	world.cfg.budget_person = 1000000;
	world.tokens_used = 999999;
	simulate(true, reply);
	assert_int_equal(world.n_calls, 0);
	assert_non_null(
	    strstr(reply, "AGENT_RUNTIME_LLM_BUDGET_PERSON_TOKENS"));
	must_be_charged("refused", "");
}

#define TEST(name) cmocka_unit_test_teardown(name, room_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_budget_is_held),
		TEST(a_budget_is_held_when_another_model_stands_in),
		TEST(what_runs_counts_against_the_budget),
		TEST(tokens_are_recorded_once),
		TEST(tokens_are_recorded_before_the_next_call),
		TEST(what_broke_off_is_recorded),
		TEST(whoever_simulates_pays),
		TEST(whoever_simulates_pays_for_what_led_nowhere),
		TEST(without_a_model_a_simulation_takes_nothing),
		TEST(a_simulation_tells_whose_budget_is_used_up),
	};

	return cmocka_run_group_tests(tests, room_open, room_close);
}
