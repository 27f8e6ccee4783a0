#ifndef INDEXER_SNIPPET_H
#define INDEXER_SNIPPET_H

#include <stddef.h>

struct arena;

/*
 * A passage as one line of plain text: white space, control characters and
 * wrong bytes become single spaces, and what is longer than limit bytes (at
 * least four) ends behind a whole word with an ellipsis. Pure; the result lives
 * in the arena.
 */
const char *snippet_clean(
    const char *text, size_t text_size, size_t limit, struct arena *arena);

#endif
