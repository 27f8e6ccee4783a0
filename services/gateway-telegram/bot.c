/* Calls of the Bot API over HTTP. */

#include "services/gateway-telegram/bot.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/loop.h"
#include "libcommon/transfer.h"

enum {
	ANSWER_WITHIN_MS = 20000,
	/* A file holds up its chat. */
	FILE_WITHIN_MS = 15000,
	CONNECT_WITHIN_MS = 10000,
	/* A hundred updates of the longest kind are less than half of it. */
	ANSWER_MAX = 8 * 1024 * 1024,
	/* One for the long poll; sends share the others. */
	CONNECTIONS = 6,
	RETRY_AFTER_MAX_S = 24 * 60 * 60,
};

struct bot {
	struct transfer *transfer;
	struct loop *loop;
	char *api_base, *token;
	struct call *calls;
};

struct call {
	struct call *next;
	struct bot *bot;
	bot_answer_fn fn;    /* of a call */
	bot_file_fn file_fn; /* of a file */
	void *arg;
	struct http_call *http;
	struct timer *soon; /* answers a call that could not be made */
	struct err err;
};

bool
bot_token_is_valid(const char *token)
{
	size_t digits = strspn(token, "0123456789");
	const char *rest = token + digits;

	return digits > 0 && *rest == ':' && rest[1] != '\0' &&
	       rest[1 + strspn(rest + 1, "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_-")] == '\0';
}

int
bot_open(struct bot **bot_out, struct loop *loop,
    const struct bot_options *options, struct err *err)
{
	const struct transfer_options transfer = {
		.ca_file = "",
		.proxy = "",
		.user_agent = "agent-runtime/" AGENT_RUNTIME_VERSION,
		.max_connections_per_host = CONNECTIONS,
	};
	struct bot *bot = xcalloc(1, sizeof(*bot));

	if (transfer_open(&bot->transfer, loop, &transfer, err) < 0) {
		xfree(&bot);
		return -1;
	}
	bot->loop = loop;
	bot->api_base = xstrdup(options->api_base);
	bot->token = xstrdup(options->token);
	*bot_out = bot;
	return 0;
}

static void
call_free(struct call *call)
{
	struct call **at = &call->bot->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	timer_free(&call->soon);
	xfree(&call);
}

void
bot_close(struct bot **slot)
{
	struct bot *bot = *slot;

	if (!bot)
		return;
	transfer_close(&bot->transfer);
	while (bot->calls)
		call_free(bot->calls);
	xfree(&bot->api_base);
	explicit_bzero(bot->token, strlen(bot->token));
	xfree(&bot->token);
	xfree(slot);
}

static enum bot_outcome
outcome_of(int64_t code)
{
	static const struct {
		int64_t code;
		enum bot_outcome outcome;
	} rows[] = {
		{ 401, BOT_REFUSED },
		{ 403, BOT_FORBIDDEN },
		{ 404, BOT_REFUSED }, /* what a malformed token gets */
		{ 409, BOT_CONFLICT },
		{ 429, BOT_LIMITED },
	};

	for (size_t i = 0; i < N_OF(rows); i++)
		if (rows[i].code == code)
			return rows[i].outcome;
	return code >= 400 && code < 500 ? BOT_BAD : BOT_TROUBLE;
}

static void
read_answer(struct bot_answer *out, const struct json *body,
    const struct http_response *response)
{
	const struct json *more = json_get(body, "parameters");
	int64_t code = json_int(json_get(body, "error_code"), response->status);
	int64_t after_s = json_int(json_get(more, "retry_after"), 0);

	if (json_bool(json_get(body, "ok"), false)) {
		out->outcome = BOT_OK;
		out->result = json_get(body, "result");
		return;
	}
	if (after_s > RETRY_AFTER_MAX_S)
		after_s = RETRY_AFTER_MAX_S;
	out->outcome = outcome_of(code);
	out->why =
	    json_str(json_get(body, "description"), "refused without a reason");
	out->retry_after_ms = after_s > 0 ? after_s * 1000 : 0;
	out->migrate_to_chat =
	    json_int(json_get(more, "migrate_to_chat_id"), 0);
	if (out->outcome == BOT_LIMITED && out->retry_after_ms == 0)
		out->retry_after_ms = response->retry_after_ms > 0
					  ? response->retry_after_ms
					  : 1000;
}

static void
read_garbled(struct bot_answer *out, const struct http_response *response)
{
	out->why = "an answer that is not of the Bot API";
	out->raw = response->body;
	if (response->status == 200)
		out->outcome = BOT_GARBLED;
}

/* No answer, or one that is more than we take. */
static void
read_nothing(struct bot_answer *out, const struct err *err)
{
	out->why = err->text;
	out->raw = "";
	if (err->code == ERR_INVALID)
		out->outcome = BOT_GARBLED;
}

static void
on_done(void *arg, const struct http_response *response, const struct err *err)
{
	struct call *call = arg;
	struct bot_answer answer = { .outcome = BOT_TROUBLE, .why = "" };
	AUTO(json_free)
	struct json *body = NULL;
	bot_answer_fn fn = call->fn;
	void *fn_arg = call->arg;
	struct err wrong;

	if (!response)
		read_nothing(&answer, err);
	else if (json_parse(&body, response->body, response->size, &wrong) == 0)
		read_answer(&answer, body, response);
	else
		read_garbled(&answer, response);
	if (!answer.why)
		answer.why = "";
	call_free(call);
	fn(fn_arg, &answer);
}

static void
on_file(void *arg, const struct http_response *response, const struct err *err)
{
	struct call *call = arg;
	struct bot_file file = { .why = "" };
	bot_file_fn fn = call->file_fn;
	void *fn_arg = call->arg;
	/* Of a call that was not made it lives in the call. */
	struct err why = err ? *err : (struct err){ 0 };

	if (!response) {
		file.why = why.text;
		file.is_too_large = why.code == ERR_INVALID;
	} else if (response->status != 200) {
		file.why = "it is not there any more";
	} else {
		file.bytes = response->body ? response->body : "";
		file.size = response->size;
	}
	call_free(call);
	fn(fn_arg, &file);
}

static void
on_soon(void *arg)
{
	struct call *call = arg;

	(call->fn ? on_done : on_file)(call, NULL, &call->err);
}

static struct call *
call_new(struct bot *bot, void *arg)
{
	struct call *call = xcalloc(1, sizeof(*call));

	call->bot = bot;
	call->arg = arg;
	call->next = bot->calls;
	bot->calls = call;
	return call;
}

/* The URL has the token in it: it lives no longer than this. */
static void
start(struct call *call, struct http_request *request, struct buf *url)
{
	struct bot *bot = call->bot;

	request->url = url->data;
	request->connect_timeout_ms = CONNECT_WITHIN_MS;
	if (transfer_start(bot->transfer, request, call->fn ? on_done : on_file,
		call, &call->http, &call->err) < 0) {
		call->soon = timer_new(bot->loop, on_soon, call);
		timer_start(call->soon, 0, 0);
	}
	explicit_bzero(url->data, url->size);
}

void
bot_call(struct bot *bot, const char *method, const struct buf *params,
    int64_t wait_ms, bot_answer_fn fn, void *arg)
{
	static const char *const headers[] = { "Content-Type: application/json",
		NULL };
	struct call *call = call_new(bot, arg);
	AUTO(buf_release)
	struct buf url = { 0 };
	struct http_request request = {
		.method = "POST",
		.headers = headers,
		.body = params->data,
		.body_size = params->size,
		.timeout_ms = wait_ms + ANSWER_WITHIN_MS,
		.max_response_bytes = ANSWER_MAX,
	};

	call->fn = fn;
	buf_init(&url);
	buf_addf(&url, "%s/bot%s/%s", bot->api_base, bot->token, method);
	start(call, &request, &url);
}

void
bot_fetch(struct bot *bot, const char *path, size_t max_bytes, bot_file_fn fn,
    void *arg)
{
	struct call *call = call_new(bot, arg);
	AUTO(buf_release)
	struct buf url = { 0 };
	struct http_request request = {
		.method = "GET",
		.timeout_ms = FILE_WITHIN_MS,
		.max_response_bytes = max_bytes,
	};

	call->file_fn = fn;
	buf_init(&url);
	buf_addf(&url, "%s/file/bot%s/%s", bot->api_base, bot->token, path);
	start(call, &request, &url);
}
