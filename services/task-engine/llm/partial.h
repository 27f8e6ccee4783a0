#ifndef TASK_ENGINE_LLM_PARTIAL_H
#define TASK_ENGINE_LLM_PARTIAL_H

#include <stddef.h>

struct buf;
struct llm_stream;

/*
 * How a model's answers begin: with some, the beginning of a thought stands in
 * the prompt already, and only their end tells it from what they say.
 */
enum partial_way { PARTIAL_UNKNOWN, PARTIAL_SAYING, PARTIAL_THINKING };

/* What is known of that after a whole answer. */
enum partial_way partial_learn(enum partial_way known, const char *said);

/* What the model said so far for people, as it said it: "" as long as it may
 * be a thought, and when it wants something done. */
const char *partial_said(enum partial_way way, const struct llm_stream *stream);

/*
 * Appends what people may see of an answer that goes on, and nothing of which
 * it is not certain: no thought, no block in which something is wanted or
 * proposed, no line that may become the beginning of one. Pure.
 */
void partial_visible(struct buf *out, const char *text, size_t max_bytes);

#endif
