#ifndef AGENT_RUNTIME_SCREEN_H
#define AGENT_RUNTIME_SCREEN_H

#include <stddef.h>
#include <stdio.h>

struct buf;

/*
 * Text of others on a terminal: line breaks and tabs stay, every other control
 * character and whatever reorders text becomes U+FFFD, so that a reply cannot
 * move the cursor, change the title, or hide what it says. Pure.
 */
void screen_add(struct buf *out, const char *text, size_t size);

/*
 * The same for stdout: first before the first line and indent before each
 * further one, and a line break at the end.
 */
void screen_print(const char *text, const char *first, const char *indent);

/*
 * The same for what is read and not copied, to stdout or stderr: on a terminal
 * no row is broken within a word (wrap.h). first and indent are ASCII.
 */
void
screen_say(FILE *to, const char *text, const char *first, const char *indent);

/* "2 h 3 min", "17 s" */
enum { SCREEN_AGE_SIZE = 32 };
void screen_age(char out[SCREEN_AGE_SIZE], long long seconds);

#endif
