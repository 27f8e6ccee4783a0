#ifndef LIBCOMMON_FENCE_H
#define LIBCOMMON_FENCE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Blocks of code in Markdown, as CommonMark has its fences. Pure. */
enum { FENCE_LEAST = 3 }; /* marks */

struct fence_line {
	const char *text;
	size_t size; /* without its end */
	const char *next;
};

struct fence_line fence_line_at(const char *text);

/* How many marks the line begins a fence with, which, and what is behind them;
 * 0: it is none. */
size_t fence_marks(
    const struct fence_line *line, char *mark_out, const char **info_out);
/* The same of a line outside of code; "```x```" is a span, not a fence. */
size_t fence_opens(const struct fence_line *line, char *mark_out);
/* Whether the line ends a block of that fence. */
bool fence_closes(const struct fence_line *line, char mark, size_t n_marks);

/*
 * Ends the block of code that foreign words leave open, so that what we say
 * below them is not taken for a part of it. Lists and quotes are followed as
 * md4c reads them for libcommon/markup, which shows what is sent: a fence may
 * stand any number of blanks to the right.
 */
void fence_close(struct buf *text);

#endif
