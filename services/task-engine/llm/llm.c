/* A call to the model: tried until it is answered or its time is over. */

#include "services/task-engine/llm/llm.h"

#include <stdio.h>
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
#include "services/task-engine/llm/plain.h"
#include "services/task-engine/llm/provider.h"

enum {
	/* the first and three more: 0.5 + 1 + 2 s of pauses */
	DEFAULT_TRIES = 4,
	CONNECT_TIMEOUT_MS = 10000,
	MAX_RESPONSE_BYTES = 4 * 1024 * 1024,
	N_HEADERS = 5,
	PLAIN_ARENA_BYTES = 16 * 1024 * 1024,
};

struct llm {
	struct loop *loop;
	struct transfer *transfer;
	const struct llm_provider_row *provider;
	char *name;
	char *model;
	char *url;
	const char *limit_key;
	char *key_header; /* NULL: no key */
	const char *headers[N_HEADERS];
	int64_t timeout_ms;
	int64_t max_output_tokens;
	int max_tries;
	enum llm_tools tools;
	bool is_proven; /* AUTO: it took tools once */
	struct llm_call *calls;
};

struct llm_call {
	struct llm *llm;
	struct buf body;
	struct buf plain_body; /* for when it refuses tools, or empty */
	bool has_tools, is_plain;
	struct http_call *http;
	struct timer *pause;
	int n_tried;
	int64_t deadline_mono_ms;
	llm_done_fn fn;
	void *arg;
	struct llm_call *prev, *next;
};

static void
set_headers(struct llm *llm)
{
	size_t n = 0;

	llm->headers[n++] = "Content-Type: application/json";
	llm->headers[n++] = "Accept: application/json";
	if (llm->provider->extra_header != NULL)
		llm->headers[n++] = llm->provider->extra_header;
	if (llm->key_header != NULL)
		llm->headers[n++] = llm->key_header;
	llm->headers[n] = NULL;
}

static char *
join(const char *a, const char *b, const char *c)
{
	struct buf buf;

	buf_init(&buf);
	buf_adds(&buf, a);
	buf_adds(&buf, b);
	buf_adds(&buf, c);
	return buf_steal(&buf);
}

static void
set_endpoint(struct llm *llm, const struct llm_options *options)
{
	const struct llm_provider_row *provider = llm->provider;
	bool is_own = options->base_url[0] == '\0';
	AUTO(xfree)
	char *base = xstrdup(is_own ? provider->base_url : options->base_url);
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		base[--n] = '\0';
	llm->url = join(base, provider->path, "");
	llm->model =
	    xstrdup(options->model[0] ? options->model : provider->model);
	llm->limit_key =
	    is_own ? provider->limit_key : provider->other_limit_key;
	llm->name = join(provider->name, " ", llm->model);
	if (options->api_key[0] != '\0')
		llm->key_header =
		    join(provider->key_header, options->api_key, "");
	set_headers(llm);
}

int
llm_open(struct llm **llm_out, struct loop *loop,
    const struct llm_options *options, struct err *err)
{
	struct transfer_options transfer = { .ca_file = options->ca_file,
		.proxy = "",
		.user_agent = "agent-runtime/" AGENT_RUNTIME_VERSION,
		.max_connections_per_host = (long)options->max_concurrent };
	AUTO(llm_close)
	struct llm *llm = xcalloc(1, sizeof(*llm));

	llm->loop = loop;
	llm->provider = llm_provider_find(options->provider);
	llm->timeout_ms = options->timeout_ms;
	llm->max_output_tokens = options->max_output_tokens;
	llm->tools = options->tools;
	llm->max_tries =
	    options->max_tries ? options->max_tries : DEFAULT_TRIES;
	if (llm->provider == NULL)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_LLM_PROVIDER: %s is none of openai, "
		    "anthropic, claude, z.ai, local",
		    log_quote(options->provider));
	set_endpoint(llm, options);
	if (transfer_open(&llm->transfer, loop, &transfer, err) < 0)
		return -1;
	*llm_out = STEAL(llm);
	return 0;
}

static void
call_free(struct llm_call *call)
{
	transfer_cancel(&call->http);
	timer_free(&call->pause);
	buf_release(&call->body);
	buf_release(&call->plain_body);
	free(call);
}

void
llm_close(struct llm **llm_ref)
{
	struct llm *llm = STEAL(*llm_ref);
	struct llm_call *call, *next;

	if (llm == NULL)
		return;
	for (call = llm->calls; call != NULL; call = next) {
		next = call->next;
		call_free(call);
	}
	transfer_close(&llm->transfer);
	if (llm->key_header != NULL)
		explicit_bzero(llm->key_header, strlen(llm->key_header));
	free(llm->key_header);
	free(llm->name);
	free(llm->model);
	free(llm->url);
	free(llm);
}

const char *
llm_name(const struct llm *llm)
{
	return llm->name;
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

static void
call_end(
    struct llm_call *call, const char *body, size_t size, const struct err *err)
{
	call->fn(call->arg, body, size, err);
	llm_cancel(&call);
}

static void
call_fail(struct llm_call *call, const struct err *err)
{
	call_end(call, NULL, 0, err);
}

static int try_once(struct llm_call *call, struct err *err);

static void
on_pause_over(void *arg)
{
	struct llm_call *call = arg;
	struct err err;

	if (try_once(call, &err) < 0)
		call_fail(call, &err);
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

/* How an endpoint says that its model has no tools. */
static bool
may_refuse_tools(const struct llm_call *call, long status)
{
	return call->plain_body.size > 0 && !call->is_plain &&
	       (status == 400 || status == 404 || status == 422);
}

static void
try_plain(struct llm_call *call)
{
	struct buf native = call->body;
	struct err err;

	call->body = call->plain_body;
	call->plain_body = native;
	call->is_plain = true;
	if (try_once(call, &err) < 0)
		call_fail(call, &err);
}

static void
learn(struct llm_call *call)
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
on_status(struct llm_call *call, const struct http_response *response)
{
	struct err err;

	llm_status_err(response->status, response->body, response->size, &err);
	if (may_refuse_tools(call, response->status))
		try_plain(call);
	else if (llm_status_may_pass(response->status))
		try_again(call, response->retry_after_ms, &err);
	else
		call_fail(call, &err);
}

static void
on_response(
    void *arg, const struct http_response *response, const struct err *err)
{
	struct llm_call *call = arg;

	call->http = NULL;
	if (response == NULL) {
		if (err->code == ERR_INVALID)
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
	call_end(call, response->body, response->size, err);
}

static int
try_once(struct llm_call *call, struct err *err)
{
	struct llm *llm = call->llm;
	int64_t left_ms = call->deadline_mono_ms - clock_mono_ms();
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
	request.timeout_ms =
	    left_ms < llm->timeout_ms ? left_ms : llm->timeout_ms;
	call->n_tried++;
	return transfer_start(
	    llm->transfer, &request, on_response, call, &call->http, err);
}

int
llm_read(const struct llm *llm, const char *body, size_t size,
    struct arena *arena, struct llm_answer *out, struct err *err)
{
	if (llm->provider->parse(out, body, size, arena, err) < 0)
		return -1;
	if (llm->tools == LLM_TOOLS_TEXT)
		plain_read(out, arena);
	return 0;
}

bool
llm_has_tools(const struct llm *llm)
{
	return llm->tools != LLM_TOOLS_NONE;
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
    int64_t deadline_mono_ms, llm_done_fn fn, void *arg,
    struct llm_call **call_out, struct err *err)
{
	struct llm_call *call = xcalloc(1, sizeof(*call));

	call->llm = llm;
	call->fn = fn;
	call->arg = arg;
	call->deadline_mono_ms = deadline_mono_ms;
	call->pause = timer_new(llm->loop, on_pause_over, call);
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
