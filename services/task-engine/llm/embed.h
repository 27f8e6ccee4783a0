#ifndef TASK_ENGINE_LLM_EMBED_H
#define TASK_ENGINE_LLM_EMBED_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct loop;

/*
 * The endpoint that makes vectors of texts. One that fails is left alone for a
 * while, longer each time or for as long as it asks: until then everybody is
 * answered at once with what was wrong. Said once in the log, and once when it
 * works again.
 */
struct embedder;

struct embedder_options {
	const char *base_url;
	const char *api_key; /* "": none */
	const char *model;
	const char *ca_file; /* "": the system's */
	int64_t timeout_ms;
};

/* Copies what it needs. */
int embedder_open(struct embedder **embedder_out, struct loop *loop,
    const struct embedder_options *options, struct err *err) MUST_CHECK;
/* What runs is not answered any more. */
void embedder_close(struct embedder **embedder);

/*
 * Called once. body is what the endpoint answered, for embeddings_parse, and
 * NULL when err says why there is none: it names no key and nothing of what
 * was sent.
 */
typedef void (*embed_done_fn)(
    void *arg, const char *body, size_t size, const struct err *err);

/* ERR_UNAVAILABLE: it is left alone; ERR_BUSY: enough is under way. */
int embedder_start(struct embedder *embedder, const char *const *texts,
    size_t n_texts, embed_done_fn fn, void *arg, struct err *err) MUST_CHECK;

/* After each body: whether it made sense (NULL), or counts as a failure. */
void embedder_judge(struct embedder *embedder, const struct err *why);

#endif
