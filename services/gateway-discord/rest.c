/* Requests to Discord, in lanes that keep its limits. */

#include "services/gateway-discord/rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/transfer.h"
#include "services/gateway-discord/limit.h"

enum {
	CONNECTIONS = 4,
	CALL_TIMEOUT_MS = 15000,
	CONNECT_TIMEOUT_MS = 10000,
	IDLE_TIMEOUT_MS = 3000,
	IDLE_AGAIN_MS = 500,
	WITHIN_MS = 30000,
	RESPONSE_MAX = 4 * 1024 * 1024,
	TRIES = 4,
	/* Doubled at each try. */
	AGAIN_MS = 400,
	/* More lanes than this: those at rest are let go. */
	LANES_KEPT = 256,
};

static const char user_agent[] = "DiscordBot (https://github.com/agent-runtime,"
				 " " AGENT_RUNTIME_VERSION ")";

enum header { REMAINING, RESET_AFTER, SCOPE, HEADER_COUNT };
static const char *const wanted[] = {
	[REMAINING] = "X-RateLimit-Remaining",
	[RESET_AFTER] = "X-RateLimit-Reset-After",
	[SCOPE] = "X-RateLimit-Scope",
	[HEADER_COUNT] = NULL,
};

struct job {
	struct job *prev, *next;
	struct lane *lane;
	char *method, *path, *body;
	unsigned flags;
	int64_t until_ms; /* monotonic */
	int n_tries;
	rest_fn fn;
	void *arg;
};

struct lane {
	UT_hash_handle hh;
	struct rest *rest;
	struct limit limit;
	struct job *jobs; /* the first is under way, or waits */
	struct http_call *call;
	bool is_counted;     /* the call, by the limit of all together */
	struct timer *timer; /* until the first may go */
	int64_t again_ms;    /* after a failure, not before this */
	char key[];
};

struct rest {
	struct loop *loop;
	struct transfer *transfer;
	struct rest_options options;
	char *base_url, *token_header;
	struct lane *lanes;
	struct limit_global global;
	struct rest_counters counters;
	bool is_refused;
};

static void step(struct lane *lane);

static void
on_timer(void *arg)
{
	step(arg);
}

static void
lane_free(struct rest *rest, struct lane *lane)
{
	HASH_DEL(rest->lanes, lane);
	timer_free(&lane->timer);
	xfree(&lane);
}

/* A lane whose limit has passed knows nothing worth keeping. */
static void
let_go(struct rest *rest)
{
	int64_t now_ms = clock_mono_ms();
	struct lane *lane, *next;

	if (HASH_COUNT(rest->lanes) <= LANES_KEPT)
		return;
	HASH_ITER (hh, rest->lanes, lane, next)
		if (!lane->jobs && now_ms >= lane->limit.reset_ms &&
		    now_ms >= lane->limit.blocked_until_ms)
			lane_free(rest, lane);
}

static struct lane *
find_lane(struct rest *rest, const char *key)
{
	struct lane *lane;

	HASH_FIND_STR(rest->lanes, key, lane);
	if (lane)
		return lane;
	let_go(rest);
	lane = xcalloc(1, sizeof(*lane) + strlen(key) + 1);
	memcpy(lane->key, key, strlen(key) + 1);
	lane->rest = rest;
	lane->timer = timer_new(rest->loop, on_timer, lane);
	HASH_ADD_STR(rest->lanes, key, lane);
	return lane;
}

static void
job_free(struct job *job)
{
	DL_DELETE(job->lane->jobs, job);
	xfree(&job->method);
	xfree(&job->path);
	xfree(&job->body);
	xfree(&job);
}

/* Tells the first job's owner and goes on with the next. */
static void
finish(struct lane *lane, const struct rest_answer *answer,
    const struct err *err, int64_t retry_after_ms)
{
	struct job *job = lane->jobs;
	rest_fn fn = job->fn;
	void *arg = job->arg;

	lane->again_ms = 0;
	job_free(job);
	/* The next one starts from the loop: whoever is told may call us. */
	if (lane->jobs)
		timer_start(lane->timer, 0, 0);
	if (fn)
		fn(arg, answer, err, retry_after_ms);
}

static void
give_up(struct lane *lane, enum err_code code, const char *text,
    int64_t retry_after_ms)
{
	struct err err = { 0 };

	lane->rest->counters.failures++;
	(void)err_set(&err, code, "%s", text);
	finish(lane, NULL, &err, retry_after_ms);
}

static void
try_again(struct lane *lane, const char *why)
{
	struct job *job = lane->jobs;
	int64_t now_ms = clock_mono_ms(), wait_ms = AGAIN_MS << job->n_tries;

	if (job->n_tries >= TRIES || (job->flags & REST_IDLE) ||
	    now_ms + wait_ms >= job->until_ms) {
		give_up(lane, ERR_UNAVAILABLE, why, 0);
		return;
	}
	lane->again_ms = now_ms + wait_ms;
	step(lane);
}

static void
note_refusal(struct rest *rest)
{
	if (rest->is_refused)
		return;
	rest->is_refused = true;
	rest->options.on_refused(rest->options.arg);
}

static void
note_rate_limit(struct lane *lane, const struct http_response *response,
    const struct json *json)
{
	struct rest *rest = lane->rest;
	int64_t now_ms = clock_mono_ms();
	double seconds = json_real(json_get(json, "retry_after"), -1);
	int64_t after_ms = response->retry_after_ms;
	bool is_global = json_bool(json_get(json, "global"), false) ||
			 strcmp(response->values[SCOPE], "global") == 0;

	/* The body is exact, the header rounds up. */
	if (seconds >= 0 && seconds < 24 * 60 * 60)
		after_ms = (int64_t)(seconds * 1000) + 1;
	if (after_ms < 0)
		after_ms = 1000;
	rest->counters.rate_limited++;
	log_info("rate-limited", "scope=%s after_ms=%" PRId64,
	    log_quote(response->values[SCOPE]), after_ms);
	if (is_global && !(lane->jobs->flags & REST_NO_TOKEN))
		rest->global.blocked_until_ms = now_ms + after_ms;
	else
		limit_block(&lane->limit, after_ms, now_ms);
	step(lane);
}

static void
take_answer(struct lane *lane, const struct http_response *response,
    const struct json *json)
{
	struct rest_answer answer = {
		.status = response->status,
		.json = json,
		.code = json_int(json_get(json, "code"), 0),
		.text = json_str(json_get(json, "message"), ""),
	};

	if (response->status == 429)
		note_rate_limit(lane, response, json);
	else if (response->status >= 500)
		try_again(lane, "Discord cannot answer now");
	else if (response->status == 401 &&
		 !(lane->jobs->flags & REST_NO_TOKEN)) {
		note_refusal(lane->rest);
		give_up(
		    lane, ERR_UNAUTHENTICATED, "Discord refuses the token", 0);
	} else
		finish(lane, &answer, NULL, 0);
}

static void
on_done(void *arg, const struct http_response *response, const struct err *err)
{
	struct lane *lane = arg;
	struct json *json = NULL;
	struct err ignored;

	lane->call = NULL;
	if (lane->is_counted)
		limit_global_end(&lane->rest->global, clock_mono_ms());
	if (!response) {
		try_again(lane, err->text);
		return;
	}
	limit_note(&lane->limit,
	    &(struct limit_headers){
		response->values[REMAINING], response->values[RESET_AFTER] },
	    clock_mono_ms());
	/* Proxies answer in HTML: then the status has to do. */
	if (json_parse(&json, response->body, response->size, &ignored) < 0)
		json = NULL;
	take_answer(lane, response, json);
	json_free(&json);
}

static void
send_first(struct lane *lane)
{
	struct rest *rest = lane->rest;
	struct job *job = lane->jobs;
	const char *headers[3] = { NULL };
	size_t n = 0;
	AUTO(buf_release)
	struct buf url = { 0 };
	struct err err;
	struct http_request request = {
		.method = job->method,
		.headers = headers,
		.body = job->body,
		.body_size = job->body ? strlen(job->body) : 0,
		.timeout_ms = CALL_TIMEOUT_MS,
		.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.max_response_bytes = RESPONSE_MAX,
		.wanted = wanted,
	};

	if (job->flags & REST_IDLE)
		request.timeout_ms = IDLE_TIMEOUT_MS;
	if (!(job->flags & REST_NO_TOKEN))
		headers[n++] = rest->token_header;
	if (job->body)
		headers[n++] = "Content-Type: application/json";
	buf_init(&url);
	buf_addf(&url, "%s%s", rest->base_url, job->path);
	request.url = url.data;
	job->n_tries++;
	rest->counters.requests++;
	if (transfer_start(rest->transfer, &request, on_done, lane, &lane->call,
		&err) < 0) {
		give_up(lane, err.code, err.text, 0);
		return;
	}
	lane->is_counted = !(job->flags & REST_NO_TOKEN);
	if (lane->is_counted)
		limit_global_begin(&rest->global);
}

static int64_t
wait_ms(const struct lane *lane, int64_t now_ms)
{
	const struct rest *rest = lane->rest;
	int64_t ms = limit_wait_ms(&lane->limit, now_ms);
	int64_t global_ms = limit_global_wait_ms(&rest->global, now_ms);

	if (!(lane->jobs->flags & REST_NO_TOKEN) && global_ms > ms)
		ms = global_ms;
	if (lane->again_ms - now_ms > ms)
		ms = lane->again_ms - now_ms;
	return ms;
}

/* Sends the first job of the lane, or waits until it may be sent. */
static void
step(struct lane *lane)
{
	struct rest *rest = lane->rest;
	struct job *job = lane->jobs;
	int64_t now_ms = clock_mono_ms(), ms;

	if (!job || lane->call)
		return;
	if (rest->is_refused && !(job->flags & REST_NO_TOKEN)) {
		give_up(
		    lane, ERR_UNAUTHENTICATED, "Discord refuses the token", 0);
		return;
	}
	ms = wait_ms(lane, now_ms);
	if ((job->flags & REST_IDLE) && ms < IDLE_AGAIN_MS &&
	    (ms || limit_global_is_busy(&rest->global, now_ms)))
		ms = IDLE_AGAIN_MS;
	if (now_ms + ms > job->until_ms || (ms && (job->flags & REST_IDLE))) {
		give_up(lane, ERR_BUSY, "Discord's rate limit", ms ? ms : 1);
		return;
	}
	if (ms > 0) {
		timer_start(lane->timer, ms, 0);
		return;
	}
	limit_take(&lane->limit, now_ms);
	send_first(lane);
}

void
rest_call(struct rest *rest, const struct rest_request *request, rest_fn fn,
    void *arg)
{
	struct job *job = xcalloc(1, sizeof(*job));
	int64_t within_ms =
	    request->within_ms > 0 ? request->within_ms : WITHIN_MS;

	job->lane = find_lane(rest, request->lane);
	job->method = xstrdup(request->method);
	job->path = xstrdup(request->path);
	job->body = request->body ? xstrdup(request->body) : NULL;
	job->flags = request->flags;
	job->until_ms = clock_mono_ms() + within_ms;
	job->fn = fn;
	job->arg = arg;
	DL_APPEND(job->lane->jobs, job);
	if (job->lane->jobs == job)
		timer_start(job->lane->timer, 0, 0);
}

int
rest_open(struct rest **rest_out, struct loop *loop,
    const struct rest_options *options, struct err *err)
{
	struct rest *rest = xcalloc(1, sizeof(*rest));
	const struct transfer_options transfer = {
		.ca_file = options->ca_file,
		.proxy = "",
		.user_agent = user_agent,
		.max_connections_per_host = CONNECTIONS,
	};
	struct buf text;

	rest->loop = loop;
	rest->options = *options;
	limit_global_init(&rest->global, options->n_shards, clock_mono_ms());
	if (transfer_open(&rest->transfer, loop, &transfer, err) < 0) {
		xfree(&rest);
		return -1;
	}
	rest->base_url = xstrdup(options->base_url);
	buf_init(&text);
	buf_addf(&text, "Authorization: Bot %s", options->token);
	rest->token_header = buf_steal(&text);
	*rest_out = rest;
	return 0;
}

void
rest_close(struct rest **slot)
{
	struct rest *rest = STEAL(*slot);
	struct lane *lane, *next;

	if (!rest)
		return;
	transfer_close(&rest->transfer);
	HASH_ITER (hh, rest->lanes, lane, next) {
		while (lane->jobs)
			job_free(lane->jobs);
		lane_free(rest, lane);
	}
	xfree(&rest->base_url);
	xfree(&rest->token_header);
	xfree(&rest);
}

const struct rest_counters *
rest_counters(const struct rest *rest)
{
	return &rest->counters;
}
