#ifndef TASK_ENGINE_LLM_ANTHROPIC_H
#define TASK_ENGINE_LLM_ANTHROPIC_H

#include <stddef.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;
struct llm_answer;
struct llm_ask;

/* Anthropic's messages. Pure; conventions as in openai.h. */
void anthropic_request(const struct llm_ask *ask, struct buf *out);
int anthropic_parse(struct llm_answer *out, const char *body, size_t size,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
