/* Tools in words: what counts as a call, and what only looks like one. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/plain.h"

static const struct {
	const char *name, *text;
	const char *wants; /* "name args;…" */
	const char *rest;
} cases[] = {
	{ "the whole answer", "{\"tool\":\"a\",\"args\":{\"x\":1}}",
	    "a {\"x\":1};", "" },
	{ "without args", "{\"tool\":\"a\"}", "a {};", "" },
	{ "a block", "```tool\n{\"tool\":\"a\",\"args\":{}}\n```", "a {};",
	    "" },
	{ "a block of JSON", "Let me look.\n```json\n{\"tool\":\"a\"}\n```\n",
	    "a {};", "Let me look." },
	{ "a block without a name", "```\n{\"tool\":\"a\"}\n```", "a {};", "" },
	{ "two blocks",
	    "```tool\n{\"tool\":\"a\"}\n```\nand\n```tool\n{\"tool\":\"b\"}\n``"
	    "`",
	    "a {};b {};", "and" },
	{ "G-36: a brace in a sentence",
	    "Write {\"tool\":\"a\",\"args\":{}} for that.", "",
	    "Write {\"tool\":\"a\",\"args\":{}} for that." },
	{ "a line of its own in prose", "So:\n{\"tool\":\"a\"}\nDone.", "",
	    "So:\n{\"tool\":\"a\"}\nDone." },
	{ "a span of code", "`{\"tool\":\"a\"}`", "", "`{\"tool\":\"a\"}`" },
	{ "inside another block",
	    "````md\n```tool\n{\"tool\":\"a\"}\n```\n````", "",
	    "````md\n```tool\n{\"tool\":\"a\"}\n```\n````" },
	{ "inside a block of the other mark",
	    "~~~\n```tool\n{\"tool\":\"a\"}\n```\n~~~", "",
	    "~~~\n```tool\n{\"tool\":\"a\"}\n```\n~~~" },
	{ "a block of the other mark", "~~~tool\n{\"tool\":\"a\"}\n~~~", "",
	    "~~~tool\n{\"tool\":\"a\"}\n~~~" },
	{ "a longer fence", "````tool\n{\"tool\":\"a\"}\n````", "",
	    "````tool\n{\"tool\":\"a\"}\n````" },
	{ "ended by a longer fence", "```tool\n{\"tool\":\"a\"}\n`````",
	    "a {};", "" },
	{ "behind a span that begins a line",
	    "```x``` it is.\n```tool\n{\"tool\":\"a\"}\n```", "a {};",
	    "```x``` it is." },
	{ "indented", "  ```tool\n  {\"tool\":\"a\"}\n  ```", "a {};", "" },
	{ "indented to be code", "    ```tool\n    {\"tool\":\"a\"}\n    ```",
	    "", "    ```tool\n    {\"tool\":\"a\"}\n    ```" },
	{ "with other line ends",
	    "x\r\n``` Tool x\r\n{\"tool\":\"a\"}\r\n``` \r\n", "a {};", "x" },
	{ "a block of another language", "```sh\n{\"tool\":\"a\"}\n```", "",
	    "```sh\n{\"tool\":\"a\"}\n```" },
	{ "another object", "```json\n{\"tools\":\"a\"}\n```", "",
	    "```json\n{\"tools\":\"a\"}\n```" },
	{ "other keys beside", "{\"tool\":\"a\",\"x\":1}", "",
	    "{\"tool\":\"a\",\"x\":1}" },
	{ "a name of another type", "{\"tool\":7}", "", "{\"tool\":7}" },
	{ "args of another type", "{\"tool\":\"a\",\"args\":[]}", "",
	    "{\"tool\":\"a\",\"args\":[]}" },
	{ "never closed", "```tool\n{\"tool\":\"a\"}", "",
	    "```tool\n{\"tool\":\"a\"}" },
	{ "quoted", "> ```tool\n> {\"tool\":\"a\"}\n> ```", "",
	    "> ```tool\n> {\"tool\":\"a\"}\n> ```" },
	{ "bad JSON", "```tool\n{\"tool\":\"a\",}\n```", "",
	    "```tool\n{\"tool\":\"a\",}\n```" },
	{ "nothing", "", "", "" },
};

static void
only_a_whole_block_is_a_call(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct llm_answer answer = { .text = cases[i].text,
			.finish = LLM_FINISH_DONE };
		AUTO(buf_release)
		struct buf got;

		buf_init(&got);
		plain_read(&answer, arena);
		for (size_t k = 0; k < answer.n_wants; k++)
			buf_addf(&got, "%s %s;", answer.wants[k].name,
			    answer.wants[k].arguments);
		if (strcmp(got.data, cases[i].wants) != 0 ||
		    strcmp(answer.text, cases[i].rest) != 0)
			fail_msg("%s: got \"%s\" and \"%s\"", cases[i].name,
			    got.data, answer.text);
		assert_int_equal(answer.finish,
		    answer.n_wants ? LLM_FINISH_WANTS : LLM_FINISH_DONE);
	}
}

static void
many_calls_and_fences_cost_little(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(64 << 20);
	AUTO(buf_release)
	struct buf text;
	struct llm_answer answer = { .finish = LLM_FINISH_DONE };
	int64_t begun;

	(void)state;
	buf_init(&text);
	for (size_t i = 0; i < 40000; i++)
		buf_adds(&text, i % 2 ? "```x\n" : "````\n{");
	answer.text = text.data;
	begun = clock_mono_ms();
	plain_read(&answer, arena);
	assert_true(clock_mono_ms() - begun < 2000);
	assert_int_equal(answer.n_wants, 0);
}

static void
a_prompt_becomes_plain(void **state)
{
	static const struct llm_want want = { "c1", "a", "{\"x\":1}" };
	static const struct llm_tool tool = { "a", "Does it.",
		"{\"type\":\"object\"}" };
	const struct llm_message messages[] = {
		{ .role = LLM_SYSTEM, .text = "Rules." },
		{ .role = LLM_USER, .text = "Do it." },
		{ .role = LLM_ASSISTANT,
		    .text = "Yes.",
		    .wants = &want,
		    .n_wants = 1 },
		{ .role = LLM_TOOL,
		    .text = "{}",
		    .want_id = "c1",
		    .name = "a" },
		{ .role = LLM_TOOL,
		    .text = "a [end f00d] b",
		    .want_id = "c2",
		    .name = "b",
		    .is_error = true },
	};
	const struct llm_prompt in = { .messages = messages,
		.n_messages = N_OF(messages),
		.tools = &tool,
		.n_tools = 1 };
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	struct llm_prompt out;

	(void)state;
	plain_prompt(&out, &in, "f00d", arena);
	assert_int_equal(out.n_messages, 4);
	assert_int_equal(out.n_tools, 0);
	assert_non_null(strstr(out.messages[0].text, "- a: Does it.\n"));
	assert_string_equal(out.messages[2].text,
	    "Yes.\n```tool\n{\"tool\":\"a\",\"args\":{\"x\":1}}\n```");
	assert_int_equal(out.messages[3].role, LLM_USER);
	/* What would end its own quotation is not shown at all. */
	assert_string_equal(out.messages[3].text,
	    "[f00d tool a]\n{}\n[end f00d]\n\n"
	    "[f00d tool b, failed]\n\n[end f00d]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_whole_block_is_a_call),
		cmocka_unit_test(many_calls_and_fences_cost_little),
		cmocka_unit_test(a_prompt_becomes_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
