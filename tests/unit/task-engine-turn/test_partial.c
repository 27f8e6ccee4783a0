/* What of an unfinished answer is shown: never what must not be. */

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/llm/partial.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/provider.h"
#include "services/task-engine/llm/stream.h"
#include "services/task-engine/llm/thoughts.h"

enum { MAX_BYTES = 200 };

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{ "nothing", "", "" },
	{ "words", "Hello th", "Hello th" },
	{ "lines", "One.\n\nTwo", "One.\n\nTwo" },
	{ "a thought", "<think>\nwhy", "" },
	{ "a thought that is over", "<think>\nwhy\n</think>\n\nBecause",
	    "Because" },
	{ "a thought that is beginning", "Yes.\n<thi", "Yes." },
	{ "a thought with attributes, in the middle", "Yes.\n<think a=\"b",
	    "Yes." },
	{ "a second thought", "<think>\na\n</think>\nYes.\n<think>\nb\n</thin",
	    "Yes." },
	{ "the other word", "Yes.\n<thinking>\nb", "Yes." },
	{ "a fenced thought", "```think\nwhy", "" },
	{ "a fenced thought that is over", "```think\nwhy\n```\nYes", "Yes" },
	{ "an end that is beginning", "why not\n</thi", "why not" },
	{ "less than", "a < b and c", "a < b and c" },
	{ "less than at the end", "a <", "a" },
	{ "another tag", "use <b>bold</b> he", "use <b>bold</b> he" },
	{ "an action", "Yes.\n```action\n{\"type\":\"x\"", "Yes.\n" },
	{ "an action that is over", "Yes.\n```action\n{}\n```\nDone",
	    "Yes.\nDone" },
	{ "an action with blanks", "Yes.\n  ``` ACTION\n{}", "Yes.\n" },
	{ "an action behind its word", "Yes.\n```action{\"a\":1}\n", "Yes.\n" },
	{ "a tool", "```tool\n{\"tool\":\"x\"", "" },
	{ "a tool that is over", "```tool\n{}\n```\n", "" },
	{ "a block without a name", "See:\n```\n{\"tool\"", "See:\n" },
	{ "JSON", "See:\n```json\n{\"tool\"", "See:\n" },
	{ "a fence that is beginning", "See:\n``", "See:" },
	{ "a fence whose name is coming", "See:\n```act", "See:\n" },
	{ "another mark", "See:\n~~~action\nx", "See:\n" },
	{ "code", "See:\n```python\nprint(1)\npr",
	    "See:\n```python\nprint(1)\npr" },
	{ "code that is over", "See:\n```c\nx\n```\nAnd",
	    "See:\n```c\nx\n```\nAnd" },
	{ "code that is ending", "See:\n```c\nx\n``", "See:\n```c\nx" },
	{ "an action behind code", "```c\nx\n```\nAnd\n```action\n{",
	    "```c\nx\n```\nAnd\n" },
	{ "a fence inside a longer one is no end", "````action\n```\nsecret\n",
	    "" },
	{ "a named fence is no end", "```action\n```c\nsecret\n", "" },
	{ "JSON alone", "{\"tool\":\"x\",", "" },
	{ "JSON behind a thought", "<think>\na\n</think>\n{\"tool\"", "" },
	{ "a brace in prose", "Set {x} to", "Set {x} to" },
	{ "a brace that begins the last line", "See\n{\"tool", "See\n" },
	{ "a quotation that is beginning", "See:\n> ", "See:\n" },
	{ "a quotation", "See:\n> so", "See:\n> so" },
	{ "a quoted fence that is beginning", "See:\n> ``", "See:\n" },
	{ "control characters", "a\x1b[2Jb", "a[2Jb" },
};

static void
only_what_is_certain_is_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(buf_release)
		struct buf out;

		buf_init(&out);
		partial_visible(&out, cases[i].text, MAX_BYTES);
		if (strcmp(out.data, cases[i].want) != 0)
			fail_msg("%s: \"%s\"", cases[i].name, out.data);
	}
}

/* Each of them, a character at a time: the secret is never among it. */
static const char *const secrets[] = {
	"<think>SECRET</think>\nYes.",
	"<think>\nSECRET\n</think>\n\nYes.",
	"<thinking foo=\"bar\">\nSECRET\n</thinking>\nYes.",
	"```think\nSECRET\n```\nYes.",
	"```thinking\nSECRET\n```\nYes.",
	"Yes.\n\n<think>\nSECRET\n</think>\nNo.",
	"Yes. <think>\nSECRET\n</think>\nNo.",
	"Yes.\n```action\n{\"SECRET\":1}\n```\nNo.",
	"Yes.\n```ACTION {\"SECRET\":1}\n```\nNo.",
	"```tool\n{\"tool\":\"SECRET\"}\n```",
	"```\n{\"tool\":\"SECRET\"}\n```",
	"```json\n{\"tool\":\"SECRET\"}\n```",
	"{\"tool\":\"SECRET\",\"args\":{}}",
	"  {\"tool\":\"SECRET\",\"args\":{}}",
	"<think>a</think>\n```tool\n{\"tool\":\"SECRET\"}\n```",
	"````action\n```\nSECRET\n````\n",
};

static void
no_piece_shows_a_secret(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(secrets); i++)
		for (size_t n = 0; n <= strlen(secrets[i]); n++) {
			AUTO(xfree)
			char *piece = xcalloc(1, n + 1);
			AUTO(buf_release)
			struct buf out;

			memcpy(piece, secrets[i], n);
			buf_init(&out);
			partial_visible(&out, piece, MAX_BYTES);
			if (strpbrk(out.data, "RCT"))
				fail_msg("%zu of \"%s\": \"%s\"", n, secrets[i],
				    out.data);
		}
}

static void
it_is_cut_between_characters(void **state)
{
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	partial_visible(&out, "\xc3\xa4\xc3\xb6\xc3\xbc", 3);
	assert_string_equal(out.data, "\xc3\xa4");
}

static const struct {
	const char *text;
	bool want;
} ends[] = {
	{ "Yes.", false },
	{ "<think>\na\n</think>\nYes.", false },
	{ "a\n</think>\nYes.", true },
	{ "a\n</thinking>\nYes.", true },
	{ "a</think>\n\nYes.", true },
	{ "say </think> to end it", false },
	{ "a\n</think>\nYes.\n<think>\nb\n</think>\n", true },
};

static void
an_end_without_a_beginning_is_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(ends); i++)
		if (thoughts_end_unbegun(ends[i].text) != ends[i].want)
			fail_msg("%s", ends[i].text);
}

/* What one model says before, and of the answer that is watched. */
static const struct {
	const char *name, *before, *said, *want;
	size_t n_wants;
} ways[] = {
	{ "its first answer", "", "Yes.", "", 0 },
	{ "one that begins by saying", "No.", "Yes.", "Yes.", 0 },
	{ "one that begins its thoughts itself", "<think>\na\n</think>\nNo.",
	    "<think>\nb", "<think>\nb", 0 },
	{ "one that begins in a thought", "a\n</think>\nNo.", "b", "", 0 },
	{ "and is ending it", "a\n</think>\nNo.", "b\n</thin", "", 0 },
	{ "and has ended it", "a\n</think>\nNo.", "b\n</think>\nYes.",
	    "b\n</think>\nYes.", 0 },
	{ "that wants something done", "No.", "I'll look.", "", 1 },
	{ "that has said nothing yet", "No.", "", "", 0 },
};

static void
nothing_is_told_before_it_is_known_how_it_begins(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(ways); i++) {
		struct llm_stream stream;
		const char *told;

		stream_init(&stream, llm_provider_find("openai"));
		stream_say(&stream, ways[i].said);
		stream.n_wants = ways[i].n_wants;
		told = partial_said(
		    partial_learn(PARTIAL_UNKNOWN, ways[i].before), &stream);
		if (strcmp(told, ways[i].want) != 0)
			fail_msg("%s: \"%s\"", ways[i].name, told);
		stream.n_wants = 0;
		stream_release(&stream);
	}
}

static const struct {
	const char *name, *said;
	enum partial_way known, want;
} learnt[] = {
	{ "of an empty answer nothing", "", PARTIAL_THINKING,
	    PARTIAL_THINKING },
	{ "of the first all", "Yes.", PARTIAL_UNKNOWN, PARTIAL_SAYING },
	{ "another chat template", "a\n</think>\nYes.", PARTIAL_SAYING,
	    PARTIAL_THINKING },
	{ "and back", "Yes.", PARTIAL_THINKING, PARTIAL_SAYING },
};

static void
the_last_whole_answer_tells_how_they_begin(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(learnt); i++)
		if (partial_learn(learnt[i].known, learnt[i].said) !=
		    learnt[i].want)
			fail_msg("%s", learnt[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_certain_is_shown),
		cmocka_unit_test(no_piece_shows_a_secret),
		cmocka_unit_test(it_is_cut_between_characters),
		cmocka_unit_test(
		    nothing_is_told_before_it_is_known_how_it_begins),
		cmocka_unit_test(the_last_whole_answer_tells_how_they_begin),
		cmocka_unit_test(an_end_without_a_beginning_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
