/* What calls of models took: told, estimated, and lost. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/defs.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/provider.h"
#include "services/task-engine/llm/stream.h"
#include "services/task-engine/llm/took.h"

enum { N_SENT = 500 };

static void
must_be(const char *name, const struct tokens *got, const struct tokens *want)
{
	if (got->calls != want->calls || got->in != want->in ||
	    got->cached != want->cached || got->out != want->out ||
	    got->estimated != want->estimated)
		fail_msg(
		    "%s: %d calls, %d in (%d cached), %d out, %d estimated",
		    name, (int)got->calls, (int)got->in, (int)got->cached,
		    (int)got->out, (int)got->estimated);
}

/* clang-format off */
#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"
#define BEGIN(usage) EVENT("message_start", ",\"message\":{\"usage\":{" usage "}}")
#define TEXT(words) EVENT("content_block_delta", ",\"delta\":{\"type\":\"text_delta\",\"text\":\"" words "\"}")
#define THOUGHT(words) EVENT("content_block_delta", ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"" words "\"}")
#define WANT(words) EVENT("content_block_delta", ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"" words "\"}")
#define CHUNK(delta) "data: {\"choices\":[{\"delta\":{" delta "}}]}\n\n"
#define FAILED "data: {\"error\":{\"code\":429}}\n\n"
/* clang-format on */

/* Streams that broke off behind those pieces. */
static const struct {
	const char *name, *provider, *pieces;
	struct tokens want;
} lost[] = {
	{ "nothing came", "openai", "", { 0 } },
	{ "only comments", "openai", ": alive\n\n: alive\n\n", { 0 } },
	{ "refused at once", "openai", FAILED, { 0 } },
	{ "another page", "openai", "<html>Bad gateway</html>", { 0 } },
	{ "half an event", "openai", "data: {\"choices\":[", { 0 } },
	{ "openai tells nothing", "openai",
	    CHUNK("\"content\":\"twelve bytes\""),
	    { .calls = 1, .in = N_SENT, .out = 3, .estimated = N_SENT + 3 } },
	{ "it failed in the middle", "openai",
	    CHUNK("\"content\":\"twelve bytes\"") FAILED,
	    { .calls = 1, .in = N_SENT, .out = 3, .estimated = N_SENT + 3 } },
	{ "it thought", "openai",
	    CHUNK("\"reasoning_content\":\"twelve bytes\""),
	    { .calls = 1, .in = N_SENT, .out = 3, .estimated = N_SENT + 3 } },
	{ "it wanted something", "openai",
	    CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\","
		  "\"arguments\":\"twelve bytes\"}}]"),
	    { .calls = 1, .in = N_SENT, .out = 3, .estimated = N_SENT + 3 } },
	{ "it refused", "openai", CHUNK("\"refusal\":\"twelve bytes\""),
	    { .calls = 1, .in = N_SENT, .out = 3, .estimated = N_SENT + 3 } },
	{ "a server that counts with each piece", "openai",
	    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":"
	    "{\"prompt_tokens\":90,\"completion_tokens\":1,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":64}}}\n\n",
	    { .calls = 1, .in = 90, .cached = 64, .out = 1, .estimated = 1 } },
	{ "anthropic tells what was sent", "anthropic",
	    BEGIN("\"input_tokens\":80,\"output_tokens\":1")
		TEXT("twelve bytes"),
	    { .calls = 1, .in = 80, .out = 3, .estimated = 3 } },
	{ "and what of it was cached", "anthropic",
	    BEGIN("\"input_tokens\":8,\"cache_creation_input_tokens\":30,"
		  "\"cache_read_input_tokens\":40,\"output_tokens\":1"),
	    { .calls = 1, .in = 78, .cached = 40, .out = 1, .estimated = 1 } },
	{ "it tells nothing", "anthropic", BEGIN(""),
	    { .calls = 1, .in = N_SENT, .estimated = N_SENT } },
	{ "it thought and wanted", "anthropic",
	    BEGIN("\"input_tokens\":80") THOUGHT("twelve bytes")
		WANT("twelve bytes"),
	    { .calls = 1, .in = 80, .out = 6, .estimated = 6 } },
	{ "more than can be", "anthropic",
	    BEGIN("\"input_tokens\":9000000000000000,\"output_tokens\":-4"),
	    { .calls = 1, .in = 10000000 } },
};

static void
what_broke_off_is_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(lost); i++) {
		AUTO(stream_release)
		struct llm_stream stream;
		struct tokens got = { 0 };
		bool has_heard;

		stream_init(&stream, llm_provider_find(lost[i].provider));
		(void)stream_feed(&stream, lost[i].pieces,
		    strlen(lost[i].pieces), &has_heard);
		took_by_stream(&stream, N_SENT, &got);
		must_be(lost[i].name, &got, &lost[i].want);
	}
}

static const struct {
	const char *name;
	struct llm_answer answer;
	struct tokens want;
} answers[] = {
	{ "told",
	    { .text = "twelve bytes",
		.input_tokens = 80,
		.cached_tokens = 4,
		.output_tokens = 7 },
	    { .calls = 1, .in = 80, .cached = 4, .out = 7 } },
	{ "not told", { .text = "twelve bytes" },
	    { .calls = 1, .in = N_SENT, .out = 3, .estimated = N_SENT + 3 } },
	{ "half told", { .text = "twelve bytes", .output_tokens = 7 },
	    { .calls = 1, .in = N_SENT, .out = 7, .estimated = N_SENT } },
	{ "not believed",
	    { .text = "", .input_tokens = INT64_MAX, .output_tokens = -1 },
	    { .calls = 1, .in = 10000000 } },
};

static void
answers_are_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(answers); i++) {
		struct tokens got = took_by_answer(&answers[i].answer, N_SENT);

		must_be(answers[i].name, &got, &answers[i].want);
	}
}

static void
one_that_was_not_heard_of_took_what_was_sent(void **state)
{
	const struct tokens want = {
		.calls = 1, .in = N_SENT, .estimated = N_SENT
	};
	struct tokens got = took_unheard(N_SENT);

	(void)state;
	must_be("unheard", &got, &want);
}

/* One that was cut by us: nobody told what it had made by then. */
static void
a_flood_took_what_was_heard(void **state)
{
	static const char piece[] = CHUNK("\"content\":\"sixteen of bytes\"");
	AUTO(stream_release)
	struct llm_stream stream;
	AUTO(buf_release)
	struct buf made;
	const char *body;
	size_t size;
	struct err err;
	bool goes_on = true, has_heard;

	(void)state;
	buf_init(&made);
	stream_init(&stream, llm_provider_find("openai"));
	while (goes_on)
		goes_on =
		    stream_feed(&stream, piece, strlen(piece), &has_heard);
	assert_int_equal(stream_body(&stream, &made, &body, &size, &err), 0);
	assert_true(stream.out_tokens > STREAM_MAX_TEXT_BYTES / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_broke_off_is_counted),
		cmocka_unit_test(answers_are_counted),
		cmocka_unit_test(one_that_was_not_heard_of_took_what_was_sent),
		cmocka_unit_test(a_flood_took_what_was_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
