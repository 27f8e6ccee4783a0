#ifndef INDEXER_MATCH_H
#define INDEXER_MATCH_H

#include <stddef.h>

struct arena;

/*
 * What a person typed, as FTS5 expressions. Words and "quoted phrases" are
 * looked for, -words are kept out, the last word also as the beginning of
 * one. Everything in it is quoted, so nothing that is typed is syntax.
 */
enum {
	MATCH_MAX_TERMS = 32, /* further words of a long text are not used */
	MATCH_TERM_BYTES = 128,
	MATCH_PREFIX_MIN = 3, /* characters; shorter beginnings match much */
};

struct match {
	/* In this order: each finds more than the one before it. */
	const char *all;   /* with every term; NULL: there is nothing to find */
	const char *begun; /* the last word may go on; NULL: it is whole */
	const char *any;   /* with at least one; NULL: there is only one */

	const char *none; /* what is to be left out; NULL: nothing */
};

/* The result lives in the arena. */
void match_build(struct match *out, const char *query, struct arena *arena);

#endif
