#ifndef TASK_ENGINE_CONVERSATION_SPEECH_H
#define TASK_ENGINE_CONVERSATION_SPEECH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * A message as words that phrases can be compared with. Pure; works on any
 * bytes.
 *
 * Blocks of code, lines that quote ("> …") and signs are left out; what stands
 * between quotation marks or back-ticks is there but marked, for it is not the
 * speaker's own sentence. Only ASCII is folded, and in a copy: offsets are
 * those of the message, whatever its letters are.
 */
struct said {
	const char *text; /* lower case, without apostrophes: "dont" */
	size_t at, size;  /* where the word stands in the message */
	char mark;	  /* what follows: one of ".!?\n", ",:;-", or 0 */
	bool is_quoted;
	bool is_mention; /* "@name" */
};

struct speech {
	const char *text; /* the message */
	const struct said *words;
	size_t n_words;
	unsigned initials;  /* of all words, as of speech_initials */
	bool is_cut;	    /* it has more words than are looked at */
	bool is_whole;	    /* nothing was left out but signs */
	bool counts_quotes; /* set by the caller: quoted words are words */
};

/* A message is looked at up to here; beyond it nobody gives an order. */
enum { SPEECH_MAX_WORDS = 512 };

/* text outlives it; the words live in the arena. */
void speech_read(struct speech *out, const char *text, struct arena *arena);

/*
 * How many words the pattern takes at `at`; 0: it does not fit there. A
 * pattern is a row of words with one space between, each
 *
 *	word|other	one of them
 *	word?		that or nothing
 *	harass*		anything that begins so
 *	ok+		its last letter once or more
 *	<action> <task> <token> <role> <due> <document> <site>
 *			what marks.h and due_window.h recognise
 *
 * Quoted words fit only what is in angle brackets. A pattern does not reach
 * over the end of a sentence.
 */
size_t
speech_match(const struct speech *speech, size_t at, const char *pattern);

/*
 * Which words the pattern may begin with, as bits of their first letters, so
 * that one who tries many patterns at many words need not try most of them.
 */
unsigned speech_initials(const char *pattern);
bool
speech_may_begin(const struct speech *speech, size_t at, unsigned initials);

/* The same as speech_match, anywhere in the words from `at`; *at_out is
 * where. */
size_t speech_find(const struct speech *speech, size_t at, const char *pattern,
    size_t *at_out);

bool speech_ends_sentence(const struct said *word);

/* The message behind the word before `at`: its own bytes, trimmed. */
const char *
speech_rest(const struct speech *speech, size_t at, struct arena *arena);

/* Bytes of the white space that text begins with, Unicode's too; 0: none. */
size_t speech_space(const char *text);
/* The first size bytes without white space around them. */
const char *speech_trim(const char *text, size_t size, struct arena *arena);

#endif
