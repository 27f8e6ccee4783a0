/* A call to the model: tried until it is answered or its time is over. */

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/transfer.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/llm_impl.h"
#include "services/task-engine/llm/partial.h"
#include "services/task-engine/llm/plain.h"
#include "services/task-engine/llm/provider.h"
#include "services/task-engine/llm/stream.h"
#include "services/task-engine/llm/took.h"

enum {
	CONNECT_TIMEOUT_MS = 10000,
	MAX_RESPONSE_BYTES = STREAM_MAX_BODY_BYTES,
	/* around each token of a long answer stand some 300 bytes */
	MAX_STREAM_BYTES = 64 * 1024 * 1024,
	/* a server that has said its last word and does not hang up */
	LINGER_MS = 500,
	PLAIN_ARENA_BYTES = 16 * 1024 * 1024,
};

struct llm_call {
	struct llm *llm;
	struct buf body;
	struct buf plain_body; /* for when it refuses tools, or empty */
	struct llm_stream stream;
	struct buf whole; /* the pieces together */
	const char
	    *piece; /* that heard is called with; NULL: it was the last */
	size_t piece_size;
	struct err failure; /* of putting them together */
	const char *answer;
	size_t answer_size;
	int64_t n_sent;	    /* tokens, estimated */
	struct tokens lost; /* by tries that broke off */
	struct http_call *http;
	struct timer *pause, *idle;
	int64_t deadline_mono_ms;
	struct llm_listener listener;
	struct llm_call *prev, *next;
	int n_tried;
	bool has_tools, is_plain;
	bool is_streamed, is_answered;
};

static void
call_free(struct llm_call *call)
{
	transfer_cancel(&call->http);
	timer_free(&call->pause);
	timer_free(&call->idle);
	stream_release(&call->stream);
	buf_release(&call->whole);
	buf_release(&call->body);
	buf_release(&call->plain_body);
	free(call);
}

void
llm_calls_free(struct llm *llm)
{
	struct llm_call *call, *next;

	for (call = llm->calls; call != NULL; call = next) {
		next = call->next;
		call_free(call);
	}
	llm->calls = NULL;
}

void
llm_cancel(struct llm_call **call_ref)
{
	struct llm_call *call = STEAL(*call_ref);

	if (call == NULL)
		return;
	DL_DELETE(call->llm->calls, call);
	call_free(call);
}

/* The try that is over came to no answer. */
static void
lose(struct llm_call *call)
{
	took_by_stream(&call->stream, call->n_sent, &call->lost);
	stream_release(&call->stream);
	stream_init(&call->stream, call->llm->provider);
}

struct tokens
llm_take_lost(struct llm_call *call)
{
	struct tokens lost;

	if (!call->is_answered)
		lose(call);
	lost = call->lost;
	call->lost = (struct tokens){ 0 };
	return lost;
}

static void
call_end(
    struct llm_call *call, const char *body, size_t size, const struct err *err)
{
	call->is_answered = body != NULL;
	call->listener.done(call->listener.arg, body, size, err);
	llm_cancel(&call);
}

static void
call_fail(struct llm_call *call, const struct err *err)
{
	call_end(call, NULL, 0, err);
}

static int try_once(struct llm_call *call, struct err *err);

static void
try_or_fail(struct llm_call *call)
{
	struct err err;

	if (try_once(call, &err) < 0)
		call_fail(call, &err);
}

static void
on_pause_over(void *arg)
{
	try_or_fail(arg);
}

/* Waits and tries again, or gives up when tries or time do not allow it. */
static void
try_again(struct llm_call *call, int64_t asked_ms, const struct err *why)
{
	int64_t pause_ms, left_ms;
	uint32_t dice;

	id_random(&dice, sizeof(dice));
	pause_ms = llm_pause_ms(call->n_tried, asked_ms, dice);
	left_ms = call->deadline_mono_ms - clock_mono_ms();
	if (call->n_tried >= call->llm->max_tries || pause_ms >= left_ms) {
		call_fail(call, why);
		return;
	}
	log_info("model-retry", "tried=%d pause_ms=%lld why=%s", call->n_tried,
	    (long long)pause_ms, log_quote(why->text));
	timer_start(call->pause, pause_ms, 0);
}

static void
make_plain(struct llm_call *call)
{
	struct buf native = call->body;

	call->body = call->plain_body;
	call->plain_body = native;
	call->is_plain = true;
	call->is_streamed = call->llm->streams;
}

/*
 * How an endpoint says that it knows no pieces, or that its model has no
 * tools: which of them it is shows when it takes the one without the other.
 */
static bool
ask_for_less(struct llm_call *call, long status)
{
	if (status != 400 && status != 404 && status != 422)
		return false;
	if (status != 404 && call->is_streamed && !call->llm->is_stream_proven)
		call->is_streamed = false;
	else if (call->plain_body.size > 0 && !call->is_plain)
		make_plain(call);
	else
		return false;
	return true;
}

static void
learn_tools(struct llm_call *call)
{
	struct llm *llm = call->llm;

	if (llm->tools != LLM_TOOLS_AUTO || !call->has_tools)
		return;
	if (!call->is_plain) {
		llm->is_proven = true;
		return;
	}
	llm->tools = LLM_TOOLS_TEXT;
	log_warn("model-without-tools", "model=%s", log_quote(llm->model));
}

static void
learn(struct llm_call *call)
{
	struct llm *llm = call->llm;

	learn_tools(call);
	if (!llm->streams)
		return;
	llm->is_stream_proven = call->is_streamed;
	if (call->is_streamed)
		return;
	llm->streams = false;
	log_warn("model-without-stream", "model=%s", log_quote(llm->model));
}

static void
on_status(struct llm_call *call, const struct http_response *response)
{
	struct err err;

	llm_status_err(response->status, response->body, response->size, &err);
	if (ask_for_less(call, response->status))
		try_or_fail(call);
	else if (llm_status_may_pass(response->status))
		try_again(call, response->retry_after_ms, &err);
	else
		call_fail(call, &err);
}

/* By way of heard, because the bytes are hostile to the last. */
static void
end_stream(struct llm_call *call)
{
	call->piece = NULL;
	call->answer = NULL;
	call->listener.heard(call->listener.arg, call);
	if (call->answer != NULL)
		call_end(call, call->answer, call->answer_size, NULL);
	else if (call->stream.may_pass)
		try_again(call, -1, &call->failure);
	else
		call_fail(call, &call->failure);
}

static void
on_response(
    void *arg, const struct http_response *response, const struct err *err)
{
	struct llm_call *call = arg;

	call->http = NULL;
	timer_stop(call->idle);
	if (response == NULL) {
		/* It lost only its end. */
		if (call->is_streamed && stream_is_complete(&call->stream))
			end_stream(call);
		else if (err->code == ERR_INVALID)
			call_fail(call, err);
		else
			try_again(call, -1, err);
		return;
	}
	if (response->status < 200 || response->status >= 300) {
		on_status(call, response);
		return;
	}
	learn(call);
	if (call->is_streamed)
		end_stream(call);
	else
		call_end(call, response->body, response->size, err);
}

/* Silence: of one that has said all, or of one that is tried again. */
static void
on_idle(void *arg)
{
	struct llm_call *call = arg;
	struct err err;

	transfer_cancel(&call->http);
	if (stream_is_complete(&call->stream)) {
		end_stream(call);
		return;
	}
	err_set(&err, ERR_TIMEOUT,
	    "the model endpoint said nothing for %lld ms",
	    (long long)call->llm->timeout_ms);
	try_again(call, -1, &err);
}

static void
hear_piece(struct llm_call *call)
{
	bool has_heard;
	bool goes_on = stream_feed(
	    &call->stream, call->piece, call->piece_size, &has_heard);

	if (call->stream.is_ended)
		timer_start(call->idle, LINGER_MS, 0);
	else if (has_heard && goes_on)
		timer_start(call->idle, call->llm->timeout_ms, 0);
}

const char *
llm_said(const struct llm_call *call)
{
	return call->is_streamed ? partial_said(call->llm->way, &call->stream)
				 : "";
}

void
llm_hear(struct llm_call *call)
{
	if (call->piece != NULL)
		hear_piece(call);
	else if (stream_body(&call->stream, &call->whole, &call->answer,
		     &call->answer_size, &call->failure) < 0)
		call->answer = NULL;
	else
		call->llm->way =
		    partial_learn(call->llm->way, call->stream.said.data);
}

static bool
on_bytes(void *arg, const char *bytes, size_t size)
{
	struct llm_call *call = arg;

	call->piece = bytes;
	call->piece_size = size;
	call->listener.heard(call->listener.arg, call);
	return !call->stream.has_failed && !call->stream.is_full;
}

/* The wish for pieces stands at the end of the request. */
static void
begin_stream(struct llm_call *call, struct http_request *request,
    struct buf *body, int64_t left_ms)
{
	buf_add(body, call->body.data, call->body.size - 1);
	buf_adds(body, call->llm->provider->stream_keys);
	request->body = body->data;
	request->body_size = body->size;
	request->max_response_bytes = MAX_STREAM_BYTES;
	request->on_bytes = on_bytes;
	/* As long as it says something it may take all the time there is. */
	request->timeout_ms = left_ms;
	timer_start(call->idle, call->llm->timeout_ms, 0);
}

static int
try_once(struct llm_call *call, struct err *err)
{
	struct llm *llm = call->llm;
	int64_t left_ms = call->deadline_mono_ms - clock_mono_ms();
	AUTO(buf_release)
	struct buf body = { 0 };
	struct http_request request = {
		.method = "POST",
		.url = llm->url,
		.headers = llm->headers,
		.body = call->body.data,
		.body_size = call->body.size,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.max_response_bytes = MAX_RESPONSE_BYTES,
	};

	if (left_ms <= 0)
		return err_set(err, ERR_TIMEOUT, "no time left for the model");
	lose(call);
	buf_init(&body);
	request.timeout_ms =
	    left_ms < llm->timeout_ms ? left_ms : llm->timeout_ms;
	if (call->is_streamed)
		begin_stream(call, &request, &body, left_ms);
	call->n_tried++;
	return transfer_start(
	    llm->transfer, &request, on_response, call, &call->http, err);
}

static void
write_plain(const struct llm *llm, const struct llm_prompt *prompt,
    const struct llm_ask *ask, struct buf *out)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(PLAIN_ARENA_BYTES);
	struct llm_ask plain_ask = *ask;
	struct llm_prompt plain;

	plain_prompt(&plain, prompt, prompt->fence, arena);
	plain_ask.prompt = &plain;
	llm->provider->request(&plain_ask, out);
}

static void
write_bodies(struct llm_call *call, const struct llm_prompt *prompt)
{
	const struct llm *llm = call->llm;
	struct llm_ask ask = { .model = llm->model,
		.max_output_tokens = llm->max_output_tokens,
		.limit_key = llm->limit_key,
		.prompt = prompt };

	call->has_tools = prompt->n_tools > 0;
	call->is_plain = llm->tools == LLM_TOOLS_TEXT;
	if (!call->has_tools) {
		llm->provider->request(&ask, &call->body);
	} else if (call->is_plain) {
		write_plain(llm, prompt, &ask, &call->body);
	} else {
		llm->provider->request(&ask, &call->body);
		if (llm->tools == LLM_TOOLS_AUTO && !llm->is_proven)
			write_plain(llm, prompt, &ask, &call->plain_body);
	}
}

int
llm_start(struct llm *llm, const struct llm_prompt *prompt,
    int64_t deadline_mono_ms, const struct llm_listener *listener,
    struct llm_call **call_out, struct err *err)
{
	struct llm_call *call = xcalloc(1, sizeof(*call));

	call->llm = llm;
	call->listener = *listener;
	call->deadline_mono_ms = deadline_mono_ms;
	call->n_sent = prompt->n_estimated;
	call->pause = timer_new(llm->loop, on_pause_over, call);
	call->idle = timer_new(llm->loop, on_idle, call);
	call->is_streamed = llm->streams;
	stream_init(&call->stream, llm->provider);
	buf_init(&call->whole);
	buf_init(&call->body);
	buf_init(&call->plain_body);
	write_bodies(call, prompt);
	if (try_once(call, err) < 0) {
		call_free(call);
		return -1;
	}
	DL_APPEND(llm->calls, call);
	*call_out = call;
	return 0;
}
