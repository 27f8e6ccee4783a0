#ifndef TASK_ENGINE_LLM_PROVIDER_H
#define TASK_ENGINE_LLM_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;
struct json;
struct llm_answer;
struct llm_ask;
struct llm_stream;

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
	/* What asks for the answer in pieces, at the end of the request. */
	const char *stream_keys;
	/* One event of such an answer; and all of them, as parse reads it. */
	void (*hear)(struct llm_stream *stream, const struct json *event);
	void (*write)(const struct llm_stream *stream, struct buf *out);
	/* Of such an answer: what is told as sent leaves those cached out. */
	bool tells_cached_apart;
};

/* NULL for an unknown name. */
const struct llm_provider_row *llm_provider_find(const char *name);

/*
 * What a model's server sent as JSON, for json_free. It may cut text where a
 * person's character goes on, or repeat what was never text: that is mended.
 * what: its name in the error, "the model's answer" say.
 */
int llm_parse_object(struct json **out, const char *text, size_t size,
    const char *what, struct err *err) MUST_CHECK;

/* Of an error object only its kind is used: one word of at most 64 letters,
 * digits, '_', '-' and '.', or "". */
enum { LLM_KIND_SIZE = 65 };
void llm_error_kind(char out[LLM_KIND_SIZE], const struct json *error);

/* What an HTTP status other than 2xx means. */
bool llm_status_may_pass(long status);
/* Fills err for the log, with the kind of the error in the body. */
void
llm_status_err(long status, const char *body, size_t size, struct err *err);

/*
 * How long to wait before the next try. n_tried counts from 1, asked_ms
 * is what the endpoint asked for (-1: nothing), dice any random number.
 */
int64_t llm_pause_ms(int n_tried, int64_t asked_ms, uint32_t dice);

#endif
