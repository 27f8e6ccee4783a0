#ifndef TASK_ENGINE_KNOWLEDGE_CONFIDENCE_H
#define TASK_ENGINE_KNOWLEDGE_CONFIDENCE_H

#include <stdint.h>

struct arena;

/* How sure a model says it is, in thousandths; pure. */
enum { CONFIDENCE_UNSAID = -1, CONFIDENCE_FULL = 1000 };

/* "0.35", "1", ".5" or "35%"; CONFIDENCE_UNSAID: it is none of these. */
int64_t confidence_parse(const char *text);

/* What the first line says, which has an end; *rest_out is what follows it. */
int64_t confidence_begin(const char *text, const char **rest_out);

/*
 * What the first and the last line of an answer say, the lower of both; they
 * are then taken off *text: people are not shown them. Only a line of its own
 * counts: "confidence: 0.8".
 */
int64_t confidence_take(const char **text, struct arena *arena);

#endif
