/* What a message is answered from, a named case for each claim. */

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/knowledge/strategy.h"

static const struct {
	const char *name, *text, *strategy, *reason;
} cases[] = {
	{ "nothing", "", "none", "no-words" },
	{ "only signs", "?! ...", "none", "no-words" },
	{ "only a pictograph", "👍", "none", "no-words" },
	{ "only wide signs", "！？。", "none", "no-words" },

	{ "greeting", "Hello", "none", "small-talk" },
	{ "greeting with a pictograph", "hello 👋!", "none", "small-talk" },
	{ "several greetings", "Hey there, good morning everyone!", "none",
	    "small-talk" },
	{ "thanks", "ok thanks a lot", "none", "small-talk" },
	{ "typographic apostrophe", "what’s up?", "none", "small-talk" },
	{ "plain apostrophe", "How's it going", "none", "small-talk" },
	{ "German greeting", "Guten Morgen zusammen!", "none", "small-talk" },
	{ "German thanks", "Super, vielen Dank!", "none", "small-talk" },
	{ "German capitals", "TSCHÜSS", "none", "small-talk" },
	{ "French", "Merci beaucoup !", "none", "small-talk" },
	{ "Spanish", "¡Hola! Buenos días", "none", "small-talk" },
	{ "Portuguese", "Olá, bom dia", "none", "small-talk" },
	{ "Italian", "Grazie mille", "none", "small-talk" },
	{ "Polish capitals", "DZIĘKUJĘ", "none", "small-talk" },
	{ "Russian capitals", "СПАСИБО БОЛЬШОЕ!", "none", "small-talk" },
	{ "Greek", "Καλημέρα!", "none", "small-talk" },
	{ "Chinese with a wide sign", "你好！", "none", "small-talk" },
	{ "Japanese", "ありがとうございます。", "none", "small-talk" },
	{ "Korean", "안녕하세요", "none", "small-talk" },

	{ "greeting inside a question", "hey, where is the deployment policy?",
	    "search", "names-files" },
	{ "German greeting inside a question",
	    "Hallo, wo liegt der Dienstplan für März?", "search", "topic" },
	{ "French greeting inside a question",
	    "Bonjour, quand ouvre le port de Hambourg ?", "search", "topic" },
	{ "thanks before a question", "Thanks! And how do I connect Telegram?",
	    "search", "topic" },
	{ "a word that begins like a greeting", "high availability", "search",
	    "topic" },
	{ "three words that mean something", "pairing token expiry", "search",
	    "topic" },
	{ "what can you do", "What can you do?", "search", "topic" },
	{ "before is no cue by itself", "what must happen before a release?",
	    "search", "topic" },
	{ "remember is no cue by itself", "remember to rotate the keys",
	    "search", "topic" },
	{ "cue only as part of words", "the unsaid and mistold stories",
	    "search", "topic" },
	{ "wrong UTF-8", "\xff\xfe\xe2", "search", "topic" },
	{ "files in German", "In welcher Datei steht der Schlüsselwechsel?",
	    "search", "names-files" },
	{ "an article is no pronoun", "Wo ist das Lager der Seilwinden?",
	    "search", "topic" },

	{ "yes", "Yes, please do.", "tail", "answers-the-agent" },
	{ "ok alone may be a yes", "ok", "tail", "answers-the-agent" },
	{ "no with thanks", "no thanks", "tail", "answers-the-agent" },
	{ "German yes", "ja bitte", "tail", "answers-the-agent" },
	{ "French yes", "oui, d'accord", "tail", "answers-the-agent" },
	{ "Russian yes", "Да", "tail", "answers-the-agent" },
	{ "Japanese yes", "はい", "tail", "answers-the-agent" },
	{ "yes and more", "yes, rotate the staging keys", "search", "topic" },

	{ "about the conversation", "What did you say about the budget?",
	    "tail", "about-the-chat" },
	{ "cue in capitals", "AS WE DISCUSSED, go on", "tail",
	    "about-the-chat" },
	{ "German cue", "Was hast du gesagt zum Haushalt?", "tail",
	    "about-the-chat" },
	{ "German cue before", "Wie besprochen: weiter so", "tail",
	    "about-the-chat" },
	{ "French cue", "Tu as dit combien ?", "tail", "about-the-chat" },
	{ "Russian cue", "Что мы говорили о бюджете?", "tail",
	    "about-the-chat" },
	{ "cue and files", "you said it is in the docs, where exactly?",
	    "tail+search", "chat-and-files" },

	{ "pronoun", "and how do I restart it?", "tail+search", "follow-up" },
	{ "pronoun in another sentence", "Does that work on Debian?",
	    "tail+search", "follow-up" },
	{ "what about", "What about staging?", "tail+search", "follow-up" },
	{ "German pronoun", "Und wie viel kostet das im Monat?", "tail+search",
	    "follow-up" },
	{ "German what about", "Was ist mit Hamburg?", "tail+search",
	    "follow-up" },
	{ "French pronoun", "Et comment ça marche ?", "tail+search",
	    "follow-up" },
	{ "Spanish pronoun", "¿Y cómo funciona eso?", "tail+search",
	    "follow-up" },
	{ "Russian pronoun", "А как это работает?", "tail+search",
	    "follow-up" },
	{ "a long question stands on its own feet",
	    "When the harbour crane loses power while a container hangs from "
	    "it, which brake holds?",
	    "search", "topic" },
	{ "why", "Why?", "tail+search", "wants-more" },
	{ "tell me more", "Tell me more", "tail+search", "wants-more" },
	{ "German why", "warum?", "tail+search", "wants-more" },
	{ "Chinese why", "为什么？", "tail+search", "wants-more" },
	{ "why with a subject", "Why does the indexer rescan?", "search",
	    "topic" },
};

static void
the_words_decide(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct knowledge_plan got = knowledge_decide(cases[i].text);
		const char *strategy = knowledge_strategy_name(got.strategy);

		if (strcmp(strategy, cases[i].strategy) != 0 ||
		    strcmp(got.reason, cases[i].reason) != 0)
			fail_msg("%s: got %s %s", cases[i].name, strategy,
			    got.reason);
	}
}

/* Without a model a reaction is met with a greeting, and not searched for. */
static void
reactions_name_nothing(void **state)
{
	(void)state;
	assert_true(knowledge_decide("hi").is_reaction);
	assert_true(knowledge_decide("yes").is_reaction);
	assert_true(knowledge_decide("").is_reaction);
	assert_false(knowledge_decide("why?").is_reaction);
	assert_false(knowledge_decide("as you said").is_reaction);
}

static void
long_texts_are_bounded(void **state)
{
	AUTO(buf_release)
	struct buf text;

	(void)state;
	buf_init(&text);
	for (int i = 0; i < 5000; i++)
		buf_addf(&text, "%0200d%s", i, i % 2 ? " " : "-");
	assert_int_equal(
	    knowledge_decide(text.data).strategy, KNOWLEDGE_SEARCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_words_decide),
		cmocka_unit_test(reactions_name_nothing),
		cmocka_unit_test(long_texts_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
