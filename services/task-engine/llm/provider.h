#ifndef TASK_ENGINE_LLM_PROVIDER_H
#define TASK_ENGINE_LLM_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;
struct llm_answer;
struct llm_ask;

/* Who serves models, as data: where, how to ask, how to read the answer. */
struct llm_provider_row {
	const char *name;
	const char *base_url; /* the provider's own */
	const char *model;    /* its default */
	const char *path;
	const char *key_header;	     /* what stands before the key */
	const char *extra_header;    /* or NULL */
	const char *limit_key;	     /* at its own base URL */
	const char *other_limit_key; /* at any other */
	void (*request)(const struct llm_ask *ask, struct buf *out);
	int (*parse)(struct llm_answer *out, const char *body, size_t size,
	    struct arena *arena, struct err *err);
};

/* NULL for an unknown name. */
const struct llm_provider_row *llm_provider_find(const char *name);

/* What an HTTP status other than 2xx means. */
bool llm_status_may_pass(long status);
/*
 * Fills err for the log. Of the body only the error's kind is used: one word
 * of at most 64 letters, digits, '_', '-' and '.'.
 */
void
llm_status_err(long status, const char *body, size_t size, struct err *err);

/*
 * How long to wait before the next try. n_tried counts from 1, asked_ms
 * is what the endpoint asked for (-1: nothing), dice any random number.
 */
int64_t llm_pause_ms(int n_tried, int64_t asked_ms, uint32_t dice);

#endif
