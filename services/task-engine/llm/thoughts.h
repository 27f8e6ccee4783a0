#ifndef TASK_ENGINE_LLM_THOUGHTS_H
#define TASK_ENGINE_LLM_THOUGHTS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* The blocks in which a model thinks aloud. Pure. */

/* Appends the text without them. is_cut: it breaks off, so one that has no end
 * is a thought all the same. */
void thoughts_drop(struct buf *out, const char *text, bool is_cut);

/*
 * Of an answer that goes on: how much of it stands before a thought that has
 * begun, or may be beginning, and has no end yet.
 */
size_t thoughts_before_open(const char *text);

/*
 * Whether it ends a thought that it has not begun: chat templates put the
 * beginning into the prompt, and then the answer begins with a thought.
 */
bool thoughts_end_unbegun(const char *text);

#endif
