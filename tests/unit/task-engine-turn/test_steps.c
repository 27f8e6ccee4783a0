/* The talk with the model: calls, limits, cut answers, going on after a crash. */

#include "tests/unit/unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/defs.h"
#include "services/task-engine/turn/turns.h"
#include "tests/unit/task-engine-turn/room.h"
#include "tests/unit/task-engine-turn/world.h"

static const char hits[] =
    "{\"hits\":[{\"path\":\"docs/a.md\",\"short_id\":\"#a1b2c3\","
    "\"title\":\"A\",\"heading\":\"Policy\",\"snippet\":\"s\","
    "\"score\":0.9,\"line\":2,\"text\":\"On Thursdays\"},"
    "{\"path\":\"private/b.md\",\"short_id\":\"#b1b2c3\",\"title\":\"B\","
    "\"heading\":\"\",\"snippet\":\"Not for you\",\"score\":0.8,"
    "\"line\":1,\"text\":\"\"}]}";

static void
a_tool_is_called_and_its_result_shown(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	assert_true(world.calls[0].n_tools >= 2);
	room_want(0, "search_knowledge", "{\"query\":\"policy\"}");
	assert_int_equal(world.n_searches, 1);
	world_indexer_answers(0, hits);
	assert_int_equal(world.n_calls, 2);
	assert_int_equal(world.calls[1].n_messages, 4);
	assert_int_equal(world.calls[1].last_role, LLM_TOOL);
	assert_non_null(strstr(world.calls[1].last, "On Thursdays"));
	assert_null(strstr(world.calls[1].last, "Not for you"));
	world_model_answers(1, "On Thursdays.", LLM_FINISH_DONE);
	assert_int_equal(world.n_said, 1);
	assert_string_equal(world.said[0].text, "On Thursdays.");
	assert_int_equal(world.n_recorded, 1);
	assert_string_equal(world.recorded[0].tool, "search_knowledge");
}

static void
calls_are_in_the_chat_log(void **state)
{
	static const struct llm_want both[] = {
		{ "c1", "list_files", "{\"path\":\"a`b\"}" },
		{ "c2", "propose_action", "{\"type\":\"http_request\"}" },
	};

	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	world_model_wants(0, both, N_OF(both));
	assert_int_equal(world.n_logged, 0);
	world_model_answers(1, "Done.", LLM_FINISH_DONE);
	assert_int_equal(world.n_logged, 2);
	assert_string_equal(world.logged[0].event_id, "t:7:1");
	assert_non_null(strstr(world.logged[0].text,
	    "Tool call\n- tool: `list_files`\n- status: `"));
	assert_non_null(
	    strstr(world.logged[0].text, "- args: `{\"path\":\"a'b\"}`\n"));
	assert_non_null(strstr(world.logged[1].text,
	    "- status: `failed`\n- args: `(see the action)`\n- error: `"));
}

static void
a_tasks_calls_are_in_its_file_instead(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_TASK);
	room_want(0, "list_files", "{}");
	world_model_answers(1, "Done.", LLM_FINISH_DONE);
	assert_int_equal(world.n_logged, 0);
}

static void
several_wants_are_done_in_their_order(void **state)
{
	static const struct llm_want both[] = {
		{ "c1", "search_knowledge", "{\"query\":\"a\"}" },
		{ "c2", "no_such_tool", "{}" },
		{ "c3", "search_knowledge", "{\"query\":\"b\"}" },
	};

	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	world_model_wants(0, both, N_OF(both));
	world_indexer_answers(0, hits);
	assert_int_equal(world.n_calls, 1);
	world_indexer_answers(1, hits);
	assert_int_equal(world.n_calls, 2);
	assert_int_equal(world.calls[1].n_messages, 6);
	world_model_answers(1, "Done.", LLM_FINISH_DONE);
	assert_int_equal(world.n_recorded, 3);
	assert_true(world.recorded[1].is_error);
	assert_int_equal(world.recorded[2].step, 1);
}

/* What a model may get wrong, and what it is told. */
static const struct {
	const char *tool, *arguments, *told;
} errors[] = {
	{ "rm_rf", "{}", "there is no such tool" },
	{ "search_knowledge", "{}", "query is missing" },
	{ "search_knowledge", "{\"query\":1}", "must be of type string" },
	{ "search_knowledge", "{\"query\":\"a\",\"limit\":99}", "1 to 10" },
	{ "search_knowledge", "not JSON", "no JSON" },
};

static void
errors_go_back_to_the_model(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(errors); i++) {
		room_enter(true);
		room_ask(TURN_ANSWER);
		room_want(0, errors[i].tool, errors[i].arguments);
		assert_int_equal(world.n_calls, 2);
		if (!strstr(world.calls[1].last, errors[i].told))
			fail_msg("%s: %s", errors[i].told, world.calls[1].last);
		world_model_answers(1, "Well.", LLM_FINISH_DONE);
		assert_true(world.said[0].is_ok);
		room_leave(NULL);
	}
}

/* AGENT_RUNTIME_AGENT_GROUNDING_EVERY_STEP */
static void
every_step_may_be_grounded(void **state)
{
	(void)state;
	room_enter(true);
	world.cfg.agent_grounding_every_step = true;
	world_queue(TURN_ANSWER, "harbour crane");
	room_wake();
	world_indexer_answers(0, "{\"hits\":[]}");
	room_want(0, "list_files", "{}");
	assert_int_equal(world.n_searches, 2);
	assert_int_equal(world.n_calls, 1);
	world_indexer_answers(1, hits);
	assert_int_equal(world.n_calls, 2);
	assert_int_equal(world.calls[1].last_role, LLM_USER);
	assert_non_null(strstr(world.calls[1].last, "On Thursdays"));
	assert_null(strstr(world.calls[1].last, "Not for you"));
	/* What it was shown it is not shown again. */
	room_want(1, "read_file", "{\"path\":\"a.md\"}");
	world_indexer_answers(2, hits);
	assert_int_equal(world.calls[2].last_role, LLM_TOOL);
	/* And without the indexer it goes on. */
	room_want(2, "read_file", "{\"path\":\"b.md\"}");
	world_indexer_answers(3, NULL);
	assert_int_equal(world.n_calls, 4);
}

static void
the_same_call_is_not_made_twice(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	room_want(0, "search_knowledge", "{\"query\":\"a\",\"limit\":3}");
	world_indexer_answers(0, hits);
	room_want(1, "search_knowledge", "{ \"limit\": 3, \"query\": \"a\" }");
	assert_int_equal(world.n_searches, 1);
	assert_non_null(strstr(world.calls[2].last, "called before"));
}

static void
an_indexer_that_is_away_is_an_error_of_the_tool(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	room_want(0, "open_knowledge", "{\"target\":\"a.md\"}");
	world_indexer_answers(0, NULL);
	assert_non_null(strstr(world.calls[1].last, "cannot be done now"));
}

static void
the_last_step_is_told_that_it_is(void **state)
{
	(void)state;
	room_enter(true);
	world.cfg.agent_max_steps = 2;
	room_ask(TURN_ANSWER);
	assert_false(world.calls[0].is_last);
	room_want(0, "search_knowledge", "{\"query\":\"a\"}");
	world_indexer_answers(0, hits);
	assert_true(world.calls[1].is_last);
	/* A model that does not care is stopped. */
	room_want(1, "search_knowledge", "{\"query\":\"b\"}");
	assert_int_equal(world.n_searches, 1);
	assert_int_equal(world.n_said, 1);
	assert_false(world.said[0].is_ok);
	assert_non_null(strstr(world.said[0].text, "too many steps"));
}

static void
calls_have_a_limit_of_their_own(void **state)
{
	(void)state;
	room_enter(true);
	world.cfg.agent_max_calls = 1;
	room_ask(TURN_ANSWER);
	room_want(0, "search_knowledge", "{\"query\":\"a\"}");
	world_indexer_answers(0, hits);
	assert_true(world.calls[1].is_last);
	world_model_answers(1, "That is it.", LLM_FINISH_DONE);
	assert_true(world.said[0].is_ok);
}

/* Each limit of answers and of tasks, at its least, and what it comes to. */
static const struct {
	const char *name;
	size_t offset; /* in engine_cfg */
	enum turn_kind kind;
	const char *said;
} limits[] = {
	{ "steps", offsetof(struct engine_cfg, agent_max_steps), TURN_ANSWER,
	    "too many steps" },
	{ "steps", offsetof(struct engine_cfg, agent_autonomous_max_steps),
	    TURN_TASK, "too many steps" },
	{ "calls", offsetof(struct engine_cfg, agent_max_calls), TURN_ANSWER,
	    "too many steps" },
	{ "calls", offsetof(struct engine_cfg, agent_autonomous_max_calls),
	    TURN_TASK, "too many steps" },
	{ "time", offsetof(struct engine_cfg, agent_max_turn_s), TURN_ANSWER,
	    "its time is over" },
	{ "time", offsetof(struct engine_cfg, agent_autonomous_max_turn_s),
	    TURN_TASK, "its time is over" },
	{ "tasks an hour", offsetof(struct engine_cfg, agent_tasks_hour),
	    TURN_ANSWER, "in one hour" },
	{ "tasks an hour",
	    offsetof(struct engine_cfg, agent_autonomous_tasks_hour), TURN_TASK,
	    "in one hour" },
	{ "tasks a day", offsetof(struct engine_cfg, agent_tasks_day),
	    TURN_ANSWER, "in one day" },
	{ "tasks a day",
	    offsetof(struct engine_cfg, agent_autonomous_tasks_day), TURN_TASK,
	    "in one day" },
};

/* What a turn comes to whose model has a task made, and then is done. */
static const char *
have_a_task_made(enum turn_kind kind)
{
	room_ask(kind);
	room_want(0, "create_task", "{\"title\":\"T\",\"description\":\"D\"}");
	if (world.n_said)
		return world.said[0].text;
	world_model_answers(1, "Done.", LLM_FINISH_DONE);
	return world.calls[1].last;
}

static void
answers_and_tasks_have_limits_of_their_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(limits); i++) {
		enum turn_kind other =
		    limits[i].kind == TURN_TASK ? TURN_ANSWER : TURN_TASK;

		for (int is_other = 0; is_other < 2; is_other++) {
			const char *said;

			room_enter(true);
			*(int64_t *)((char *)&world.cfg + limits[i].offset) = 0;
			said =
			    have_a_task_made(is_other ? other : limits[i].kind);
			if ((strstr(said, limits[i].said) == NULL) != is_other)
				fail_msg("%s of %d: %s", limits[i].name,
				    is_other, said);
			room_leave(NULL);
		}
	}
	room_enter(true);
}

static const struct {
	const char *name;
	enum turn_kind kind;
	const char *said;
	bool is_shown;
} confidences[] = {
	{ "unsaid", TURN_ANSWER, "At seven.", true },
	{ "enough", TURN_ANSWER, "At seven.\n\nconfidence: 0.35", true },
	{ "too little", TURN_ANSWER, "At seven.\n\nconfidence: 0.34", false },
	{ "of a task less is enough", TURN_TASK, "At seven.\nconfidence: 0.34",
	    true },
	{ "but not anything", TURN_TASK, "At seven.\nconfidence: 0.04", false },
};

static void
an_answer_that_the_model_doubts_is_not_given(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(confidences); i++) {
		room_enter(true);
		room_ask(confidences[i].kind);
		assert_non_null(strstr(world.calls[0].system, "confidence:"));
		world_model_answers(0, confidences[i].said, LLM_FINISH_DONE);
		if (world.said[0].is_ok != confidences[i].is_shown ||
		    strstr(world.said[0].text, "onfidence") ||
		    (strstr(world.said[0].text, "At seven.") != NULL) !=
			confidences[i].is_shown)
			fail_msg(
			    "%s: %s", confidences[i].name, world.said[0].text);
		/* G-40b: an answer that was withheld leaves a row for people.
		 */
		assert_int_equal(
		    world.n_unanswered, !confidences[i].is_shown &&
					    confidences[i].kind == TURN_ANSWER);
		room_leave(NULL);
	}
	room_enter(true);
	world.cfg.agent_min_confidence = "0";
	room_ask(TURN_ANSWER);
	assert_null(strstr(world.calls[0].system, "confidence:"));
	world_model_answers(0, "So.\nconfidence: 0", LLM_FINISH_DONE);
	assert_string_equal(world.said[0].text, "So.");
}

static void
a_model_that_only_errs_is_stopped(void **state)
{
	char arguments[32];
	size_t call = 0;

	(void)state;
	room_enter(true);
	room_ask(TURN_TASK);
	while (world.n_said == 0 && call < 20) {
		snprintf(arguments, sizeof(arguments), "{\"x\":%zu}", call);
		room_want(call++, "search_knowledge", arguments);
	}
	assert_int_equal(call, 8);
	assert_non_null(strstr(world.said[0].text, "nothing that it tried"));
}

static void
a_cut_answer_is_continued(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	world_model_answers(0, "Half of an ans", LLM_FINISH_LENGTH);
	assert_int_equal(world.n_calls, 2);
	assert_non_null(strstr(world.calls[1].last, "Go on exactly"));
	world_model_answers(1, "wer.", LLM_FINISH_DONE);
	assert_string_equal(world.said[0].text, "Half of an answer.");
}

static void
an_answer_without_end_is_said_to_be_cut(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	for (size_t i = 0; i < 4; i++)
		world_model_answers(i, "la ", LLM_FINISH_LENGTH);
	assert_int_equal(world.n_calls, 4);
	assert_non_null(strstr(world.said[0].text, "la la la"));
	assert_non_null(strstr(world.said[0].text, "ends here"));
}

/* Else the remark would read as a line of the code. */
static void
code_that_is_cut_is_closed(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	world_model_answers(0, "```c\n", LLM_FINISH_LENGTH);
	for (size_t i = 1; i < 4; i++)
		world_model_answers(i, "la ", LLM_FINISH_LENGTH);
	assert_non_null(strstr(world.said[0].text, "\n```\n\n_("));
}

/* What was said is not lost when the rest of it cannot be had. */
static void
what_was_said_before_the_end_is_shown(void **state)
{
	static const struct {
		const char *name, *marked;
		int64_t budget;
		bool is_shown;
	} cases[] = {
		{ "the model is away", "", 0, true },
		{ "the budget is used up", "", 1, true },
		{ "one that it is sure of", "Confidence: 0.9\n", 0, true },
		{ "one that it doubts", "Confidence: 0.1\n", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		char first[64];
		bool is_shown;

		snprintf(first, sizeof(first), "%sHalf of ", cases[i].marked);
		room_enter(true);
		room_ask(TURN_ANSWER);
		world_model_answers(0, first, LLM_FINISH_LENGTH);
		world_model_answers(1, "an ans", LLM_FINISH_LENGTH);
		world.cfg.budget_day = cases[i].budget;
		world_model_answers(
		    2, cases[i].budget ? "wer" : NULL, LLM_FINISH_LENGTH);
		assert_int_equal(world.n_said, 1);
		assert_false(world.said[0].is_ok);
		is_shown = strstr(world.said[0].text, "Half of an ans") != NULL;
		if (is_shown != cases[i].is_shown ||
		    strstr(world.said[0].text, "Confidence"))
			fail_msg("%s: %s", cases[i].name, world.said[0].text);
		room_leave(NULL);
	}
}

static void
what_is_too_long_is_not_asked(void **state)
{
	(void)state;
	room_enter(true);
	world.cfg.agent_max_input_chars = 10;
	world_queue(TURN_ANSWER, "as you said, do it");
	room_wake();
	assert_int_equal(world.n_calls, 0);
	assert_int_equal(world.n_said, 1);
	assert_non_null(strstr(world.said[0].text, "at most 10 characters"));
}

static void
a_greeting_needs_no_tools(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "hello!");
	room_wake();
	assert_int_equal(world.calls[0].n_tools, 0);
}

static void
who_is_gone_has_nothing_done_any_more(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	world.is_asker_gone = true;
	room_want(0, "search_knowledge", "{\"query\":\"a\"}");
	assert_int_equal(world.n_searches, 0);
	assert_non_null(strstr(world.calls[1].last, "no access any more"));
}

static void
an_interrupted_turn_goes_on_behind_what_was_done(void **state)
{
	static const struct turn_call_row rows[] = {
		{ 1, 1, 1, "Let me see.", "c1", "search_knowledge",
		    "{\"query\":\"a\"}", "{\"sections\":[]}", false },
		{ 1, 2, 2, "", "c2", "open_knowledge", "{\"target\":\"b\"}",
		    "{\"error\":\"x\"}", true },
	};

	(void)state;
	room_enter(true);
	world.resumed = rows;
	world.n_resumed = N_OF(rows);
	world_queue(TURN_ANSWER, "as you said, do it");
	world.first_attempt = 2;
	room_wake();
	assert_int_equal(world.calls[0].n_messages, 6);
	assert_int_equal(world.calls[0].last_role, LLM_TOOL);
	/* It counts as done: not again, and not recorded again. */
	room_want(0, "search_knowledge", "{\"query\":\"a\"}");
	assert_int_equal(world.n_searches, 0);
	assert_non_null(strstr(world.calls[1].last, "called before"));
	world_model_answers(1, "Done.", LLM_FINISH_DONE);
	assert_int_equal(world.n_recorded, 1);
	assert_int_equal(world.recorded[0].step, 3);
}

static void
a_cancelled_turn_hears_nothing(void **state)
{
	(void)state;
	room_enter(true);
	room_ask(TURN_ANSWER);
	room_want(0, "search_knowledge", "{\"query\":\"a\"}");
	turns_cancel(turns, 1);
	world_indexer_answers(0, hits);
	assert_int_equal(world.n_calls, 1);
	assert_int_equal(world.n_said, 0);
}

static void
another_model_answers_when_the_first_is_away(void **state)
{
	(void)state;
	room_enter(true);
	turns_close(&turns);
	world.cfg.llm_fallbacks = "openai/other";
	world.n_models = 0;
	room_open_turns();
	room_ask(TURN_ANSWER);
	world_model_answers(0, NULL, LLM_FINISH_DONE);
	assert_int_equal(world.n_calls, 2);
	assert_int_equal(world.calls[1].model, 1);
	world_model_answers(1, "Here.", LLM_FINISH_DONE);
	assert_non_null(strstr(world.said[0].text, "Here."));
	assert_non_null(strstr(world.said[0].text, "Answered by openai other"));
	/* The first one rests. */
	world_queue(TURN_ANSWER, "hello!");
	room_wake();
	assert_int_equal(world.calls[2].model, 1);
	/* None is there: the extractive responder is last. */
	world_model_answers(2, NULL, LLM_FINISH_DONE);
	assert_int_equal(world.calls[3].model, 0);
	world_model_answers(3, NULL, LLM_FINISH_DONE);
	assert_int_equal(world.n_calls, 4);
	assert_false(world.said[1].is_ok);
}

#define TEST(name) cmocka_unit_test_teardown(name, room_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tool_is_called_and_its_result_shown),
		TEST(calls_are_in_the_chat_log),
		TEST(a_tasks_calls_are_in_its_file_instead),
		TEST(several_wants_are_done_in_their_order),
		TEST(errors_go_back_to_the_model),
		TEST(every_step_may_be_grounded),
		TEST(the_same_call_is_not_made_twice),
		TEST(an_indexer_that_is_away_is_an_error_of_the_tool),
		TEST(the_last_step_is_told_that_it_is),
		TEST(calls_have_a_limit_of_their_own),
		TEST(answers_and_tasks_have_limits_of_their_own),
		TEST(an_answer_that_the_model_doubts_is_not_given),
		TEST(a_model_that_only_errs_is_stopped),
		TEST(a_cut_answer_is_continued),
		TEST(an_answer_without_end_is_said_to_be_cut),
		TEST(code_that_is_cut_is_closed),
		TEST(what_was_said_before_the_end_is_shown),
		TEST(what_is_too_long_is_not_asked),
		TEST(a_greeting_needs_no_tools),
		TEST(who_is_gone_has_nothing_done_any_more),
		TEST(an_interrupted_turn_goes_on_behind_what_was_done),
		TEST(a_cancelled_turn_hears_nothing),
		TEST(another_model_answers_when_the_first_is_away),
	};

	return cmocka_run_group_tests(tests, room_open, room_close);
}
