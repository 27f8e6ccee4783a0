#ifndef TASK_ENGINE_KNOWLEDGE_WORDS_H
#define TASK_ENGINE_KNOWLEDGE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/*
 * What a message needs to be answered well, judged by its words alone. Pure;
 * works on any bytes.
 */
enum knowledge_strategy {
	KNOWLEDGE_NONE,	  /* a greeting, thanks, no words at all */
	KNOWLEDGE_TAIL,	  /* about what was said just now */
	KNOWLEDGE_SEARCH, /* everything else */
	KNOWLEDGE_STRATEGY_COUNT
};

enum knowledge_strategy knowledge_decide(const char *text);

/*
 * Appends what to search for: the words that carry meaning, each once, or all
 * words when none does. Nothing is appended when there are no words.
 */
void knowledge_query(const char *text, struct buf *out);

/*
 * Whether the heading names what the text asks about: it has at least half of
 * those words.
 */
bool knowledge_names(const char *heading, const char *text);

/*
 * The lower-cased words of text, at most limit; "what's" is "whats", and
 * "docs/setup.md" is one word. They live in the arena.
 */
size_t knowledge_words(
    const char *text, const char **words, size_t limit, struct arena *arena);

#endif
