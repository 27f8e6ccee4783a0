#ifndef TASK_ENGINE_LLM_EMBEDDINGS_H
#define TASK_ENGINE_LLM_EMBEDDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;

/* OpenAI-compatible /embeddings: request out, response in; pure. */

void embeddings_request(const char *model, const char *const *texts,
    size_t n_texts, struct buf *out);

struct embeddings {
	float *values; /* one vector behind the other, each of length 1 */
	size_t n_dimensions;
	int64_t n_tokens; /* 0: not said */
};

/*
 * Anything but n_texts vectors of one number of dimensions, of finite numbers
 * that are not all 0, is ERR_INVALID. The values live in the arena.
 */
int embeddings_parse(struct embeddings *out, const char *body, size_t size,
    size_t n_texts, struct arena *arena, struct err *err) MUST_CHECK;

#endif
