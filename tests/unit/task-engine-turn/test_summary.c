/* What is kept of a conversation: whole sentences of people, by their kind. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/knowledge/summary.h"

static const struct {
	const char *name, *text, *want; /* "kind: sentence|…" */
} messages[] = {
	{ "a decision", "We decided to ship on Thursdays.",
	    "fact: We decided to ship on Thursdays." },
	{ "what is to be remembered", "Hi! Note that the gate closes at 22:00.",
	    "fact: Note that the gate closes at 22:00." },
	{ "a promise", "I'll rotate the keys until Friday",
	    "task: I'll rotate the keys until Friday" },
	{ "a question", "Who has the key of the crane?",
	    "question: Who has the key of the crane?" },
	{ "a question about a decision is a question",
	    "Have we decided about the crane?",
	    "question: Have we decided about the crane?" },
	{ "too short to be answered later", "Really?", "" },
	{ "several", "We decided on blue. Who paints it? I will buy paint.",
	    "fact: We decided on blue.|question: Who paints it?|"
	    "task: I will buy paint." },
	{ "German", "Wir haben beschlossen, am Montag zu liefern.",
	    "fact: Wir haben beschlossen, am Montag zu liefern." },
	{ "German promise", "Ich kümmere mich um die Winde.",
	    "task: Ich kümmere mich um die Winde." },
	{ "French", "On doit réparer la grue.",
	    "task: On doit réparer la grue." },
	{ "Russian", "Решили поставить кран.", "fact: Решили поставить кран." },
	{ "Chinese question", "谁有钥匙？好的。", "question: 谁有钥匙？" },
	{ "a list", "- [x] done\n- TODO: paint the mast",
	    "task: TODO: paint the mast" },
	{ "a number is no end", "The deadline is 3.5 days away.",
	    "fact: The deadline is 3.5 days away." },
	{ "G-69: a backup is nobody's office",
	    "The backup is written to Frankfurt at night.", "" },
	{ "G-69: a freeze is nobody's window", "The pipes freeze at 3 UTC.",
	    "" },
	{ "small talk", "Nice weather today, is it not", "" },
	{ "a command", "/task we decided nothing", "" },
	{ "code", "```\nwe decided = true\n```\nWe decided on C.",
	    "fact: We decided on C." },
	{ "at most four",
	    "We decided a. We decided b. We decided c. "
	    "We decided d. We decided e.",
	    "fact: We decided a.|fact: We decided b.|fact: We decided c.|"
	    "fact: We decided d." },
};

static void
sentences_are_kept_by_their_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(messages); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(64 * 1024);
		AUTO(buf_release)
		struct buf out = { 0 };
		struct summary_item items[SUMMARY_ITEMS_A_MESSAGE];
		size_t n = summary_extract(messages[i].text, items, arena);

		buf_init(&out);
		for (size_t j = 0; j < n; j++)
			buf_addf(&out, "%s%s: %s", j ? "|" : "",
			    summary_kind_name(items[j].kind), items[j].text);
		if (strcmp(out.data, messages[i].want) != 0)
			fail_msg("%s: %s", messages[i].name, out.data);
	}
}

static void
a_sentence_that_is_too_long_is_left_out_whole(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(64 * 1024);
	AUTO(buf_release)
	struct buf text = { 0 };
	struct summary_item items[SUMMARY_ITEMS_A_MESSAGE];

	(void)state;
	buf_init(&text);
	buf_adds(&text, "We decided");
	for (int i = 0; i < 60; i++)
		buf_adds(&text, " and decided");
	buf_adds(&text, ". We decided once more.");
	assert_int_equal(summary_extract(text.data, items, arena), 1);
	assert_string_equal(items[0].text, "We decided once more.");
}

static void
topics_are_words_of_several_messages(void **state)
{
	static const char *const texts[] = { "The crane is broken, the crane!",
		"Which crane? The harbour crane.", "A brake of the harbour",
		"/task crane crane", "brake brake" };
	AUTO(arena_free)
	struct arena *arena = arena_new(1024 * 1024);
	const char *topics[3];

	(void)state;
	assert_int_equal(
	    summary_topics(texts, N_OF(texts), topics, 3, arena), 3);
	assert_string_equal(topics[0], "brake");
	assert_string_equal(topics[1], "crane");
	assert_string_equal(topics[2], "harbour");
	assert_int_equal(summary_topics(texts, 2, topics, 3, arena), 1);
}

static void
what_matters_most_comes_first(void **state)
{
	static const struct summary_item items[] = {
		{ SUMMARY_QUESTION, "carol", "Who has the key?" },
		{ SUMMARY_FACT, "bob", "The deadline is Friday." },
		{ SUMMARY_FACT, "", "We decided on blue." },
	};
	static const char *const topics[] = { "crane", "brake" };
	const struct summary_in in = { .items = items,
		.n_items = N_OF(items),
		.topics = topics,
		.n_topics = N_OF(topics) };
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	summary_body(&in, &out);
	assert_string_equal(out.data,
	    "## Decisions and facts\n\n- bob: The deadline is Friday.\n"
	    "- We decided on blue.\n\n"
	    "## Open questions\n\n- carol: Who has the key?\n\n"
	    "## Topics\n\n- crane, brake\n\n");
}

static const struct {
	const char *name, *text;
	bool is_sound;
} refined[] = {
	{ "items", "- a\n- b\n", true },
	{ "headings and items", "## Decided\n\n- a\n\n## Open\n- b", true },
	{ "nothing", "", false },
	{ "blank lines", "\n\n", false },
	{ "headings alone", "## Decided\n", false },
	{ "a word before", "Here it is:\n- a", false },
	{ "a word behind", "- a\nThat is all.", false },
	{ "JSON", "{\"a\": 1}", false },
	{ "a block", "```\n- a\n```", false },
	{ "an item that goes on", "- a\n  b", false },
	{ "a title", "# Notes\n- a", false },
	{ "longer than is shown", "- aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    false },
};

static void
only_lists_pass_for_a_summary(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(refined); i++)
		if (summary_is_sound(refined[i].text, 40) !=
		    refined[i].is_sound)
			fail_msg("%s", refined[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_lists_pass_for_a_summary),
		cmocka_unit_test(sentences_are_kept_by_their_kind),
		cmocka_unit_test(a_sentence_that_is_too_long_is_left_out_whole),
		cmocka_unit_test(topics_are_words_of_several_messages),
		cmocka_unit_test(what_matters_most_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
