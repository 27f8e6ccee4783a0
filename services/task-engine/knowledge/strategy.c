/* Decides what a message is answered from: tables of words, then of rules. */

#include "services/task-engine/knowledge/strategy.h"

#include <stddef.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "services/task-engine/knowledge/words.h"

enum {
	MAX_WORDS = 400, /* of a long text the beginning says what it asks */
	STRATEGY_ARENA_BYTES = 256 * 1024,
	/* A question that names more than this stands on its own feet. */
	MAX_LEANING_WORDS = 4,
};

/* Whole messages made of these, in any order, are small talk. */
static const char *const small_talk[] = {
	/* English */
	"are you there", "bye", "cheers", "cool", "good afternoon",
	"good evening", "good morning", "good night", "goodbye", "great",
	"hello", "hey", "hi", "hiya", "how are things", "how are you",
	"how are you doing", "how are you today", "how is it going",
	"hows it going", "howdy", "nice", "nice to meet you", "ok", "okay",
	"perfect", "see you", "sup", "thank you", "thanks", "thx", "what is up",
	"whats up", "yo",
	/* German */
	"alles klar", "bis bald", "bis später", "danke", "danke dir",
	"danke schön", "dankeschön", "gute nacht", "guten abend",
	"guten morgen", "guten tag", "hallo", "herzlichen dank",
	"ich danke dir", "mahlzeit", "moin", "perfekt", "prima", "servus",
	"super", "toll", "tschüss", "tschüß", "vielen dank", "wie gehts",
	"wie geht es dir",
	/* French */
	"au revoir", "bonjour", "bonne nuit", "bonsoir", "ça va", "merci",
	"merci beaucoup", "parfait", "salut",
	/* Spanish, Portuguese */
	"adiós", "boa noite", "boa tarde", "bom dia", "buenas noches",
	"buenas tardes", "buenos días", "gracias", "hola", "muchas gracias",
	"muito obrigado", "obrigada", "obrigado", "olá", "tchau",
	/* Italian */
	"buongiorno", "buonasera", "ciao", "grazie", "grazie mille", "perfetto",
	/* Dutch, Scandinavian */
	"bedankt", "dag", "dank je", "dank je wel", "god morgen", "hej", "hei",
	"hoi", "tack", "tack så mycket", "takk", "tusen takk",
	/* Polish, Czech */
	"ahoj", "cześć", "dobrý den", "dzień dobry", "dzięki", "dziękuję",
	"děkuji", "díky",
	/* Russian, Ukrainian */
	"добрый день", "доброе утро", "дякую", "здравствуйте", "пока", "привет",
	"привіт", "спасибо", "спасибо большое",
	/* Turkish, Greek */
	"merhaba", "selam", "teşekkürler", "ευχαριστώ", "καλημέρα",
	/* Chinese, Japanese, Korean */
	"你好", "您好", "谢谢", "謝謝", "谢谢你", "こんにちは", "ありがとう",
	"ありがとうございます", "おはようございます", "안녕하세요",
	"감사합니다", "고마워",
	/* and what people add to them */
	"a lot", "again", "agent", "all", "alle", "bot", "everybody",
	"everyone", "folks", "friend", "so much", "team", "there", "to you",
	"tous", "very much", "you", "zusammen"
};

/* Whole messages made of these answer what the agent asked. */
static const char *const answers[] = { "agreed", "all right", "alright",
	"bien sûr", "bitte", "correct", "da", "daccord", "do", "do it", "do so",
	"doch", "exactly", "genau", "gerne", "go ahead", "ja", "ja bitte",
	"jawohl", "lieber nicht", "mach das", "maybe", "mach es", "nee", "nein",
	"nej", "nie", "nicht", "no", "non", "nope", "not really", "ok", "okay",
	"oui", "per favore", "please", "please do", "please dont", "por favor",
	"right", "sil te plaît", "si", "sí", "sim", "stimmt", "sure", "tak",
	"that one", "the first", "the first one", "the last one", "the second",
	"the second one", "vielleicht", "yeah", "yep", "yes", "yes please",
	"да", "нет", "так", "はい", "いいえ", "是", "是的", "不", "好的", "네",
	"아니요" };

/* Whole messages made of these want more of what was just said. */
static const char *const go_ons[] = { "a bit more", "and", "and then",
	"and now", "are you sure", "bist du sicher", "continue",
	"can you explain", "continua", "elaborate", "encore", "erklär das",
	"et alors", "et puis", "example", "explain", "for example", "go on",
	"how", "how come", "how so", "ich verstehe nicht", "in german",
	"in english", "in short", "keep going", "kürzer", "longer", "mehr",
	"mehr dazu", "more", "more details", "now what", "por qué", "pourquoi",
	"really", "say more", "shorter", "so what", "tell me more", "und",
	"und dann", "und jetzt", "und nun", "wann", "warum", "was noch",
	"weiter", "wer", "what does that mean", "what else", "what is that",
	"whats that", "what then", "when", "where", "who", "why", "why not",
	"wie", "wieso", "wirklich", "wo", "zum beispiel", "дальше", "почему",
	"ещё", "為什麼", "为什么", "继续", "なぜ", "続けて" };

/* The message is about the conversation itself. */
static const char *const about_chat[] = {
	/* English */
	"as discussed", "as i said", "as we discussed", "as we talked",
	"as you said", "continue from", "continue where", "did i say",
	"did i tell", "did we discuss", "did we say", "did we talk",
	"did you mean", "did you say", "follow up on", "i asked you",
	"i just said", "i just told", "i said", "i told you", "last answer",
	"last message", "last question", "our conversation", "previous answer",
	"previous message", "previous question", "repeat that",
	"say that again", "summarise this chat", "summarize this chat",
	"this conversation", "we discussed", "we said", "we talked about",
	"you just said", "you mentioned", "you said", "your answer",
	"your last",
	/* German */
	"deine antwort", "deine letzte", "diese unterhaltung",
	"du gerade gesagt", "du gesagt", "habe ich gesagt",
	"haben wir besprochen", "haben wir gesagt", "hast du gemeint",
	"hast du gesagt", "ich gesagt", "ich sagte", "letzte antwort",
	"letzte frage", "letzte nachricht", "noch einmal sagen", "sag das noch",
	"unser gespräch", "unsere unterhaltung", "wie besprochen", "wie gesagt",
	"wiederhole das", "wir besprochen",
	/* French */
	"as-tu dit", "comme convenu", "cette conversation", "dernier message",
	"dernière question", "dernière réponse", "je tai dit",
	"notre conversation", "nous avons dit", "répète", "ta réponse",
	"tu as dit", "tu disais",
	/* Spanish, Portuguese, Italian */
	"como dijiste", "dijiste", "esta conversación", "hai detto",
	"nossa conversa", "nuestra conversación", "questa conversazione",
	"te dije", "tu respuesta", "última pregunta", "último mensaje",
	"você disse",
	/* Dutch, Polish, Russian */
	"heb je gezegd", "je zei", "mówiłeś", "powiedziałeś", "ты сказал",
	"вы сказали", "мы говорили", "последнее сообщение"
};

/* It asks for what is written down. */
static const char *const about_files[] = {
	/* English */
	"codebase", "doc", "docs", "document", "documentation", "documents",
	"file", "files", "guide", "in the workspace", "knowledge base",
	"look up", "markdown", "policy", "readme", "repo", "repository",
	"runbook", "search for", "which file", "wiki", "written down",
	/* German */
	"anleitung", "aufgeschrieben", "datei", "dateien", "dokument",
	"dokumentation", "dokumente", "handbuch", "richtlinie",
	"steht geschrieben", "such nach", "suche nach", "wissensbasis",
	/* French, Spanish, Portuguese, Italian, Dutch */
	"archivo", "archivos", "arquivo", "bestand", "cherche",
	"dans les documents", "documentación", "documentation",
	"documentazione", "documento", "documentos", "fichier", "fichiers",
	"guida", "manual", "manuale", "politique",
	/* Polish, Russian */
	"dokumentacja", "plik", "документация", "документации", "файл", "файле"
};

/* A short question with one of these speaks of what was named before. */
static const char *const back_references[] = {
	/* English */
	"about that", "and if", "but what", "but why", "do that", "does that",
	"for that", "he", "her", "him", "his", "how about", "instead",
	"is that", "it", "its", "of that", "she", "that work", "the other",
	"the same", "their", "them", "then", "these", "they", "this", "those",
	"to that", "was that", "what about", "with that",
	/* German; "das" alone is an article */
	"dafür", "dagegen", "damit", "danach", "daran", "darauf", "das genau",
	"davon", "dazu", "denen", "deren", "dessen", "diese", "dieser",
	"dieses", "geht das", "heißt das", "ihm", "ihn", "ihnen", "ist es",
	"kostet das", "macht das", "stattdessen", "und wenn", "was ist mit",
	"wie sieht es aus",
	/* French */
	"ceci", "cela", "celui", "ces", "elle", "elles", "et si", "ça",
	/* Spanish, Portuguese, Italian */
	"e se", "ello", "ellos", "eso", "esto", "isso", "isto", "quello",
	"questo", "y si",
	/* Dutch, Polish, Russian */
	"daarvan", "dat", "ermee", "hem", "tego", "а если", "его", "её", "их",
	"он", "она", "они", "оно", "это", "этого", "этом"
};

#define PHRASES(list)                                                          \
	{                                                                      \
		list, N_OF(list)                                               \
	}
static const struct knowledge_phrases answer_phrases = PHRASES(answers),
				      chat_phrases = PHRASES(about_chat),
				      file_phrases = PHRASES(about_files),
				      go_on_phrases = PHRASES(go_ons),
				      reference_phrases =
					  PHRASES(back_references),
				      small_talk_phrases = PHRASES(small_talk);

/* What is known of a message before the rules. */
enum trait {
	HAS_WORDS = 1 << 0,
	IS_SMALL_TALK = 1 << 1,
	IS_ANSWER = 1 << 2,
	IS_GO_ON = 1 << 3,
	ABOUT_CHAT = 1 << 4,
	ABOUT_FILES = 1 << 5,
	LEANS_BACK = 1 << 6,
	IS_REACTION = 1 << 7, /* answers and small talk together */
};

/* The first whose traits are all there decides; the last needs only words. */
static const struct {
	unsigned needs;
	unsigned lacks;
	struct knowledge_plan plan;
} rules[] = {
	{ 0, HAS_WORDS, { KNOWLEDGE_NONE, true, "no-words" } },
	{ IS_ANSWER, 0, { KNOWLEDGE_TAIL, true, "answers-the-agent" } },
	{ IS_SMALL_TALK, 0, { KNOWLEDGE_NONE, true, "small-talk" } },
	{ IS_REACTION, 0, { KNOWLEDGE_TAIL, true, "answers-the-agent" } },
	{ IS_GO_ON, 0, { KNOWLEDGE_TAIL_SEARCH, false, "wants-more" } },
	{ ABOUT_CHAT | ABOUT_FILES, 0,
	    { KNOWLEDGE_TAIL_SEARCH, false, "chat-and-files" } },
	{ ABOUT_CHAT, 0, { KNOWLEDGE_TAIL, false, "about-the-chat" } },
	{ LEANS_BACK, 0, { KNOWLEDGE_TAIL_SEARCH, false, "follow-up" } },
	{ ABOUT_FILES, 0, { KNOWLEDGE_SEARCH, false, "names-files" } },
	{ HAS_WORDS, 0, { KNOWLEDGE_SEARCH, false, "topic" } },
};

/* b: more of them, or NULL. */
static bool
is_made_of(const struct knowledge_phrases *a, const struct knowledge_phrases *b,
    const char *const *words, size_t n_words)
{
	size_t n;

	for (size_t at = 0; at < n_words; at += n) {
		n = knowledge_longest_phrase(a, words + at, n_words - at);
		if (n == 0 && b)
			n = knowledge_longest_phrase(
			    b, words + at, n_words - at);
		if (n == 0)
			return false;
	}
	return n_words > 0;
}

static unsigned
traits_of(const char *const *words, size_t n)
{
	unsigned traits = n ? HAS_WORDS : 0;

	if (is_made_of(&small_talk_phrases, NULL, words, n))
		traits |= IS_SMALL_TALK;
	if (is_made_of(&answer_phrases, NULL, words, n))
		traits |= IS_ANSWER;
	if (is_made_of(&go_on_phrases, NULL, words, n))
		traits |= IS_GO_ON;
	if (is_made_of(&answer_phrases, &small_talk_phrases, words, n))
		traits |= IS_REACTION;
	if (knowledge_has_phrase(&chat_phrases, words, n))
		traits |= ABOUT_CHAT;
	if (knowledge_has_phrase(&file_phrases, words, n))
		traits |= ABOUT_FILES;
	if (knowledge_count_telling(words, n) <= MAX_LEANING_WORDS &&
	    knowledge_has_phrase(&reference_phrases, words, n))
		traits |= LEANS_BACK;
	return traits;
}

struct knowledge_plan
knowledge_decide(const char *text)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(STRATEGY_ARENA_BYTES);
	const char *words[MAX_WORDS];
	size_t n = knowledge_words(text, words, N_OF(words), arena), at = 0;
	unsigned traits = traits_of(words, n);

	while ((traits & rules[at].needs) != rules[at].needs ||
	       (traits & rules[at].lacks))
		at++;
	return rules[at].plan;
}

const char *
knowledge_strategy_name(enum knowledge_strategy strategy)
{
	static const char *const names[KNOWLEDGE_STRATEGY_COUNT] = {
		[KNOWLEDGE_NONE] = "none",
		[KNOWLEDGE_TAIL] = "tail",
		[KNOWLEDGE_SEARCH] = "search",
		[KNOWLEDGE_TAIL_SEARCH] = "tail+search",
	};

	return names[strategy];
}
