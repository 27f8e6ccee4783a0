#ifndef TASK_ENGINE_LLM_TOOK_H
#define TASK_ENGINE_LLM_TOOK_H

#include <stdint.h>

#include "services/task-engine/store/usage.h"

struct llm_answer;
struct llm_stream;

/*
 * What calls of models took: as the endpoint tells it, within what a call can
 * take, and else estimated: n_sent is that estimate of what was sent. Pure.
 */
struct tokens took_by_answer(const struct llm_answer *answer, int64_t n_sent);

/* One that came to no answer: adds one call to lost, unless nothing was heard
 * of it. */
void took_by_stream(
    const struct llm_stream *stream, int64_t n_sent, struct tokens *lost);

/* One that was sent, and nothing was heard of it in time: the endpoint may
 * have read it, and may ask to be paid for that. */
struct tokens took_unheard(int64_t n_sent);

/* What was made of an answer whose end was not heard. */
int64_t took_made(const struct llm_stream *stream);

void took_add(struct tokens *to, const struct tokens *more);

#endif
