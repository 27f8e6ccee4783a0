/* Pieces of a model's answer, put together. Pure. */

#include "services/task-engine/llm/stream.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/json.h"
#include "services/task-engine/llm/provider.h"
#include "services/task-engine/llm/took.h"

void
stream_init(struct llm_stream *stream, const struct llm_provider_row *provider)
{
	*stream = (struct llm_stream){ .provider = provider };
	sse_init(&stream->sse);
	buf_init(&stream->whole);
	buf_init(&stream->said);
	buf_init(&stream->refusal);
}

void
stream_release(struct llm_stream *stream)
{
	sse_release(&stream->sse);
	buf_release(&stream->whole);
	buf_release(&stream->said);
	buf_release(&stream->refusal);
	for (size_t i = 0; i < stream->n_wants; i++)
		buf_release(&stream->wants[i].arguments);
	stream->n_wants = 0;
}

void
stream_word(char *out, size_t size, const char *word)
{
	snprintf(out, size, "%s", word);
}

void
stream_pass(struct llm_stream *stream, const char *text)
{
	stream->n_made += strlen(text);
}

void
stream_say(struct llm_stream *stream, const char *text)
{
	stream_pass(stream, text);
	buf_adds(&stream->said, text);
	if (stream->said.size > STREAM_MAX_TEXT_BYTES)
		stream->is_full = true;
}

struct stream_want *
stream_want(struct llm_stream *stream, int64_t index)
{
	struct stream_want *want;

	for (size_t i = 0; i < stream->n_wants; i++)
		if (stream->wants[i].index == index)
			return &stream->wants[i];
	if (stream->n_wants == N_OF(stream->wants)) {
		stream->is_full = true;
		return NULL;
	}
	want = &stream->wants[stream->n_wants++];
	*want = (struct stream_want){ .index = index };
	buf_init(&want->arguments);
	return want;
}

/* What is beyond the bound is dropped, and that it was is still seen. */
void
stream_argue(
    struct llm_stream *stream, struct stream_want *want, const char *piece)
{
	stream_pass(stream, piece);
	if (want->arguments.size <= LLM_MAX_ARGUMENTS_BYTES)
		buf_adds(&want->arguments, piece);
}

/* Kinds of errors that the same request would meet again. */
static bool
is_final(const char *kind)
{
	static const char *const kinds[] = {
		"authentication_error",
		"content_filter",
		"context_length_exceeded",
		"insufficient_quota",
		"invalid_request_error",
		"not_found_error",
		"permission_error",
		"request_too_large",
	};

	for (size_t i = 0; i < N_OF(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

int
stream_fail(
    struct llm_stream *stream, const struct json *error, struct err *err)
{
	int64_t status = json_int(json_get(error, "code"), 0);
	char kind[LLM_KIND_SIZE];

	llm_error_kind(kind, error);
	/* Whatever has no name may pass: it began well. */
	stream->may_pass =
	    status ? llm_status_may_pass((long)status) : !is_final(kind);
	return err_set(err, ERR_UNAVAILABLE,
	    "the model endpoint gave up in the middle of the answer%s%s",
	    kind[0] ? ": " : "", kind);
}

static int
on_event(void *arg, const char *data, size_t size, struct err *err)
{
	struct llm_stream *stream = arg;
	AUTO(json_free)
	struct json *event = NULL;
	const struct json *error;

	if (stream->is_ended || stream->is_full)
		return 0;
	if (strcmp(data, "[DONE]") == 0) {
		stream->is_ended = true;
		return 0;
	}
	if (llm_parse_object(
		&event, data, size, "an event of the model's stream", err) < 0)
		return -1;
	error = json_get(event, "error");
	if (error != NULL && json_type(error) != JSON_NULL)
		return stream_fail(stream, error, err);
	stream->is_begun = true;
	stream->provider->hear(stream, event);
	return 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Events never begin like JSON, nor as markup does. Returns how many blanks
 * stand before what tells: they belong to neither, wherever they are split. */
static size_t
know_form(struct llm_stream *stream, const char *bytes, size_t size)
{
	size_t n = 0;

	if (stream->form != STREAM_BLANK)
		return 0;
	while (n < size && is_blank(bytes[n]))
		n++;
	if (n < size)
		stream->form = strchr("{[<\"", bytes[n]) && bytes[n]
				   ? STREAM_WHOLE
				   : STREAM_EVENTS;
	return n;
}

static int
take_whole(
    struct llm_stream *stream, const char *bytes, size_t size, struct err *err)
{
	if (stream->whole.size + size > STREAM_MAX_BODY_BYTES)
		return err_set(err, ERR_INVALID,
		    "the model's answer is larger than %d bytes",
		    STREAM_MAX_BODY_BYTES);
	buf_add(&stream->whole, bytes, size);
	return 0;
}

bool
stream_feed(
    struct llm_stream *stream, const char *bytes, size_t size, bool *heard_out)
{
	size_t n_blank;
	int rc = 0;

	*heard_out = false;
	if (stream->has_failed || stream->is_full)
		return false;
	n_blank = know_form(stream, bytes, size);
	bytes += n_blank;
	size -= n_blank;
	if (stream->form == STREAM_WHOLE)
		rc = take_whole(stream, bytes, size, &stream->failure);
	else if (stream->form == STREAM_EVENTS)
		rc = sse_feed(&stream->sse, bytes, size, on_event, stream,
		    &stream->failure);
	stream->has_failed = rc < 0;
	*heard_out = stream->form == STREAM_EVENTS && stream->sse.has_heard;
	return !stream->has_failed && !stream->is_full;
}

/* Some servers end without a last word, when they have said how it ended. */
bool
stream_is_complete(const struct llm_stream *stream)
{
	return stream->form == STREAM_EVENTS && !stream->has_failed &&
	       (stream->is_ended || stream->is_full || stream->finish[0]);
}

int
stream_body(struct llm_stream *stream, struct buf *out, const char **body_out,
    size_t *size_out, struct err *err)
{
	if (stream->has_failed) {
		*err = stream->failure;
		return -1;
	}
	if (stream->form != STREAM_EVENTS) {
		*body_out = stream->whole.data;
		*size_out = stream->whole.size;
		return 0;
	}
	if (!stream_is_complete(stream)) {
		stream->may_pass = true;
		return err_set(err, ERR_UNAVAILABLE,
		    "the model endpoint broke off in the middle of the answer");
	}
	/* The provider was not heard to its end, where it would have said. */
	if (stream->is_full)
		stream->out_tokens = took_made(stream);
	stream->provider->write(stream, out);
	*body_out = out->data;
	*size_out = out->size;
	return 0;
}
