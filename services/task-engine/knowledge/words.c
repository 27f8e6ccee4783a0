/* Words of a message, and what to search for; pure. */

#include "services/task-engine/knowledge/words.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/utf8.h"

enum {
	MAX_WORDS = 400, /* of a long text the beginning says what it asks */
	MAX_QUERY_WORDS = 12,
	MAX_WORD_BYTES = 96,
	WORDS_ARENA_BYTES = 256 * 1024,
};

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
	"would", "you", "your",
	/* German */
	"aber", "als", "auch", "auf", "aus", "bei", "bitte", "das", "dem",
	"den", "der", "des", "dich", "dir", "doch", "du", "ein", "eine",
	"einem", "einen", "einer", "er", "es", "für", "gibt", "habe", "haben",
	"hast", "ich", "ihr", "im", "ist", "kann", "kannst", "können", "mein",
	"meine", "mich", "mir", "mit", "nach", "nicht", "noch", "nur", "oder",
	"sie", "sind", "um", "und", "uns", "unser", "viel", "vom", "von",
	"wann", "warum", "welche", "welcher", "welches", "wenn", "wer",
	"werden", "wie", "wieviel", "wir", "wird", "wo", "wurde", "zu", "zum",
	"zur", "über",
	/* French */
	"au", "aux", "avec", "ce", "cette", "comment", "dans", "de", "elle",
	"en", "est", "et", "il", "je", "la", "le", "les", "mais", "mon", "nous",
	"où", "par", "pas", "pour", "pourquoi", "quand", "que", "quel",
	"quelle", "qui", "quoi", "sont", "sur", "tu", "un", "une", "vous",
	/* Spanish, Italian */
	"che", "chi", "come", "como", "con", "cosa", "cuál", "cuándo", "cómo",
	"dei", "del", "della", "di", "dove", "dónde", "el", "está", "están",
	"gli", "las", "los", "mi", "para", "pero", "perché", "por", "quando",
	"qué", "sono", "su", "una", "è",
	/* Dutch */
	"een", "het", "hoe", "ik", "kan", "met", "naar", "niet", "van", "voor",
	"waar", "wat", "zijn" };

static bool
is_word_byte(unsigned char c)
{
	return isalnum(c) || c == '_' || c >= 0x80;
}

/* Where letters are, and how far away their small ones; all take two bytes. */
static const struct {
	uint32_t first, last, step, distance;
} capitals[] = {
	{ 0xc0, 0xd6, 1, 32 },	 /* Latin-1 */
	{ 0xd8, 0xde, 1, 32 },	 /* … without the multiplication sign */
	{ 0x100, 0x136, 2, 1 },	 /* Latin Extended-A */
	{ 0x139, 0x147, 2, 1 },	 /* … where the small ones are even */
	{ 0x14a, 0x176, 2, 1 },	 /* … and odd again */
	{ 0x179, 0x17d, 2, 1 },	 /* … and even */
	{ 0x391, 0x3a9, 1, 32 }, /* Greek */
	{ 0x400, 0x40f, 1, 80 }, /* Cyrillic of other languages than Russian */
	{ 0x410, 0x42f, 1, 32 }, /* Cyrillic */
};

static uint32_t
small_letter(uint32_t c)
{
	for (size_t i = 0; i < N_OF(capitals); i++)
		if (c >= capitals[i].first && c <= capitals[i].last &&
		    (c - capitals[i].first) % capitals[i].step == 0)
			return c + capitals[i].distance;
	return c;
}

/* In its place: what is not two bytes of UTF-8 stays. */
static void
fold_word(char *word)
{
	size_t size = strlen(word), n;
	uint32_t c;

	for (; size > 0; word += n, size -= n) {
		n = utf8_next(word, size, &c);
		if (n == 1)
			*word = (char)tolower((unsigned char)*word);
		else if (n == 2)
			utf8_put(word, small_letter(c));
		else if (n == 0)
			n = 1;
	}
}

/* Of unspaced scripts: "、。「」" and the full-width "！，？". */
static bool
is_wide_sign(const char *p)
{
	unsigned char second = (unsigned char)p[1];
	unsigned char third = second ? (unsigned char)p[2] : 0;

	if (strncmp(p, "\xe3\x80", 2) == 0)
		return third <= 0x91 && (third < 0x85 || third > 0x87);
	if (strncmp(p, "\xef\xbc", 2) == 0)
		return third <= 0x8f || (third >= 0x9a && third <= 0xa0);
	return false;
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
	if (c == 0xc2 && strchr("\xaa\xb5\xba", p[1]) == NULL)
		return strnlen(
		    p, 2); /* "¿", "«", a space that does not break */
	if (strncmp(p, "\xf0\x9f", 2) == 0)
		return strnlen(p, 4);
	if (c == 0xe2 || is_wide_sign(p))
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
	char word[MAX_WORD_BYTES], *kept;
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
			word[n++] = *p;
	}
	*text = p;
	kept = arena_strndup(arena, word, n);
	fold_word(kept);
	return kept;
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

static bool
is_among(const char *word, const char *const *words, size_t n_words)
{
	/* Most differ in the first letter, which costs no call. */
	for (size_t i = 0; i < n_words; i++)
		if (*word == *words[i] && strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static bool
is_telling(const char *word)
{
	return !is_among(word, stop_words, N_OF(stop_words));
}

size_t
knowledge_count_telling(const char *const *words, size_t n_words)
{
	size_t n = 0;

	for (size_t i = 0; i < n_words; i++)
		n += is_telling(words[i]);
	return n;
}

/* The telling words behind those n, each once; there is room for
 * MAX_QUERY_WORDS. Returns how many there are then. */
static size_t
add_telling(
    const char *text, const char **chosen, size_t n, struct arena *arena)
{
	const char *words[MAX_WORDS];
	size_t n_words = knowledge_words(text, words, N_OF(words), arena);

	for (size_t i = 0; i < n_words && n < MAX_QUERY_WORDS; i++)
		if (is_telling(words[i]) && !is_among(words[i], chosen, n))
			chosen[n++] = words[i];
	return n;
}

/* The words to search for; chosen has room for MAX_QUERY_WORDS. */
static size_t
choose_words(const char *text, const char *before, const char **chosen,
    struct arena *arena)
{
	size_t n = add_telling(text, chosen, 0, arena);

	n = add_telling(before, chosen, n, arena);
	return n ? n : knowledge_words(text, chosen, MAX_QUERY_WORDS, arena);
}

void
knowledge_query(const char *text, const char *before, struct buf *out)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(WORDS_ARENA_BYTES);
	const char *chosen[MAX_QUERY_WORDS];
	size_t n = choose_words(text, before, chosen, arena);

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
	size_t n = choose_words(text, "", chosen, arena), n_named = 0;

	for (size_t i = 0; i < n; i++)
		if (is_among(chosen[i], words, n_words))
			n_named++;
	return n_named > 0 && n_named * 2 >= n;
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

size_t
knowledge_longest_phrase(const struct knowledge_phrases *phrases,
    const char *const *words, size_t n_words)
{
	size_t best = 0, n;

	for (size_t i = 0; i < phrases->n; i++) {
		/* Nearly all begin otherwise, and each message asks of all. */
		if (n_words == 0 || phrases->list[i][0] != words[0][0])
			continue;
		n = phrase_at(phrases->list[i], words, n_words);
		if (n > best)
			best = n;
	}
	return best;
}

bool
knowledge_has_phrase(const struct knowledge_phrases *phrases,
    const char *const *words, size_t n_words)
{
	for (size_t at = 0; at < n_words; at++)
		if (knowledge_longest_phrase(phrases, words + at, n_words - at))
			return true;
	return false;
}
