/* Turns: what is asked, in which order, and that each is answered once. */

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/approvals/proposal.h"
#include "services/task-engine/turn/turns.h"
#include "tests/unit/task-engine-turn/room.h"
#include "tests/unit/task-engine-turn/world.h"

#define TWO_HITS(text)                                                         \
	"{\"hits\":[{\"path\":\"docs/a.md\",\"short_id\":\"#a1b2c3\","         \
	"\"title\":\"A\",\"heading\":\"Policy\",\"snippet\":\"The snippet\","  \
	"\"score\":0.9,\"line\":2" text "},"                                   \
	"{\"path\":\"private/b.md\",\"short_id\":\"#b1b2c3\",\"title\":\"B\"," \
	"\"heading\":\"\",\"snippet\":\"Not for you\",\"score\":0.8,"          \
	"\"line\":1,\"text\":\"Not for you either\"}]}"

static const char two_hits[] =
    TWO_HITS(",\"text\":\"## Policy\\nThe whole section\\n\"");
static const char two_hits_unread[] = TWO_HITS("");

static void
a_question_without_a_model_gets_passages(void **state)
{
	(void)state;
	room_enter(false);
	assert_string_equal(turns_model(turns), "none (extractive)");
	world_queue(TURN_ANSWER, "where is the policy?");
	room_wake();
	assert_int_equal(world.n_searches, 1);
	assert_string_equal(world.searches[0].type, "search.query");
	assert_non_null(strstr(world.searches[0].body, "\"policy\""));
	assert_non_null(strstr(world.searches[0].body, "\"text_bytes\":2224"));
	world_indexer_answers(0, two_hits);
	assert_int_equal(world.n_searches, 1);
	assert_int_equal(world.n_said, 1);
	assert_true(world.said[0].is_ok);
	assert_non_null(
	    strstr(world.said[0].text, "`docs/a.md:2`\n> The whole section"));
	assert_null(strstr(world.said[0].text, "Not for you"));
	assert_null(strstr(world.said[0].text, "private"));
}

static void
a_section_of_another_name_is_quoted_where_it_matched(void **state)
{
	(void)state;
	room_enter(false);
	world_queue(TURN_ANSWER, "snippet");
	room_wake();
	world_indexer_answers(0, two_hits);
	assert_non_null(
	    strstr(world.said[0].text, "`docs/a.md:2`\n> The snippet"));
}

static void
a_greeting_is_not_searched_for(void **state)
{
	(void)state;
	room_enter(false);
	world_queue(TURN_ANSWER, "hello!");
	room_wake();
	assert_int_equal(world.n_searches, 0);
	assert_int_equal(world.n_said, 1);
	assert_non_null(strstr(world.said[0].text, "Glad"));
}

static void
a_follow_up_is_searched_with_the_words_before_it(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "and how do I restart it?");
	room_wake();
	assert_int_equal(world.n_searches, 1);
	assert_non_null(
	    strstr(world.searches[0].body, "\"restart said before\""));
	world_indexer_answers(0, "{\"hits\":[]}");
}

static void
a_yes_is_shown_what_it_answers(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "yes please");
	room_wake();
	assert_int_equal(world.n_searches, 0);
	assert_int_equal(world.n_calls, 1);
	assert_non_null(strstr(world.calls[0].user, "answered before"));
	assert_true(world.calls[0].n_tools > 0);
}

static void
without_hits_it_says_what_to_do(void **state)
{
	(void)state;
	room_enter(false);
	world_queue(TURN_ANSWER, "zebra migration");
	room_wake();
	world_indexer_answers(0, "{\"hits\":[]}");
	assert_non_null(strstr(world.said[0].text, "/nonexistent/workspace"));
}

static void
an_indexer_that_is_away_is_said(void **state)
{
	(void)state;
	room_enter(false);
	world_queue(TURN_ANSWER, "zebra migration");
	room_wake();
	world_indexer_answers(0, NULL);
	assert_int_equal(world.n_said, 1);
	assert_non_null(strstr(world.said[0].text, "indexer"));
}

static void
a_model_is_shown_sections_and_memory(void **state)
{
	(void)state;
	room_enter(true);
	assert_string_equal(turns_model(turns), "openai m");
	world.summary = "- bob: We decided on blue.\n";
	world_queue(TURN_ANSWER, "where is the policy?");
	room_wake();
	world_indexer_answers(0, two_hits);
	assert_int_equal(world.n_calls, 1);
	assert_non_null(strstr(world.calls[0].user, "The whole section"));
	assert_null(strstr(world.calls[0].user, "The snippet"));
	assert_null(strstr(world.calls[0].user, "Not for you"));
	assert_non_null(strstr(world.calls[0].user, "bob]\nsaid before"));
	assert_non_null(strstr(world.calls[0].user, "answered before"));
	assert_non_null(strstr(world.calls[0].user, "We decided on blue"));
	assert_non_null(strstr(world.calls[0].system, "PUBLIC"));
	assert_int_equal(world.n_remembered, 0);
	world_model_answers(0, "In docs/a.md.", LLM_FINISH_DONE);
	assert_int_equal(world.n_said, 1);
	assert_string_equal(world.said[0].text, "In docs/a.md.");
	assert_int_equal(world.n_remembered, 1);
	assert_true(world.said[0].is_ok);
}

static void
a_document_that_cannot_be_read_leaves_its_snippet(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "where is the policy?");
	room_wake();
	world_indexer_answers(0, two_hits_unread);
	assert_int_equal(world.n_calls, 1);
	assert_non_null(strstr(world.calls[0].user, "The snippet"));
}

static void
a_model_is_asked_though_the_search_is_away(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "where is the policy?");
	room_wake();
	world_indexer_answers(0, NULL);
	assert_int_equal(world.n_calls, 1);
}

static void
wrong_answers_of_the_indexer_are_none(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "where is the policy?");
	room_wake();
	world_indexer_answers(0, "{\"hits\":[{\"path\":7}]}");
	assert_int_equal(world.n_calls, 1);
	assert_null(strstr(world.calls[0].user, "passage"));
}

static void
an_admin_room_has_the_admin_prompt(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "hello");
	world.queued[0].context.is_admin = true;
	room_wake();
	assert_non_null(strstr(world.calls[0].system, "ADMIN"));
	assert_int_equal(world.n_searches, 0);
}

static void
a_model_that_is_away_degrades_an_answer(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "where is the policy?");
	room_wake();
	world_indexer_answers(0, two_hits);
	world_model_answers(0, NULL, LLM_FINISH_DONE);
	assert_int_equal(world.n_said, 1);
	assert_false(world.said[0].is_ok);
	assert_non_null(strstr(world.said[0].text, "docs/a.md:2"));
	assert_non_null(
	    strstr(world.said[0].text, "The model could not be reached"));
	assert_null(strstr(world.said[0].text, "cannot connect"));
	assert_string_equal(world.said[0].error, "model: host: cannot connect");
}

static void
an_empty_answer_is_not_said(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "hello");
	room_wake();
	world_model_answers(0, "", LLM_FINISH_REFUSED);
	assert_false(world.said[0].is_ok);
	assert_string_equal(
	    world.said[0].error, "model: the answer was refused");
}

static void
a_task_that_no_model_did_has_failed(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_TASK, "write the report");
	room_wake();
	world_indexer_answers(0, "{\"hits\":[]}");
	/* It stands alone: what was said in the chat is not its business. */
	assert_null(strstr(world.calls[0].user, "said before"));
	world_model_answers(0, NULL, LLM_FINISH_DONE);
	assert_false(world.said[0].is_ok);
	assert_non_null(
	    strstr(world.said[0].text, "The task could not be done"));
}

static void
a_task_without_a_model_is_done_only_with_passages(void **state)
{
	(void)state;
	room_enter(false);
	world_queue(TURN_TASK, "write the report");
	room_wake();
	world_indexer_answers(0, "{\"hits\":[]}");
	assert_false(world.said[0].is_ok);
	assert_non_null(strstr(world.said[0].error, "no model is connected"));
	assert_non_null(
	    strstr(world.said[0].error, "AGENT_RUNTIME_LLM_API_KEY"));
	assert_non_null(
	    strstr(world.said[0].error, "AGENT_RUNTIME_LLM_BASE_URL"));
	world_queue(TURN_TASK, "hello");
	room_wake();
	assert_false(world.said[1].is_ok);
	world_queue(TURN_TASK, "write the report");
	room_wake();
	world_indexer_answers(1, two_hits);
	assert_true(world.said[2].is_ok);
}

static void
no_more_run_than_are_allowed(void **state)
{
	(void)state;
	room_enter(true);
	world.cfg.llm_max_concurrent = 2;
	for (int i = 0; i < 5; i++)
		world_queue(TURN_ANSWER, "hello");
	room_wake();
	assert_int_equal(world.n_claimed, 2);
	world_model_answers(0, "a", LLM_FINISH_DONE);
	room_settle(0);
	assert_int_equal(world.n_claimed, 3);
}

static void
tasks_leave_room_for_answers(void **state)
{
	(void)state;
	room_enter(true);
	world.cfg.llm_max_concurrent = 4;
	for (int i = 0; i < 6; i++)
		world_queue(TURN_TASK, "hello");
	room_wake();
	assert_int_equal(world.n_claimed, 3);
	assert_int_equal(world.n_begun, 3);
	world_queue(TURN_ANSWER, "hello");
	room_wake();
	assert_int_equal(world.n_claimed, 4);
}

static void
an_answer_that_cannot_be_stored_is_kept(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "hello");
	room_wake();
	world.n_failing_ends = 1;
	world_model_answers(0, "Paid for", LLM_FINISH_DONE);
	assert_int_equal(world.n_said, 0);
	room_settle(1500);
	assert_int_equal(world.n_said, 1);
	assert_string_equal(world.said[0].text, "Paid for");
	assert_int_equal(world.n_calls, 1);
}

static void
cancelled_turns_say_nothing(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "where is the policy?");
	world_queue(TURN_ANSWER, "hello");
	room_wake();
	turns_cancel(turns, 1);
	world_indexer_answers(0, two_hits);
	assert_int_equal(world.n_calls, 1);
	turns_cancel(turns, 2);
	assert_true(world.calls[0].is_cancelled);
	turns_cancel(turns, 99);
	room_settle(0);
	assert_int_equal(world.n_said, 0);
}

static void
nothing_is_done_for_one_who_is_gone(void **state)
{
	(void)state;
	room_enter(true);
	world.is_asker_gone = true;
	world_queue(TURN_ANSWER, "where is the policy?");
	world_queue(TURN_TASK, "write it");
	room_wake();
	room_settle(2);
	assert_int_equal(world.n_searches, 0);
	assert_int_equal(world.n_calls, 0);
	assert_int_equal(world.n_begun, 0);
	assert_int_equal(world.n_unanswered, 0);
	for (size_t i = 0; i < 2; i++) {
		assert_false(world.said[i].is_ok);
		assert_non_null(strstr(world.said[i].text, "no access"));
	}
}

static void
an_asker_who_cannot_be_looked_up_is_asked_for_later(void **state)
{
	(void)state;
	room_enter(true);
	world.is_asker_unread = true;
	world_queue(TURN_ANSWER, "where is the policy?");
	room_wake();
	room_settle(0);
	assert_int_equal(world.n_requeued, 1);
	assert_int_equal(world.n_searches, 0);
}

static void
closing_forgets_what_runs(void **state)
{
	(void)state;
	room_enter(true);
	world_queue(TURN_ANSWER, "where is the policy?");
	room_wake();
	turns_close(&turns);
	/* The bus answers later all the same. */
	world_indexer_answers(0, two_hits);
	assert_int_equal(world.n_said, 0);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, room_leave)

static const char answer_with_action[] =
    "I can do that.\n"
    "```action\n{\"type\":\"run_command\",\"target\":\"ls\",\"args\":[\"-l\"]}"
    "\n"
    "```\nTell me.";

static void
answer(const char *question, const char *text)
{
	world_queue(TURN_ANSWER, question);
	room_wake();
	if (world.n_searches)
		world_indexer_answers(world.n_searches - 1, two_hits);
	world_model_answers(world.n_calls - 1, text, LLM_FINISH_DONE);
}

static void
an_action_block_becomes_a_proposal(void **state)
{
	const char *said = world.said[0].text;

	(void)state;
	room_enter(true);
	world.n_admin_channels = 1;
	answer("please list `the` files", answer_with_action);
	assert_int_equal(world.n_said, 1);
	assert_int_equal(world.n_proposed, 1);
	assert_string_equal(world.proposed[0].payload,
	    "{\"payload\":{\"args\":[\"-l\"]},\"summary\":\"\",\"target\":"
	    "\"ls\",\"type\":\"run_command\"}");
	assert_string_equal(world.proposed[0].provenance,
	    "telegram \"-100\", message \"11\": \"please list "
	    "\\u0060the\\u0060 files\"; based on message of guest "
	    "\"telegram:7\", file \"docs/a.md\"");
	assert_null(strstr(said, "```"));
	assert_non_null(strstr(said, "I can do that.\nTell me."));
	assert_non_null(strstr(said, "act_1"));
	assert_non_null(strstr(said, "The admin channel was told"));
}

/* The form that the model is told is one that is understood. */
static void
the_example_in_the_prompt_is_a_proposal(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct proposals told;

	(void)state;
	room_enter(true);
	/* With tools it is one of them instead. */
	world.cfg.llm_tools = LLM_TOOLS_NONE;
	answer("go", "Done.");
	proposals_read(&told, world.calls[0].system, arena);
	assert_int_equal(told.n_items, 1);
	assert_int_equal(told.n_faults, 0);
	arena_free(&arena);
}

/* G-57: one bad block hides no good one, and prose is never a proposal. */
static void
what_is_not_valid_is_said(void **state)
{
	(void)state;
	room_enter(true);
	answer("go", "```action\n{\"type\":\"rm\"}\n```\n"
		     "or action: {\"type\":\"run_command\"}");
	assert_int_equal(world.n_proposed, 0);
	assert_non_null(strstr(world.said[0].text, "dropped: "
						   "`\"there is no such type"));
	assert_non_null(strstr(world.said[0].text, "or action: {"));
}

/* G-30a: pending rows are bounded for each asker. */
static void
an_asker_with_many_pending_waits(void **state)
{
	(void)state;
	room_enter(true);
	world.n_room = 0;
	answer("go", answer_with_action);
	assert_int_equal(world.n_proposed, 0);
	assert_non_null(strstr(world.said[0].text, "too many of yours"));
}

static void
a_turn_that_ends_late_proposes_once(void **state)
{
	(void)state;
	room_enter(true);
	world.n_failing_ends = 1;
	answer("go", answer_with_action);
	assert_int_equal(world.n_proposed, 0);
	room_settle(1100);
	assert_int_equal(world.n_said, 1);
	assert_int_equal(world.n_proposed, 1);
}

static void
an_http_client_is_shown_it_in_the_reply(void **state)
{
	(void)state;
	room_enter(true);
	world.is_http = true;
	answer("go", answer_with_action);
	assert_non_null(strstr(world.said[0].text, "```json\n{\"payload\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_question_without_a_model_gets_passages),
		TEST(a_section_of_another_name_is_quoted_where_it_matched),
		TEST(a_greeting_is_not_searched_for),
		TEST(a_follow_up_is_searched_with_the_words_before_it),
		TEST(a_yes_is_shown_what_it_answers),
		TEST(without_hits_it_says_what_to_do),
		TEST(an_indexer_that_is_away_is_said),
		TEST(a_model_is_shown_sections_and_memory),
		TEST(a_document_that_cannot_be_read_leaves_its_snippet),
		TEST(a_model_is_asked_though_the_search_is_away),
		TEST(wrong_answers_of_the_indexer_are_none),
		TEST(an_admin_room_has_the_admin_prompt),
		TEST(a_model_that_is_away_degrades_an_answer),
		TEST(an_empty_answer_is_not_said),
		TEST(a_task_that_no_model_did_has_failed),
		TEST(a_task_without_a_model_is_done_only_with_passages),
		TEST(no_more_run_than_are_allowed),
		TEST(tasks_leave_room_for_answers),
		TEST(an_answer_that_cannot_be_stored_is_kept),
		TEST(cancelled_turns_say_nothing),
		TEST(nothing_is_done_for_one_who_is_gone),
		TEST(an_asker_who_cannot_be_looked_up_is_asked_for_later),
		TEST(closing_forgets_what_runs),
		TEST(an_action_block_becomes_a_proposal),
		TEST(the_example_in_the_prompt_is_a_proposal),
		TEST(what_is_not_valid_is_said),
		TEST(an_asker_with_many_pending_waits),
		TEST(a_turn_that_ends_late_proposes_once),
		TEST(an_http_client_is_shown_it_in_the_reply),
	};

	return cmocka_run_group_tests(tests, room_open, room_close);
}
