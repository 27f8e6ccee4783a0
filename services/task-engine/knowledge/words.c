/* Words of a message, what they ask for, what to search for; pure. */

#include "services/task-engine/knowledge/words.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"

enum {
	MAX_WORDS = 400, /* of a long text the beginning says what it asks */
	MAX_QUERY_WORDS = 12,
	MAX_WORD_BYTES = 96,
	WORDS_ARENA_BYTES = 256 * 1024,
};

/* Whole messages made of these, in any order, are small talk. */
static const char *const small_talk[] = { "are you there", "bonjour", "bye",
	"ciao", "cool", "danke", "goodbye", "good afternoon", "good evening",
	"good morning", "good night", "gracias", "great", "guten morgen",
	"guten tag", "hallo", "hello", "hey", "hi", "hiya", "hola",
	"how are things", "how are you doing", "how are you today",
	"how are you", "hows it going", "how is it going", "howdy", "merci",
	"moin", "nice to meet you", "nice", "ok", "okay", "see you", "sup",
	"thank you", "thanks", "thx", "whats up", "what is up", "yo",
	/* and what people add to them */
	"a lot", "agent", "again", "all", "bot", "everybody", "everyone",
	"folks", "friend", "so much", "team", "there", "very much", "you" };

/* The message is about the conversation itself. */
static const char *const chat_cues[] = { "as discussed", "as i said",
	"as we discussed", "as we talked", "as you said", "continue from",
	"continue where", "did i say", "did i tell", "did we discuss",
	"did we say", "did we talk", "did you mean", "did you say",
	"follow up on", "i asked you", "i just said", "i just told", "i said",
	"i told you", "last answer", "last message", "last question",
	"our conversation", "previous answer", "previous message",
	"previous question", "repeat that", "say that again",
	"summarise this chat", "summarize this chat", "this conversation",
	"we discussed", "we said", "we talked about", "you just said",
	"you mentioned", "you said", "your answer", "your last" };

/* … unless it asks for what is written down. */
static const char *const file_cues[] = { "codebase", "doc", "docs", "document",
	"documentation", "file", "files", "guide", "in the workspace",
	"knowledge base", "look up", "markdown", "policy", "readme", "repo",
	"repository", "runbook", "search for", "which file", "written down" };

/* Words that say nothing about the subject. */
static const char *const stop_words[] = { "a", "about", "am", "an", "and",
	"any", "are", "as", "at", "be", "been", "but", "by", "can", "could",
	"did", "do", "does", "doing", "for", "from", "get", "give", "had",
	"has", "have", "hello", "hey", "hi", "how", "i", "if", "im", "in",
	"into", "is", "it", "its", "ive", "just", "know", "let", "like", "me",
	"my", "no", "not", "of", "ok", "on", "or", "our", "please", "shall",
	"should", "so", "some", "tell", "than", "thanks", "that", "thats",
	"the", "their", "them", "then", "there", "these", "they", "this",
	"those", "to", "us", "want", "was", "we", "were", "what", "whats",
	"when", "where", "which", "who", "whom", "whose", "why", "will", "with",
	"would", "you", "your" };

static bool
is_word_byte(unsigned char c)
{
	return isalnum(c) || c == '_' || c >= 0x80;
}

/*
 * Bytes at p that belong to no word: signs, and of UTF-8 the general
 * punctuation, symbols and pictographs. 0 when a word goes on.
 */
static size_t
separator(const char *p)
{
	unsigned char c = (unsigned char)*p;

	if (strncmp(p, "\xef\xb8\x8f", 3) == 0)
		return 3; /* makes an emoji of the sign before it */
	if (strncmp(p, "\xf0\x9f", 2) == 0)
		return strnlen(p, 4);
	if (c == 0xe2)
		return strnlen(p, 3);
	return is_word_byte(c) ? 0 : 1;
}

/* An apostrophe within a word: dropped. */
static size_t
apostrophe(const char *p)
{
	if (*p == '\'')
		return 1;
	return strncmp(p, "\xe2\x80\x99", 3) == 0 ? 3 : 0;
}

static bool
is_joiner(const char *p)
{
	return strchr("-./", *p) != NULL && *p != '\0' &&
	       is_word_byte((unsigned char)p[1]);
}

/* Reads the word at *text, which begins one, and moves behind it. */
static const char *
read_word(const char **text, struct arena *arena)
{
	char word[MAX_WORD_BYTES];
	const char *p = *text;
	size_t n = 0, skip;

	for (; *p; p++) {
		if ((skip = apostrophe(p)) > 0) {
			p += skip - 1;
			continue;
		}
		if (separator(p) > 0 && !is_joiner(p))
			break;
		if (n < sizeof(word))
			word[n++] = (char)tolower((unsigned char)*p);
	}
	*text = p;
	return arena_strndup(arena, word, n);
}

size_t
knowledge_words(
    const char *text, const char **words, size_t limit, struct arena *arena)
{
	size_t n = 0, skip;

	while (*text != '\0' && n < limit) {
		if ((skip = separator(text)) > 0)
			text += skip;
		else
			words[n++] = read_word(&text, arena);
	}
	return n;
}

/* How many words the phrase takes at the beginning of words; 0: not there. */
static size_t
phrase_at(const char *phrase, const char *const *words, size_t n_words)
{
	for (size_t i = 0; i < n_words; i++) {
		size_t n = strlen(words[i]);

		if (strncmp(phrase, words[i], n) != 0)
			return 0;
		if (phrase[n] == '\0')
			return i + 1;
		if (phrase[n] != ' ')
			return 0;
		phrase += n + 1;
	}
	return 0;
}

/* The longest of the phrases that begins there. */
static size_t
longest_at(const char *const *phrases, size_t n_phrases,
    const char *const *words, size_t n_words)
{
	size_t best = 0, n;

	for (size_t i = 0; i < n_phrases; i++)
		if ((n = phrase_at(phrases[i], words, n_words)) > best)
			best = n;
	return best;
}

static bool
is_small_talk(const char *const *words, size_t n_words)
{
	size_t n;

	for (size_t at = 0; at < n_words; at += n) {
		n = longest_at(
		    small_talk, N_OF(small_talk), words + at, n_words - at);
		if (n == 0)
			return false;
	}
	return true;
}

static bool
has_phrase(const char *const *phrases, size_t n_phrases,
    const char *const *words, size_t n_words)
{
	for (size_t at = 0; at < n_words; at++)
		if (longest_at(phrases, n_phrases, words + at, n_words - at))
			return true;
	return false;
}

enum knowledge_strategy
knowledge_decide(const char *text)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(WORDS_ARENA_BYTES);
	const char *words[MAX_WORDS];
	size_t n = knowledge_words(text, words, N_OF(words), arena);

	if (is_small_talk(words, n))
		return KNOWLEDGE_NONE;
	if (has_phrase(chat_cues, N_OF(chat_cues), words, n) &&
	    !has_phrase(file_cues, N_OF(file_cues), words, n))
		return KNOWLEDGE_TAIL;
	return KNOWLEDGE_SEARCH;
}

static bool
is_among(const char *word, const char *const *words, size_t n_words)
{
	for (size_t i = 0; i < n_words; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* The words to search for; chosen has room for MAX_QUERY_WORDS. */
static size_t
choose_words(const char *text, const char **chosen, struct arena *arena)
{
	const char *words[MAX_WORDS];
	size_t n_words = knowledge_words(text, words, N_OF(words), arena);
	size_t n = 0;

	for (size_t i = 0; i < n_words && n < MAX_QUERY_WORDS; i++)
		if (!is_among(words[i], stop_words, N_OF(stop_words)) &&
		    !is_among(words[i], chosen, n))
			chosen[n++] = words[i];
	if (n > 0)
		return n;
	n = n_words < MAX_QUERY_WORDS ? n_words : MAX_QUERY_WORDS;
	memcpy(chosen, words, n * sizeof(*words));
	return n;
}

void
knowledge_query(const char *text, struct buf *out)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(WORDS_ARENA_BYTES);
	const char *chosen[MAX_QUERY_WORDS];
	size_t n = choose_words(text, chosen, arena);

	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%s", i > 0 ? " " : "", chosen[i]);
}

bool
knowledge_names(const char *heading, const char *text)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(WORDS_ARENA_BYTES);
	const char *chosen[MAX_QUERY_WORDS], *words[MAX_WORDS];
	size_t n_words = knowledge_words(heading, words, N_OF(words), arena);
	size_t n = choose_words(text, chosen, arena), n_named = 0;

	for (size_t i = 0; i < n; i++)
		if (is_among(chosen[i], words, n_words))
			n_named++;
	return n_named > 0 && n_named * 2 >= n;
}
