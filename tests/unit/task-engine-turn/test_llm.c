/* Requests to models and their answers: form, cleaning, refusals. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/llm/anthropic.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/openai.h"
#include "services/task-engine/llm/provider.h"

static const struct llm_message messages[] = {
	{ .role = LLM_SYSTEM, .text = "Be \"brief\"." },
	{ .role = LLM_USER, .text = "hi\n" },
	{ .role = LLM_ASSISTANT, .text = "hello" },
	{ .role = LLM_USER, .text = "again" },
};

static const struct llm_prompt prompt = { .messages = messages,
	.n_messages = N_OF(messages) };

static const struct llm_want wanted[] = {
	{ "c1", "find", "{\"q\":\"a\"}" },
	{ "c2", "find", "nonsense" },
};
static const struct llm_message tool_messages[] = {
	{ .role = LLM_USER, .text = "hi" },
	{ .role = LLM_ASSISTANT, .text = "", .wants = wanted, .n_wants = 2 },
	{ .role = LLM_TOOL, .text = "{}", .want_id = "c1", .name = "find" },
	{ .role = LLM_TOOL,
	    .text = "{\"error\":\"x\"}",
	    .want_id = "c2",
	    .name = "find",
	    .is_error = true },
	{ .role = LLM_USER, .text = "go on" },
};
static const struct llm_tool find_tool = { "find", "Finds.",
	"{\"type\":\"object\"}" };
static const struct llm_prompt tool_prompt = { .messages = tool_messages,
	.n_messages = N_OF(tool_messages),
	.tools = &find_tool,
	.n_tools = 1,
	.is_last = true };

static void
openai_request_has_its_form(void **state)
{
	const struct llm_ask ask = { "m", 10, "max_tokens", &prompt };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	openai_request(&ask, &out);
	assert_string_equal(out.data,
	    "{\"model\":\"m\",\"max_tokens\":10,\"messages\":["
	    "{\"role\":\"system\",\"content\":\"Be \\\"brief\\\".\"},"
	    "{\"role\":\"user\",\"content\":\"hi\\n\"},"
	    "{\"role\":\"assistant\",\"content\":\"hello\"},"
	    "{\"role\":\"user\",\"content\":\"again\"}]}");
}

static void
anthropic_request_has_its_form(void **state)
{
	const struct llm_ask ask = { "m", 10, "max_tokens", &prompt };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	anthropic_request(&ask, &out);
	assert_string_equal(out.data,
	    "{\"model\":\"m\",\"max_tokens\":10,"
	    "\"system\":\"Be \\\"brief\\\".\",\"messages\":["
	    "{\"role\":\"user\",\"content\":\"hi\\n\"},"
	    "{\"role\":\"assistant\",\"content\":\"hello\"},"
	    "{\"role\":\"user\",\"content\":\"again\"}]}");
}

static void
openai_is_given_tools(void **state)
{
	const struct llm_ask ask = { "m", 10, "max_tokens", &tool_prompt };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	openai_request(&ask, &out);
	assert_string_equal(out.data,
	    "{\"model\":\"m\",\"max_tokens\":10,\"messages\":["
	    "{\"role\":\"user\",\"content\":\"hi\"},"
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":"
	    "\"find\",\"arguments\":\"{\\\"q\\\":\\\"a\\\"}\"}},"
	    "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":"
	    "\"find\",\"arguments\":\"nonsense\"}}]},"
	    "{\"role\":\"tool\",\"content\":\"{}\",\"tool_call_id\":\"c1\"},"
	    "{\"role\":\"tool\",\"content\":\"{\\\"error\\\":\\\"x\\\"}\","
	    "\"tool_call_id\":\"c2\"},"
	    "{\"role\":\"user\",\"content\":\"go on\"}],"
	    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
	    "\"find\",\"description\":\"Finds.\",\"parameters\":"
	    "{\"type\":\"object\"}}}],\"tool_choice\":\"none\"}");
}

static void
anthropic_is_given_tools(void **state)
{
	const struct llm_ask ask = { "m", 10, "max_tokens", &tool_prompt };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	anthropic_request(&ask, &out);
	assert_string_equal(out.data,
	    "{\"model\":\"m\",\"max_tokens\":10,\"messages\":["
	    "{\"role\":\"user\",\"content\":\"hi\"},"
	    "{\"role\":\"assistant\",\"content\":["
	    "{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"find\","
	    "\"input\":{\"q\":\"a\"}},"
	    "{\"type\":\"tool_use\",\"id\":\"c2\",\"name\":\"find\","
	    "\"input\":{}}]},"
	    "{\"role\":\"user\",\"content\":["
	    "{\"type\":\"tool_result\",\"tool_use_id\":\"c1\","
	    "\"content\":\"{}\"},"
	    "{\"type\":\"tool_result\",\"tool_use_id\":\"c2\","
	    "\"content\":\"{\\\"error\\\":\\\"x\\\"}\",\"is_error\":true},"
	    "{\"type\":\"text\",\"text\":\"go on\"}]}],"
	    "\"tools\":[{\"name\":\"find\",\"description\":\"Finds.\","
	    "\"input_schema\":{\"type\":\"object\"}}],"
	    "\"tool_choice\":{\"type\":\"none\"}}");
}

static const struct {
	const char *name;
	int (*parse)(struct llm_answer *out, const char *body, size_t size,
	    struct arena *arena, struct err *err);
	const char *body, *wants;
} wants[] = {
	{ "openai", openai_parse,
	    "{\"choices\":[{\"finish_reason\":\"tool_calls\",\"message\":{"
	    "\"content\":null,\"tool_calls\":[{\"id\":\"x\",\"type\":"
	    "\"function\",\"function\":{\"name\":\"find\",\"arguments\":"
	    "\"{}\"}},7,{\"id\":\"y\"},{\"function\":{\"name\":\"b\","
	    "\"arguments\":{}}}]}}]}",
	    "x find {};call_1 b ;" },
	{ "openai: of another type", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":\"x\","
	    "\"tool_calls\":{\"a\":1}}}]}",
	    "" },
	{ "anthropic", anthropic_parse,
	    "{\"stop_reason\":\"tool_use\",\"content\":[{\"type\":\"text\","
	    "\"text\":\"Hm\"},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":"
	    "\"find\",\"input\":{\"q\": 1}},{\"type\":\"tool_use\"}]}",
	    "t find {\"q\":1};" },
	{ "openai: without a name", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":\"\",\"tool_calls\":[{"
	    "\"id\":\"x\",\"function\":{\"name\":\"\",\"arguments\":"
	    "\"{}\"}}]}}]}",
	    "x unnamed {};" },
};

static void
what_is_wanted_is_read(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);

	(void)state;
	for (size_t i = 0; i < N_OF(wants); i++) {
		struct llm_answer answer;
		struct err err;
		AUTO(buf_release)
		struct buf got;

		buf_init(&got);
		if (wants[i].parse(&answer, wants[i].body,
			strlen(wants[i].body), arena, &err) < 0)
			fail_msg("%s: %s", wants[i].name, err.text);
		for (size_t k = 0; k < answer.n_wants; k++)
			buf_addf(&got, "%s %s %s;", answer.wants[k].id,
			    answer.wants[k].name, answer.wants[k].arguments);
		if (strcmp(got.data, wants[i].wants) != 0)
			fail_msg("%s: got \"%s\"", wants[i].name, got.data);
	}
}

static void
too_much_is_cut(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(8 << 20);
	AUTO(buf_release)
	struct buf said;
	struct llm_answer answer = { .finish = LLM_FINISH_DONE };

	(void)state;
	buf_init(&said);
	while (said.size < 2 * LLM_MAX_TEXT_BYTES)
		buf_adds(&said, "many words ");
	llm_answer_say(&answer, &said, arena);
	assert_int_equal(answer.finish, LLM_FINISH_LENGTH);
	assert_true(strlen(answer.text) <= LLM_MAX_TEXT_BYTES);
	for (size_t i = 0; i < 2 * LLM_MAX_WANTS; i++)
		llm_answer_want(&answer, "", "a", "{}", arena);
	assert_int_equal(answer.n_wants, LLM_MAX_WANTS);
	answer.n_wants = 0;
	llm_answer_want(&answer, "", "a", said.data, arena);
	assert_int_equal(answer.n_wants, 1);
	assert_string_equal(answer.wants[0].arguments, llm_too_long);
}

typedef int (*parse_fn)(struct llm_answer *out, const char *body, size_t size,
    struct arena *arena, struct err *err);

static const struct {
	const char *name;
	parse_fn parse;
	const char *body;
	const char *text; /* NULL: refused as invalid */
	enum llm_finish finish;
} answers[] = {
	{ "openai: plain", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":\" Yes. \"},"
	    "\"finish_reason\":\"stop\"}]}",
	    "Yes.", LLM_FINISH_DONE },
	{ "openai: cut", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":\"Yes\"},"
	    "\"finish_reason\":\"length\"}]}",
	    "Yes", LLM_FINISH_LENGTH },
	{ "openai: cut by the model's own length", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":\"Yes\"},"
	    "\"finish_reason\":\"model_length\"}]}",
	    "Yes", LLM_FINISH_LENGTH },
	{ "openai: cut for want of room", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":\"Yes\"},"
	    "\"finish_reason\":\"insufficient_system_resource\"}]}",
	    "Yes", LLM_FINISH_LENGTH },
	{ "openai: filtered", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":null},"
	    "\"finish_reason\":\"content_filter\"}]}",
	    "", LLM_FINISH_REFUSED },
	{ "openai: refusal", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":null,"
	    "\"refusal\":\"I will not.\"}}]}",
	    "I will not.", LLM_FINISH_REFUSED },
	{ "openai: list of parts", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\","
	    "\"text\":\"a\"},7,{\"type\":\"text\",\"text\":\"b\"}]}}]}",
	    "ab", LLM_FINISH_DONE },
	{ "openai: unknown finish", openai_parse,
	    "{\"choices\":[{\"message\":{\"content\":\"x\"},"
	    "\"finish_reason\":\"bored\"}]}",
	    "x", LLM_FINISH_OTHER },
	{ "openai: no content", openai_parse,
	    "{\"choices\":[{\"message\":{}}]}", "", LLM_FINISH_DONE },
	{ "openai: no choices", openai_parse, "{\"choices\":[]}", NULL, 0 },
	{ "openai: choices of another type", openai_parse,
	    "{\"choices\":{\"message\":{}}}", NULL, 0 },
	{ "openai: choice of another type", openai_parse,
	    "{\"choices\":[\"x\"]}", NULL, 0 },
	{ "openai: message missing", openai_parse, "{\"choices\":[{}]}", NULL,
	    0 },
	{ "openai: an error with status 200", openai_parse,
	    "{\"error\":{\"message\":\"no\"}}", NULL, 0 },
	{ "openai: a list", openai_parse, "[]", NULL, 0 },
	{ "openai: no JSON", openai_parse, "<html>", NULL, 0 },
	{ "openai: cut JSON", openai_parse, "{\"choices\":[{\"mess", NULL, 0 },
	{ "openai: nothing", openai_parse, "", NULL, 0 },
	{ "openai: two values", openai_parse, "{}{}", NULL, 0 },
	{ "anthropic: all text blocks", anthropic_parse,
	    "{\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\","
	    "\"text\":\"hidden\"},{\"type\":\"text\",\"text\":\"a\"},"
	    "{\"type\":\"tool_use\",\"text\":\"t\"},"
	    "{\"type\":\"text\",\"text\":\"b\"}],"
	    "\"stop_reason\":\"end_turn\"}",
	    "ab", LLM_FINISH_DONE },
	{ "anthropic: cut", anthropic_parse,
	    "{\"content\":[{\"type\":\"text\",\"text\":\"a\"}],"
	    "\"stop_reason\":\"max_tokens\"}",
	    "a", LLM_FINISH_LENGTH },
	{ "anthropic: refused", anthropic_parse,
	    "{\"content\":[],\"stop_reason\":\"refusal\"}", "",
	    LLM_FINISH_REFUSED },
	{ "anthropic: content is a string", anthropic_parse,
	    "{\"content\":\"x\"}", NULL, 0 },
	{ "anthropic: openai's form", anthropic_parse,
	    "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}", NULL, 0 },
};

static void
answers_are_read(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);

	(void)state;
	for (size_t i = 0; i < N_OF(answers); i++) {
		struct llm_answer answer;
		struct err err = { .code = ERR_NONE };
		int rc = answers[i].parse(&answer, answers[i].body,
		    strlen(answers[i].body), arena, &err);

		if (answers[i].text == NULL) {
			if (rc != -1 || err.code != ERR_INVALID)
				fail_msg("%s: accepted", answers[i].name);
			continue;
		}
		if (rc != 0)
			fail_msg("%s: %s", answers[i].name, err.text);
		else if (strcmp(answer.text, answers[i].text) != 0 ||
			 answer.finish != answers[i].finish)
			fail_msg("%s: got \"%s\", %s", answers[i].name,
			    answer.text, llm_finish_name(answer.finish));
	}
}

static void
usage_is_read(void **state)
{
	static const char body[] =
	    "{\"choices\":[{\"message\":{\"content\":\"x\"}}],"
	    "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":8}}}";
	static const char theirs[] =
	    "{\"content\":[],\"usage\":{\"input_tokens\":2,"
	    "\"cache_creation_input_tokens\":4,"
	    "\"cache_read_input_tokens\":6,\"output_tokens\":3}}";
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);
	struct llm_answer answer;
	struct err err;

	(void)state;
	assert_int_equal(
	    openai_parse(&answer, body, sizeof(body) - 1, arena, &err), 0);
	assert_int_equal(answer.input_tokens, 12);
	assert_int_equal(answer.output_tokens, 3);
	assert_int_equal(answer.cached_tokens, 8);
	assert_int_equal(
	    anthropic_parse(&answer, theirs, sizeof(theirs) - 1, arena, &err),
	    0);
	assert_int_equal(answer.input_tokens, 12);
	assert_int_equal(answer.cached_tokens, 6);
}

static const struct {
	const char *name, *text, *want;
	bool is_cut;
} cleanings[] = {
	{ "plain", "Just text", "Just text" },
	{ "thought first", "<think>\nhm\n</think>\n\nAnswer", "Answer" },
	{ "in one line", "<think>hm</think>Answer", "Answer" },
	{ "with attributes", "<think budget=\"3\">hm</think>\nAnswer",
	    "Answer" },
	{ "capitals", "<THINK>hm</THINK>\nA", "A" },
	{ "thinking", "<thinking>hm</thinking>\nA", "A" },
	{ "twice", "<think>a</think>\nOne\n<think>b</think>\nTwo",
	    "One\n\nTwo" },
	{ "begun in the prompt", "hm, so\n</think>\nAnswer", "Answer" },
	{ "cut in the thought", "<think>hm and", "" },
	{ "nothing but thought", "<think>hm</think>", "" },
	{ "fenced", "```think\nhm\n```\nAnswer", "Answer" },
	{ "other fences stay", "```sh\nls\n```", "```sh\nls\n```" },
	{ "talk about tags", "Write `<think>` and then `</think>` around it.",
	    "Write `<think>` and then `</think>` around it." },
	{ "another tag", "<thinker>x</thinker>", "<thinker>x</thinker>" },
	{ "terminal controls",
	    "a\x1b[31mb\x07 \x7f"
	    "c",
	    "a[31mb c" },
	{ "those of eight bits",
	    "a\xc2\x9b"
	    "31mb\xc2\xa0\xc3\xa4",
	    "a31mb\xc2\xa0\xc3\xa4" },
	{ "cut in a later thought", "One\n<think>b", "One", true },
	{ "cut behind talk of one", "Write <think> first",
	    "Write <think> first", true },
	{ "whole, and a tag of its own", "One\n<think>b", "One\n<think>b" },
	{ "carriage returns", "a\r\nb", "a\nb" },
	{ "nothing that can be seen", "\xe2\x80\x8b \xe2\x81\xa0", "" },
	{ "hidden beside what can be", "\xe2\x80\x8b.", "\xe2\x80\x8b." },
	{ "blanks around", "\n\t x \n", "x" },
};

static void
thoughts_and_controls_are_removed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cleanings); i++) {
		AUTO(buf_release)
		struct buf out;

		buf_init(&out);
		llm_clean(&out, cleanings[i].text, cleanings[i].is_cut);
		if (strcmp(out.data, cleanings[i].want) != 0)
			fail_msg("%s: got \"%s\"", cleanings[i].name, out.data);
	}
}

static const struct {
	const char *name;
	long status;
	const char *body;
	bool may_pass;
	const char *has;
} refusals[] = {
	{ "wrong key", 401,
	    "{\"error\":{\"message\":\"Incorrect key sk-secret\","
	    "\"code\":\"invalid_api_key\"}}",
	    false, "401 invalid_api_key: check AGENT_RUNTIME_LLM_API_KEY" },
	{ "limit", 429, "{\"error\":{\"type\":\"rate_limit_error\"}}", true,
	    "rate_limit_error" },
	{ "overloaded", 529, "", true, "529: it failed" },
	{ "unknown model", 404, "secret words", false,
	    "AGENT_RUNTIME_LLM_MODEL" },
	{ "redirect", 302, "", false, "redirects" },
	{ "bad request", 400, "{\"error\":{\"code\":\"a sk-secret b\"}}", false,
	    "does not accept" },
	{ "nonsense", 700, "", true, "expected protocol" },
};

static void
refusals_say_what_to_do_and_leak_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(refusals); i++) {
		struct err err = { .code = ERR_NONE };

		llm_status_err(refusals[i].status, refusals[i].body,
		    strlen(refusals[i].body), &err);
		if (strstr(err.text, refusals[i].has) == NULL)
			fail_msg("%s: got %s", refusals[i].name, err.text);
		if (strstr(err.text, "secret") != NULL)
			fail_msg("%s leaks: %s", refusals[i].name, err.text);
		if (llm_status_may_pass(refusals[i].status) !=
		    refusals[i].may_pass)
			fail_msg("%s: may_pass", refusals[i].name);
	}
}

static void
every_provider_has_its_own_endpoint(void **state)
{
	(void)state;
	assert_null(llm_provider_find("bing"));
	assert_non_null(strstr(
	    llm_provider_find("anthropic")->base_url, "api.anthropic.com"));
	assert_non_null(
	    strstr(llm_provider_find("openai")->base_url, "api.openai.com"));
	assert_string_equal(llm_provider_find("claude")->model,
	    llm_provider_find("anthropic")->model);
}

static void
pauses_grow_and_follow_the_endpoint(void **state)
{
	int64_t before = 0;

	(void)state;
	assert_int_equal(llm_pause_ms(1, 0, 7), 0);
	assert_int_equal(llm_pause_ms(3, 2500, 7), 2500);
	for (int tried = 1; tried < 5; tried++) {
		int64_t least = llm_pause_ms(tried, -1, 0);

		assert_true(least > before);
		before = llm_pause_ms(tried, -1, UINT32_MAX);
		assert_true(before < 3 * least);
	}
	assert_true(llm_pause_ms(1000, -1, UINT32_MAX) <= 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_request_has_its_form),
		cmocka_unit_test(anthropic_request_has_its_form),
		cmocka_unit_test(openai_is_given_tools),
		cmocka_unit_test(anthropic_is_given_tools),
		cmocka_unit_test(what_is_wanted_is_read),
		cmocka_unit_test(too_much_is_cut),
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(usage_is_read),
		cmocka_unit_test(thoughts_and_controls_are_removed),
		cmocka_unit_test(refusals_say_what_to_do_and_leak_nothing),
		cmocka_unit_test(every_provider_has_its_own_endpoint),
		cmocka_unit_test(pauses_grow_and_follow_the_endpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
