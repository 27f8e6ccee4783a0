#ifndef TASK_ENGINE_LLM_STREAM_H
#define TASK_ENGINE_LLM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/sse.h"

struct json;
struct llm_provider_row;

/*
 * An answer that comes in pieces, put together as the body that the provider
 * would have sent in one, so that both are read by the same code. A server
 * that ignores the wish and sends one body is understood as well. Pure.
 */
enum {
	/* As an answer in one: what is beyond is cut, or refused. */
	STREAM_MAX_BODY_BYTES = 4 * 1024 * 1024,
	STREAM_MAX_TEXT_BYTES = 1024 * 1024,
	STREAM_WORD_SIZE = 64,
	STREAM_ID_SIZE = 256,
};

struct stream_want {
	int64_t index; /* the provider's */
	char id[STREAM_ID_SIZE], name[STREAM_ID_SIZE];
	struct buf arguments;
};

struct llm_stream {
	const struct llm_provider_row *provider;
	struct sse sse;
	struct buf whole; /* one body, as it came */
	struct buf said, refusal;
	/* one more than counts, so that it is known that there was one */
	struct stream_want wants[LLM_MAX_WANTS + 1];
	size_t n_wants;
	char finish[STREAM_WORD_SIZE]; /* the provider's word; "": none yet */
	int64_t in_tokens, made_tokens, cached_tokens, out_tokens;
	size_t n_made; /* bytes of what it made, what it thinks among them */
	enum { STREAM_BLANK, STREAM_WHOLE, STREAM_EVENTS } form;
	bool is_begun; /* something was heard of the answer */
	bool is_full;  /* the rest is not wanted */
	bool is_ended; /* the provider said so */
	bool has_failed, may_pass;
	struct err failure; /* has_failed: what the provider or we say */
};

void
stream_init(struct llm_stream *stream, const struct llm_provider_row *provider);
void stream_release(struct llm_stream *stream);

/* False: nothing more is wanted. heard_out: a line came, if a comment. */
bool stream_feed(
    struct llm_stream *stream, const char *bytes, size_t size, bool *heard_out);

/* Whether all that matters has come. */
bool stream_is_complete(const struct llm_stream *stream);

/*
 * At its end: the body of the answer, in out unless it came whole. -1: there
 * is none; may_pass tells whether another try may help.
 */
int stream_body(struct llm_stream *stream, struct buf *out,
    const char **body_out, size_t *size_out, struct err *err) MUST_CHECK;

/* For providers: one more piece; and one of which nothing is kept. */
void stream_say(struct llm_stream *stream, const char *text);
void stream_pass(struct llm_stream *stream, const char *text);
/* A want with that index, made if there is none; NULL: too many. */
struct stream_want *stream_want(struct llm_stream *stream, int64_t index);
void stream_argue(
    struct llm_stream *stream, struct stream_want *want, const char *piece);
void stream_word(char *out, size_t size, const char *word);
/* The provider gave up in the middle: its error object. Always -1. */
int stream_fail(
    struct llm_stream *stream, const struct json *error, struct err *err);

#endif
