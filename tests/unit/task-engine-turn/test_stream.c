/* An answer in pieces is the answer that would have come in one. */

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/provider.h"
#include "services/task-engine/llm/stream.h"

enum { ARENA_BYTES = 16 << 20 };

/* clang-format off */
#define CHUNK(delta) "data: {\"choices\":[{\"index\":0,\"delta\":" delta "}]}\n\n"
#define END(word) "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" word "\"}]}\n\n"
#define DONE "data: [DONE]\n\n"
#define EVENT(type, more) "event: " type "\ndata: {\"type\":\"" type "\"" more "}\n\n"
#define DELTA(index, delta) EVENT("content_block_delta", ",\"index\":" index ",\"delta\":" delta)
#define STOP(word) EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"" word "\"},\"usage\":{\"output_tokens\":7}") EVENT("message_stop", "")
/* clang-format on */

/* The pieces, and the same answer in one. */
static const struct {
	const char *name, *provider, *pieces, *whole;
} same[] = {
	{ "openai: text and usage", "openai",
	    CHUNK("{\"role\":\"assistant\",\"content\":\"\"}") CHUNK(
		"{\"content\":\"Hel\"}") CHUNK("{\"content\":\"lo \\u00e9\"}")
		END("stop") "data: "
			    "{\"choices\":[],\"usage\":{\"prompt_tokens\":"
			    "11,\"completion_tokens\":7,\"prompt_tokens_"
			    "details\":{\"cached_tokens\":4}}}\n\n" DONE,
	    "{\"choices\":[{\"message\":{\"content\":\"Hello \\u00e9\"},"
	    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":11,"
	    "\"completion_tokens\":7,\"prompt_tokens_details\":{\"cached_"
	    "tokens\":4}}}" },
	{ "openai: usage null until the last", "openai",
	    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],"
	    "\"usage\":null}\n\n" END("stop") DONE,
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}]}" },
	{ "openai: without the last word", "openai",
	    CHUNK("{\"content\":\"a\"}") END("length"),
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"length\"}]}" },
	{ "openai: without a word for how it ended", "openai",
	    CHUNK("{\"content\":\"a\"}") DONE,
	    "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}" },
	{ "openai: what it thinks is cut out", "openai",
	    CHUNK("{\"content\":\"<thi\"}")
		CHUNK("{\"content\":\"nk>\\nx\\n</think>\\n\\nAns\"}")
		    CHUNK("{\"content\":\"wer\",\"reasoning_content\":\"y\"}")
			END("stop") DONE,
	    "{\"choices\":[{\"message\":{\"content\":\"<think>\\nx\\n</think>"
	    "\\n\\nAnswer\"},\"finish_reason\":\"stop\"}]}" },
	{ "openai: a refusal", "openai",
	    CHUNK("{\"refusal\":\"No\"}") CHUNK("{\"refusal\":\".\"}")
		END("stop") DONE,
	    "{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"No.\"},"
	    "\"finish_reason\":\"stop\"}]}" },
	{ "openai: a character in two halves, and none", "openai",
	    CHUNK("{\"content\":\"a\\ud83d\"}") CHUNK(
		"{\"content\":\"\\ude00\\u0000 b\xff\"}") END("stop") DONE,
	    "{\"choices\":[{\"message\":{\"content\":\"a\\ufffd\\ufffd"
	    "\\ufffd b?\"},\"finish_reason\":\"stop\"}]}" },
	{ "openai: half a character in one after all", "openai",
	    "{\"choices\":[{\"message\":{\"content\":\"a\\ud83d\"},"
	    "\"finish_reason\":\"stop\"}]}",
	    "{\"choices\":[{\"message\":{\"content\":\"a\\ufffd\"},"
	    "\"finish_reason\":\"stop\"}]}" },
	{ "openai: half a character in what it wants", "openai",
	    CHUNK("{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{"
		  "\"name\":\"find\",\"arguments\":\"{\\\"q\\\":"
		  "\\\"\\\\ud83d\\\"}\"}}]}") END("tool_calls") DONE,
	    "{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"c1\","
	    "\"function\":{\"name\":\"find\",\"arguments\":\"{\\\"q\\\":"
	    "\\\"\\\\ufffd\\\"}\"}}]},\"finish_reason\":\"tool_calls\"}]}" },
	{ "anthropic: half a character in what it wants", "anthropic",
	    EVENT("content_block_start",
		",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":"
		"\"t1\",\"name\":\"find\",\"input\":{}}") DELTA("0",
		"{\"type\":\"input_json_delta\",\"partial_json\":"
		"\"{\\\"q\\\":\\\"\\\\ud83d\\\"}\"}") STOP("tool_use"),
	    "{\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":"
	    "\"find\",\"input\":{\"q\":\"\\ufffd\"}}],\"stop_reason\":"
	    "\"tool_use\",\"usage\":{\"output_tokens\":7}}" },
	{ "anthropic: half a character", "anthropic",
	    EVENT("content_block_start",
		",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":"
		"\"\"}")
		DELTA("0", "{\"type\":\"text_delta\",\"text\":\"a\\udc00\"}")
		    STOP("end_turn"),
	    "{\"content\":[{\"type\":\"text\",\"text\":\"a\\ufffd\"}],"
	    "\"stop_reason\":\"end_turn\",\"usage\":{\"output_tokens\":7}}" },
	{ "openai: other choices", "openai",
	    "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"},"
	    "\"finish_reason\":\"length\"}]}\n\n" CHUNK("{\"content\":\"a\"}")
		END("stop") DONE,
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}]}" },
	{ "openai: tools in pieces", "openai",
	    CHUNK("{\"content\":\"Look: \"}") CHUNK(
		"{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":"
		"\"function\",\"function\":{\"name\":\"find\","
		"\"arguments\":\"\"}}]}")
		CHUNK("{\"tool_calls\":[{\"index\":0,\"function\":{"
		      "\"arguments\":\"{\\\"q\\\":\"}}]}")
		    CHUNK("{\"tool_calls\":[{\"index\":1,\"id\":\"c2\","
			  "\"function\":{\"name\":\"open\",\"arguments\":"
			  "\"{}\"}},{\"index\":0,\"function\":{"
			  "\"arguments\":\"1}\"}}]}") END("tool_calls") DONE,
	    "{\"choices\":[{\"message\":{\"content\":\"Look: \",\"tool_calls\":"
	    "[{\"id\":\"c1\",\"function\":{\"name\":\"find\",\"arguments\":"
	    "\"{\\\"q\\\":1}\"}},{\"id\":\"c2\",\"function\":{\"name\":"
	    "\"open\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_"
	    "calls\"}]}" },
	{ "openai: tools without an index", "openai",
	    CHUNK("{\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"name\":"
		  "\"a\",\"arguments\":\"{\"}}]}")
		CHUNK("{\"tool_calls\":[{\"function\":{\"arguments\":\"}\"}}]}")
		    CHUNK("{\"tool_calls\":[{\"id\":\"c2\",\"function\":{"
			  "\"name\":\"b\",\"arguments\":\"{}\"}}]}")
			END("tool_calls") DONE,
	    "{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"c1\","
	    "\"function\":{\"name\":\"a\",\"arguments\":\"{}\"}},{\"id\":"
	    "\"c2\",\"function\":{\"name\":\"b\",\"arguments\":\"{}\"}}]},"
	    "\"finish_reason\":\"tool_calls\"}]}" },
	{ "openai: wrong types are nothing", "openai",
	    "data: {\"choices\":{\"delta\":1}}\n\n"
	    "data: {\"choices\":[1,null,{\"delta\":[]},{\"delta\":{\"content\":"
	    "7,\"tool_calls\":[3,{\"function\":5}]}}]}\n\n" CHUNK(
		"{\"content\":[{\"text\":\"a\"},8]}") END("stop") DONE,
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}]}" },
	{ "openai: behind its last word nothing counts", "openai",
	    CHUNK("{\"content\":\"a\"}") END("stop")
		DONE CHUNK("{\"content\":\"b\"}") "data: {\n\n",
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}]}" },
	{ "openai: in one after all", "openai",
	    " \n{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}]}",
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}]}" },
	{ "openai: blanks before the first event", "openai",
	    "\r\n \t" CHUNK("{\"content\":\"a\"}") END("stop") DONE,
	    "{\"choices\":[{\"message\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\"}]}" },
	{ "anthropic: text, thought and usage", "anthropic",
	    EVENT("message_start",
		",\"message\":{\"usage\":{\"input_tokens\":11,\"cache_read_"
		"input_tokens\":5,\"cache_creation_input_tokens\":2,\"output_"
		"tokens\":1}}") EVENT("content_block_start",
		",\"index\":0,\"content_block\":{\"type\":\"thinking\","
		"\"thinking\":\"\"}") DELTA("0",
		"{\"type\":\"thinking_delta\",\"thinking\":"
		"\"hm\"}") EVENT("content_block_stop", ",\"index\":0")
		EVENT("content_block_start",
		    ",\"index\":1,\"content_block\":{\"type\":"
		    "\"text\",\"text\":\"\"}") EVENT("ping", "") DELTA("1",
		    "{\"type\":\"text_delta\",\"text\":"
		    "\"Hel\"}") DELTA("1", "{\"type\":\"text_delta\","
					   "\"text\":\"lo\"}") STOP("end_turn"),
	    "{\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}],\"stop_"
	    "reason\":\"end_turn\",\"usage\":{\"input_tokens\":11,\"cache_read_"
	    "input_tokens\":5,\"cache_creation_input_tokens\":2,\"output_"
	    "tokens\":7}}" },
	{ "anthropic: a tool in pieces", "anthropic",
	    EVENT("content_block_start",
		",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":"
		"\"t1\",\"name\":\"find\",\"input\":{}}") DELTA("0",
		"{\"type\":\"input_json_delta\",\"partial_json\":"
		"\"\"}") DELTA("0", "{\"type\":\"input_json_delta\",\"partial_"
				    "json\":\"{\\\"q\\\"\"}")
		DELTA("0", "{\"type\":\"input_json_delta\",\"partial_"
			   "json\":\":[1]}\"}") STOP("tool_use"),
	    "{\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":"
	    "\"find\",\"input\":{\"q\":[1]}}],\"stop_reason\":\"tool_use\","
	    "\"usage\":{\"output_tokens\":7}}" },
	{ "anthropic: a tool without input", "anthropic",
	    EVENT("content_block_start",
		",\"index\":3,\"content_block\":{\"type\":\"tool_use\",\"id\":"
		"\"t1\",\"name\":\"now\"}") STOP("tool_use"),
	    "{\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":"
	    "\"now\",\"input\":{}}],\"stop_reason\":\"tool_use\",\"usage\":{"
	    "\"output_tokens\":7}}" },
	{ "anthropic: input that is no JSON", "anthropic",
	    EVENT("content_block_start",
		",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":"
		"\"t1\",\"name\":\"find\"}")
		DELTA("0", "{\"type\":\"input_json_delta\",\"partial_json\":"
			   "\"{{{\"}") STOP("tool_use"),
	    "{\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":"
	    "\"find\",\"input\":\"{{{\"}],\"stop_reason\":\"tool_use\","
	    "\"usage\":{\"output_tokens\":7}}" },
	{ "anthropic: cut at its limit", "anthropic",
	    DELTA("0", "{\"type\":\"text_delta\",\"text\":\"Hel\"}")
		STOP("max_tokens"),
	    "{\"content\":[{\"type\":\"text\",\"text\":\"Hel\"}],\"stop_"
	    "reason\":\"max_tokens\",\"usage\":{\"output_tokens\":7}}" },
};

static void
feed(struct llm_stream *stream, const char *bytes, size_t size)
{
	AUTO(xfree)
	char *copy = xcalloc(1, size ? size : 1);
	bool has_heard;

	memcpy(copy, bytes, size);
	assert_true(stream_feed(stream, copy, size, &has_heard));
}

static void
read_pieces(struct llm_answer *out, size_t i, size_t at, struct arena *arena)
{
	const struct llm_provider_row *provider =
	    llm_provider_find(same[i].provider);
	size_t size = strlen(same[i].pieces), body_size;
	struct llm_stream stream;
	AUTO(buf_release)
	struct buf made;
	const char *body;
	struct err err;

	buf_init(&made);
	stream_init(&stream, provider);
	feed(&stream, same[i].pieces, at);
	feed(&stream, same[i].pieces + at, size - at);
	assert_int_equal(
	    stream_body(&stream, &made, &body, &body_size, &err), 0);
	assert_int_equal(provider->parse(out, body, body_size, arena, &err), 0);
	stream_release(&stream);
}

static void
assert_same(const struct llm_answer *got, const struct llm_answer *want)
{
	assert_string_equal(got->text, want->text);
	assert_string_equal(got->lead, want->lead);
	assert_string_equal(got->trail, want->trail);
	assert_int_equal(got->finish, want->finish);
	assert_int_equal(got->input_tokens, want->input_tokens);
	assert_int_equal(got->cached_tokens, want->cached_tokens);
	assert_int_equal(got->output_tokens, want->output_tokens);
	assert_int_equal(got->n_wants, want->n_wants);
	for (size_t i = 0; i < want->n_wants; i++) {
		assert_string_equal(got->wants[i].id, want->wants[i].id);
		assert_string_equal(got->wants[i].name, want->wants[i].name);
		assert_string_equal(
		    got->wants[i].arguments, want->wants[i].arguments);
	}
}

static void
pieces_are_the_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(same); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(ARENA_BYTES);
		struct llm_answer want, got;
		struct err err;

		print_message("%s\n", same[i].name);
		assert_int_equal(llm_provider_find(same[i].provider)
				     ->parse(&want, same[i].whole,
					 strlen(same[i].whole), arena, &err),
		    0);
		for (size_t at = 0; at <= strlen(same[i].pieces); at++) {
			read_pieces(&got, i, at, arena);
			assert_same(&got, &want);
		}
	}
}

/* What is no answer, and whether another try may help. */
static const struct {
	const char *name, *provider, *pieces;
	bool may_pass;
	const char *says;
} bad[] = {
	{ "cut", "openai", CHUNK("{\"content\":\"a\"}"), true, "broke off" },
	{ "cut before anything", "openai", ": hello\n\n", true, "broke off" },
	{ "cut in its last event", "openai",
	    CHUNK("{\"content\":\"a\"}") "data: [DO", true, "broke off" },
	{ "cut", "anthropic",
	    DELTA("0", "{\"type\":\"text_delta\",\"text\":\"a\"}"), true,
	    "broke off" },
	{ "other words", "openai", "upstream failed\n\n", true, "broke off" },
	{ "overloaded", "anthropic",
	    EVENT("error", ",\"error\":{\"type\":\"overloaded_error\","
			   "\"message\":\"secret\"}"),
	    true, "overloaded_error" },
	{ "a wrong request", "anthropic",
	    EVENT("error", ",\"error\":{\"type\":\"invalid_request_error\"}"),
	    false, "invalid_request_error" },
	{ "a limit in the middle", "openai",
	    CHUNK("{\"content\":\"a\"}") "data: {\"error\":{\"code\":429,"
					 "\"message\":\"secret\"}}\n\n",
	    true, "gave up" },
	{ "a credential in the middle", "openai",
	    "data: {\"error\":{\"code\":401}}\n\n", false, "gave up" },
	{ "used up", "openai",
	    "data: {\"error\":{\"code\":\"insufficient_quota\"}}\n\n", false,
	    "insufficient_quota" },
	{ "an error of one word", "openai",
	    "data: {\"error\":\"no memory\"}\n\n", true, "gave up" },
	{ "no JSON", "openai", "data: {\"choices\":\n\n", false, "stream" },
	{ "no object", "openai", "data: []\n\n", false, "no JSON object" },
	{ "deep", "openai",
	    "data: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n\n",
	    false, "stream" },
};

static void
no_answer_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++) {
		AUTO(stream_release)
		struct llm_stream stream;
		AUTO(buf_release)
		struct buf made;
		const char *body;
		size_t size;
		struct err err;
		bool has_heard;

		print_message("%s: %s\n", bad[i].provider, bad[i].name);
		buf_init(&made);
		stream_init(&stream, llm_provider_find(bad[i].provider));
		stream_feed(
		    &stream, bad[i].pieces, strlen(bad[i].pieces), &has_heard);
		assert_false(stream_is_complete(&stream));
		assert_int_equal(
		    stream_body(&stream, &made, &body, &size, &err), -1);
		assert_int_equal(stream.may_pass, bad[i].may_pass);
		assert_non_null(strstr(err.text, bad[i].says));
		assert_null(strstr(err.text, "secret"));
	}
}

/* Said again and again; the bounds of an answer in one hold. */
static const struct {
	const char *name, *piece;
	size_t n_wants;
	enum llm_finish finish;
	bool is_read;
} floods[] = {
	{ "text", CHUNK("{\"content\":\"{{{{{{{{ }}}}}}}} aaaaaaaaaaaaaa\"}"),
	    0, LLM_FINISH_LENGTH, true },
	{ "arguments",
	    CHUNK("{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\","
		  "\"arguments\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}"
		  "]}"),
	    1, LLM_FINISH_DONE, true },
	{ "tools",
	    CHUNK("{\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":"
		  "\"f\",\"arguments\":\"{}\"}}]}"),
	    LLM_MAX_WANTS, LLM_FINISH_LENGTH, true },
	{ "one body", "{\"choices\":[{\"message\":{\"content\":\"aaaaaaaaaaaa",
	    0, LLM_FINISH_LENGTH, false },
};

static void
a_flood_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(floods); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(ARENA_BYTES);
		AUTO(stream_release)
		struct llm_stream stream;
		AUTO(buf_release)
		struct buf made;
		struct llm_answer answer;
		const char *body;
		size_t size;
		struct err err;
		bool goes_on = true, has_heard;

		print_message("%s\n", floods[i].name);
		buf_init(&made);
		stream_init(&stream, llm_provider_find("openai"));
		for (size_t n = 0; n < 100000 && goes_on; n++)
			goes_on = stream_feed(&stream, floods[i].piece,
			    strlen(floods[i].piece), &has_heard);
		if (goes_on)
			feed(&stream, END("stop"), strlen(END("stop")));
		assert_int_equal(
		    stream_body(&stream, &made, &body, &size, &err) == 0,
		    floods[i].is_read);
		if (!floods[i].is_read)
			continue;
		assert_int_equal(
		    stream.provider->parse(&answer, body, size, arena, &err),
		    0);
		assert_int_equal(answer.finish, floods[i].finish);
		assert_int_equal(answer.n_wants, floods[i].n_wants);
		assert_true(strlen(answer.text) <= LLM_MAX_TEXT_BYTES);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_the_whole),
		cmocka_unit_test(no_answer_says_why),
		cmocka_unit_test(a_flood_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
