#ifndef TASK_ENGINE_LLM_OPENAI_H
#define TASK_ENGINE_LLM_OPENAI_H

#include <stddef.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;
struct llm_answer;
struct llm_ask;

/*
 * Chat completions, as OpenAI and most local servers speak them. Pure. An
 * answer that is not of that form is ERR_INVALID; what it holds lives in the
 * arena.
 */
void openai_request(const struct llm_ask *ask, struct buf *out);
int openai_parse(struct llm_answer *out, const char *body, size_t size,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
