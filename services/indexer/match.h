#ifndef INDEXER_MATCH_H
#define INDEXER_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * What a person typed, as FTS5 expressions. Of the words as many as possible
 * are looked for, "quoted phrases" must be there, -words must not, word* may
 * go on, and so may the last word. Everything in it is quoted, so nothing that
 * is typed is syntax.
 */
enum {
	MATCH_MAX_TERMS = 32, /* further words of a long text are not used */
	MATCH_TERM_BYTES = 128,
	MATCH_NAME_WORDS = 2, /* of a name; more are a question */
	MATCH_PREFIX_MIN = 3, /* characters; shorter beginnings match much */
};

struct match {
	const char *best;  /* NULL: there is nothing to find */
	const char *begun; /* the last word goes on; NULL: it is whole */
	const char *none;  /* what is to be left out; NULL: nothing */
	bool has_phrase;   /* that must be there */
	bool is_question;  /* more than one or two words, as names are */
};

/* The result lives in the arena. */
void match_build(struct match *out, const char *query, struct arena *arena);

#endif
