#ifndef TASK_ENGINE_KNOWLEDGE_WORDS_H
#define TASK_ENGINE_KNOWLEDGE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/* Words of a message. Pure; works on any bytes. */

/*
 * Appends what to search for: the words that carry meaning, each once, or all
 * words when none does. Nothing is appended when there are no words.
 *
 * before: what was said before, or "": its words fill the room that is left.
 */
void knowledge_query(const char *text, const char *before, struct buf *out);

/*
 * Whether the heading names what the text asks about: it has at least half of
 * those words.
 */
bool knowledge_names(const char *heading, const char *text);

/* Phrases of such words, between them one blank. */
struct knowledge_phrases {
	const char *const *list;
	size_t n;
};
/* How many words the longest takes that begins there; 0: none does. */
size_t knowledge_longest_phrase(const struct knowledge_phrases *phrases,
    const char *const *words, size_t n_words);
bool knowledge_has_phrase(const struct knowledge_phrases *phrases,
    const char *const *words, size_t n_words);

/* How many of the words say something of a subject. */
size_t knowledge_count_telling(const char *const *words, size_t n_words);

/*
 * The lower-cased words of text, at most limit; "what's" is "whats", and
 * "docs/setup.md" is one word. They live in the arena.
 */
size_t knowledge_words(
    const char *text, const char **words, size_t limit, struct arena *arena);

#endif
