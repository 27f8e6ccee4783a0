/* What a message asks for, and what is searched for it. */

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/knowledge/words.h"

static const struct {
	const char *name, *text;
	enum knowledge_strategy want;
} decisions[] = {
	{ "nothing", "", KNOWLEDGE_NONE },
	{ "only signs", "?! ...", KNOWLEDGE_NONE },
	{ "only a pictograph", "\xf0\x9f\x91\x8d", KNOWLEDGE_NONE },
	{ "greeting", "Hello", KNOWLEDGE_NONE },
	{ "greeting with a pictograph", "hello \xf0\x9f\x91\x8b!",
	    KNOWLEDGE_NONE },
	{ "several greetings", "Hey there, good morning everyone!",
	    KNOWLEDGE_NONE },
	{ "thanks", "ok thanks a lot", KNOWLEDGE_NONE },
	{ "typographic apostrophe", "what\xe2\x80\x99s up?", KNOWLEDGE_NONE },
	{ "plain apostrophe", "How's it going", KNOWLEDGE_NONE },
	{ "greeting inside a question", "hey, where is the deployment policy?",
	    KNOWLEDGE_SEARCH },
	{ "thanks before a question", "Thanks! And how do I connect Telegram?",
	    KNOWLEDGE_SEARCH },
	{ "three words that mean something", "pairing token expiry",
	    KNOWLEDGE_SEARCH },
	{ "a word that begins like a greeting", "high availability",
	    KNOWLEDGE_SEARCH },
	{ "what can you do", "What can you do?", KNOWLEDGE_SEARCH },
	{ "before is no cue by itself", "what must happen before a release?",
	    KNOWLEDGE_SEARCH },
	{ "remember is no cue by itself", "remember to rotate the keys",
	    KNOWLEDGE_SEARCH },
	{ "about the conversation", "What did you say about the budget?",
	    KNOWLEDGE_TAIL },
	{ "cue in capitals", "AS WE DISCUSSED, go on", KNOWLEDGE_TAIL },
	{ "cue and files", "you said it is in the docs, where exactly?",
	    KNOWLEDGE_SEARCH },
	{ "cue only as part of words", "the unsaid and mistold stories",
	    KNOWLEDGE_SEARCH },
	{ "wrong UTF-8", "\xff\xfe\xe2", KNOWLEDGE_SEARCH },
};

static void
strategy_follows_the_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(decisions); i++)
		if (knowledge_decide(decisions[i].text) != decisions[i].want)
			fail_msg("%s: got %d", decisions[i].name,
			    (int)knowledge_decide(decisions[i].text));
}

static const struct {
	const char *name, *text, *want;
} queries[] = {
	{ "stop words go", "How do I connect Telegram?", "connect telegram" },
	{ "each word once", "Token, token and TOKEN", "token" },
	{ "only stop words stay as they are", "What can you do?",
	    "what can you do" },
	{ "paths are one word", "what is in docs/setup.md?", "docs/setup.md" },
	{ "a dash before a word is no operator", "deploy -prod --fast",
	    "deploy prod fast" },
	{ "quotes are no operators", "the \"release\" plan", "release plan" },
	{ "other scripts", "\xd0\x9f\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c",
	    "\xd0\x9f\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c" },
	{ "variables", "set AGENT_RUNTIME_LLM_MODEL",
	    "set agent_runtime_llm_model" },
	{ "no words", "?!", "" },
	{ "at most twelve", "a1 b2 c3 d4 e5 f6 g7 h8 i9 j10 k11 l12 m13",
	    "a1 b2 c3 d4 e5 f6 g7 h8 i9 j10 k11 l12" },
};

static void
query_keeps_what_carries_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(queries); i++) {
		AUTO(buf_release)
		struct buf out;

		buf_init(&out);
		knowledge_query(queries[i].text, &out);
		if (strcmp(out.data, queries[i].want) != 0)
			fail_msg("%s: got %s", queries[i].name, out.data);
	}
}

static const struct {
	const char *heading, *text;
	bool want;
} names[] = {
	{ "Welcome > What can you do?", "what can you do", true },
	{ "How do I connect Telegram?", "how do I connect telegram?", true },
	{ "How do I connect Telegram?", "how do I connect a model?", true },
	{ "Where things lie", "where do I put my files?", false },
	{ "", "policy", false },
	{ "Policy", "", false },
};

static void
headings_may_name_what_is_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(names); i++)
		if (knowledge_names(names[i].heading, names[i].text) !=
		    names[i].want)
			fail_msg("%s: %s", names[i].heading, names[i].text);
}

static void
long_texts_are_bounded(void **state)
{
	AUTO(buf_release)
	struct buf text, out;

	(void)state;
	buf_init(&text);
	buf_init(&out);
	for (int i = 0; i < 5000; i++)
		buf_addf(&text, "%0200d%s", i, i % 2 ? " " : "-");
	knowledge_query(text.data, &out);
	assert_true(out.size < 4096);
	assert_int_equal(knowledge_decide(text.data), KNOWLEDGE_SEARCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strategy_follows_the_words),
		cmocka_unit_test(query_keeps_what_carries_meaning),
		cmocka_unit_test(headings_may_name_what_is_asked),
		cmocka_unit_test(long_texts_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
