#ifndef TASK_ENGINE_LLM_PARTIAL_H
#define TASK_ENGINE_LLM_PARTIAL_H

#include <stddef.h>

struct buf;

/*
 * Appends what people may see of an answer that goes on, and nothing of which
 * it is not certain: no thought, no block in which something is wanted or
 * proposed, no line that may become the beginning of one. Pure.
 */
void partial_visible(struct buf *out, const char *text, size_t max_bytes);

#endif
