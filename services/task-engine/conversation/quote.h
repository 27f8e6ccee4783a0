#ifndef TASK_ENGINE_CONVERSATION_QUOTE_H
#define TASK_ENGINE_CONVERSATION_QUOTE_H

#include <stddef.h>

struct arena;
struct buf;

/*
 * Foreign words (of members, of a model) within our own, so that they cannot
 * pass for ours. Pure; any bytes in, UTF-8 out, cut between characters.
 */

/*
 * One line in back-ticks, in which platforms render nothing: no heading, link,
 * fence, and no mention or command that could be pressed. What is between the
 * ticks is at most limit bytes and the dots that say that it was cut.
 */
void quote_line(struct buf *out, const char *text, size_t limit);

/* The same without back-ticks, for a title. */
const char *quote_title(const char *text, size_t limit, struct arena *arena);

/* Lines that each begin with "> ", at most about limit bytes, no break last. */
void quote_lines(struct buf *out, const char *text, size_t limit);

#endif
