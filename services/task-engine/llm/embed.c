/* Asks the endpoint for vectors, and leaves it alone when it is in trouble. */

#include "services/task-engine/llm/embed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/transfer.h"
#include "services/task-engine/llm/embeddings.h"

enum {
	/* One batch of documents, and questions beside it. */
	RUNNING_MAX = 4,
	CONNECT_TIMEOUT_MS = 5000,
	/* 64 texts of 4096 dimensions, as long as numbers are written. */
	MAX_RESPONSE_BYTES = 8 * 1024 * 1024,
	PAUSE_MIN_MS = 1000,
	PAUSE_MAX_MS = 60 * 1000,
	N_HEADERS = 4,
};

struct embedder {
	struct transfer *transfer;
	char *url;
	char *model;
	char *key_header; /* NULL: no key */
	const char *headers[N_HEADERS];
	int64_t timeout_ms;
	int64_t pause_ms;	/* 0: the last one worked */
	int64_t alone_until_ms; /* monotonic */
	struct err trouble;
	struct embed_call *running;
	size_t n_running;
};

struct embed_call {
	struct embedder *embedder;
	struct http_call *http;
	embed_done_fn fn;
	void *arg;
	struct embed_call *prev, *next;
};

static char *
join(const char *a, const char *b)
{
	struct buf buf;

	buf_init(&buf);
	buf_addf(&buf, "%s%s", a, b);
	return buf_steal(&buf);
}

static void
set_endpoint(struct embedder *e, const struct embedder_options *options)
{
	AUTO(xfree)
	char *base = xstrdup(options->base_url);
	size_t n = strlen(base), n_headers = 0;

	while (n > 0 && base[n - 1] == '/')
		base[--n] = '\0';
	e->url = join(base, "/embeddings");
	e->model = xstrdup(options->model);
	e->headers[n_headers++] = "Content-Type: application/json";
	e->headers[n_headers++] = "Accept: application/json";
	if (options->api_key[0] != '\0') {
		e->key_header =
		    join("Authorization: Bearer ", options->api_key);
		e->headers[n_headers++] = e->key_header;
	}
	e->headers[n_headers] = NULL;
}

int
embedder_open(struct embedder **embedder_out, struct loop *loop,
    const struct embedder_options *options, struct err *err)
{
	const struct transfer_options transfer = {
		.ca_file = options->ca_file,
		.proxy = "",
		.user_agent = "agent-runtime/" AGENT_RUNTIME_VERSION,
		.max_connections_per_host = RUNNING_MAX,
	};
	AUTO(embedder_close)
	struct embedder *e = xcalloc(1, sizeof(*e));

	e->timeout_ms = options->timeout_ms;
	set_endpoint(e, options);
	if (transfer_open(&e->transfer, loop, &transfer, err) < 0)
		return -1;
	*embedder_out = STEAL(e);
	return 0;
}

void
embedder_close(struct embedder **embedder)
{
	struct embedder *e = *embedder;
	struct embed_call *call, *next;

	if (!e)
		return;
	transfer_close(&e->transfer);
	DL_FOREACH_SAFE(e->running, call, next)
	free(call);
	if (e->key_header)
		explicit_bzero(e->key_header, strlen(e->key_header));
	free(e->key_header);
	free(e->url);
	free(e->model);
	xfree(embedder);
}

static void
leave_alone(struct embedder *e, int64_t asked_ms, const struct err *why)
{
	if (e->pause_ms == 0)
		log_warn("embeddings-failed", "why=%s", log_quote(why->text));
	e->pause_ms = e->pause_ms == 0 ? PAUSE_MIN_MS : 2 * e->pause_ms;
	if (e->pause_ms > PAUSE_MAX_MS)
		e->pause_ms = PAUSE_MAX_MS;
	if (asked_ms > PAUSE_MAX_MS)
		asked_ms = PAUSE_MAX_MS;
	e->alone_until_ms =
	    clock_mono_ms() + (asked_ms > e->pause_ms ? asked_ms : e->pause_ms);
	e->trouble = *why;
}

void
embedder_judge(struct embedder *e, const struct err *why)
{
	if (why) {
		leave_alone(e, -1, why);
		return;
	}
	if (e->pause_ms > 0)
		log_info(
		    "embeddings-work-again", "model=%s", log_quote(e->model));
	e->pause_ms = 0;
	e->alone_until_ms = 0;
}

/* INVALID: it works, and these texts are the trouble, or one of them. */
static const struct {
	long from, to;
	const char *advice;
	enum err_code code;
} refusals[] = {
	{ 300, 399, "it redirects: set AGENT_RUNTIME_EMBED_BASE_URL anew",
	    ERR_UNAVAILABLE },
	{ 400, 400, "it does not accept the request", ERR_INVALID },
	{ 401, 403, "check AGENT_RUNTIME_EMBED_API_KEY", ERR_UNAVAILABLE },
	{ 404, 404,
	    "check AGENT_RUNTIME_EMBED_BASE_URL and "
	    "AGENT_RUNTIME_EMBED_MODEL",
	    ERR_UNAVAILABLE },
	{ 413, 413, "it does not accept the request", ERR_INVALID },
	{ 422, 422, "it does not accept the request", ERR_INVALID },
	{ 429, 429, "its limit is reached", ERR_UNAVAILABLE },
	{ 400, 499, "it does not accept the request", ERR_UNAVAILABLE },
	{ 500, 599, "it failed", ERR_UNAVAILABLE },
};

static void
on_status(
    struct embedder *e, const struct http_response *response, struct err *err)
{
	const char *advice = "it does not speak the expected protocol";
	enum err_code code = ERR_UNAVAILABLE;

	for (size_t i = 0; i < N_OF(refusals); i++)
		if (response->status >= refusals[i].from &&
		    response->status <= refusals[i].to) {
			advice = refusals[i].advice;
			code = refusals[i].code;
			break;
		}
	err_set(err, code, "the embedding endpoint answers %ld: %s",
	    response->status, advice);
	if (code == ERR_INVALID)
		embedder_judge(e, NULL);
	else
		leave_alone(e, response->retry_after_ms, err);
}

static void
on_response(
    void *arg, const struct http_response *response, const struct err *why)
{
	AUTO(xfree)
	struct embed_call *call = arg;
	struct embedder *e = call->embedder;
	struct err err;

	DL_DELETE(e->running, call);
	e->n_running--;
	if (!response) {
		err_set(&err, ERR_UNAVAILABLE,
		    "the embedding endpoint does not answer: %s", why->text);
		leave_alone(e, -1, &err);
		call->fn(call->arg, NULL, 0, &err);
		return;
	}
	if (response->status < 200 || response->status >= 300) {
		on_status(e, response, &err);
		call->fn(call->arg, NULL, 0, &err);
		return;
	}
	call->fn(call->arg, response->body, response->size, NULL);
}

int
embedder_start(struct embedder *e, const char *const *texts, size_t n_texts,
    embed_done_fn fn, void *arg, struct err *err)
{
	AUTO(xfree)
	struct embed_call *call = xcalloc(1, sizeof(*call));
	AUTO(buf_release)
	struct buf body;
	struct http_request request = {
		.method = "POST",
		.url = e->url,
		.headers = e->headers,
		.timeout_ms = e->timeout_ms,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.max_response_bytes = MAX_RESPONSE_BYTES,
	};

	buf_init(&body);
	if (clock_mono_ms() < e->alone_until_ms) {
		*err = e->trouble;
		return -1;
	}
	if (e->n_running >= RUNNING_MAX)
		return err_set(err, ERR_BUSY,
		    "the embedding endpoint is busy with other texts");
	*call = (struct embed_call){ .embedder = e, .fn = fn, .arg = arg };
	embeddings_request(e->model, texts, n_texts, &body);
	request.body = body.data;
	request.body_size = body.size;
	if (transfer_start(
		e->transfer, &request, on_response, call, &call->http, err) < 0)
		return -1;
	DL_APPEND(e->running, call);
	e->n_running++;
	call = NULL;
	return 0;
}
