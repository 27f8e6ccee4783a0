/* The words of a message, and what is searched for it. */

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/knowledge/words.h"

static const struct {
	const char *name, *text, *want, *before;
} queries[] = {
	{ "stop words go", "How do I connect Telegram?", "connect telegram" },
	{ "each word once", "Token, token and TOKEN", "token" },
	{ "only stop words stay as they are", "What can you do?",
	    "what can you do" },
	{ "paths are one word", "what is in docs/setup.md?", "docs/setup.md" },
	{ "a dash before a word is no operator", "deploy -prod --fast",
	    "deploy prod fast" },
	{ "quotes are no operators", "the \"release\" plan", "release plan" },
	{ "other scripts", "Пароль", "пароль" },
	{ "their capitals", "ÄRGER Łódź ΠΑΡΟΛΑ", "ärger łódź παρολα" },
	{ "unspaced scripts", "「港湾」、手順？", "港湾 手順" },
	{ "stop words of other languages go", "Wie starte ich den Kran neu?",
	    "starte kran neu" },
	{ "what was said before fills the room", "and how do I restart it?",
	    "restart harbour crane stopped", "The harbour crane has stopped" },
	{ "and stands alone where nothing is said", "why?",
	    "harbour crane stopped", "Has the harbour crane stopped?" },
	{ "each once, of both", "crane brake?", "crane brake harbour",
	    "harbour crane" },
	{ "variables", "set AGENT_RUNTIME_LLM_MODEL",
	    "set agent_runtime_llm_model" },
	{ "signs of Latin-1", "«¿Dónde está el puerto?»", "puerto" },
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
		knowledge_query(queries[i].text,
		    queries[i].before ? queries[i].before : "", &out);
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
	knowledge_query(text.data, text.data, &out);
	assert_true(out.size < 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(query_keeps_what_carries_meaning),
		cmocka_unit_test(headings_may_name_what_is_asked),
		cmocka_unit_test(long_texts_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
