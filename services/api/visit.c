/* A request's way through the api: its question to a daemon, its answer. */

#include "services/api/visit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "proto/shape.h"
#include "services/api/access.h"
#include "services/api/delivered.h"
#include "services/api/http_json.h"
#include "services/api/http_server.h"

enum {
	WAIT_MS = 10000, /* for answers that are not turns */
	/* An engine that is away longer is not being restarted: say so. */
	AWAY_MS = 10000,
	MAX_PAIRS = 32,
	ARENA_BYTES = 4 * 1024 * 1024,
	HEAD_BYTES = 4096, /* of an envelope, at most */
	/* Unanswered questions of one credential: a quarter of what is held,
	 * so that a greedy one leaves room. Those that its clients no longer
	 * wait for count, since the daemons still work on them. */
	MAX_QUESTIONS = HTTP_MAX_WAITING / 4,
};

/* Outlives the visit when its client leaves: the bus answers nonetheless. */
struct visit_question {
	struct visit_question *prev, *next;
	struct svc *svc;
	char asker[ID_SHA256_HEX_SIZE]; /* one credential from another */
	struct visit *visit; /* NULL: nobody wants to know any more */
	visit_answer_fn fn;
	visit_silence_fn silence;
	bool is_engine;
};

static const unsigned status_of[ERR_COUNT] = {
	[ERR_INVALID] = HTTP_BAD_REQUEST,
	[ERR_UNAUTHENTICATED] = HTTP_UNAUTHORIZED,
	[ERR_REFUSED] = HTTP_FORBIDDEN,
	[ERR_NOT_FOUND] = HTTP_NOT_FOUND,
	[ERR_CONFLICT] = HTTP_CONFLICT,
	[ERR_BUSY] = HTTP_TOO_MANY_REQUESTS,
	[ERR_UNAVAILABLE] = HTTP_UNAVAILABLE,
	[ERR_TIMEOUT] = HTTP_UNAVAILABLE,
	[ERR_INTERNAL] = HTTP_INTERNAL_ERROR,
};

static struct visit *
visit_new(struct svc *svc, struct http_exchange *exchange)
{
	struct visit *visit = xcalloc(1, sizeof(*visit));

	visit->svc = svc;
	visit->exchange = exchange;
	visit->arena = arena_new(ARENA_BYTES);
	visit->wait_ms = WAIT_MS;
	visit->delivery_id = "";
	exchange->data = visit;
	return visit;
}

static void
question_forget(struct visit *visit)
{
	struct visit_question *question = visit->question;

	if (question == NULL)
		return;
	if (question->is_engine)
		DL_DELETE(visit->svc->visits, visit);
	question->visit = NULL;
	visit->question = NULL;
}

void
visit_on_head(void *arg, struct http_exchange *exchange)
{
	struct svc *svc = arg;
	struct visit *visit = visit_new(svc, exchange);
	char allow[API_ALLOW_SIZE] = "";
	struct access_refusal refusal = access_check_head(visit, allow);

	svc->counters->n_requests++;
	if (refusal.status == 0)
		return;
	svc->counters->n_refused++;
	if (refusal.status == HTTP_METHOD_NOT_ALLOWED)
		exchange->allow = xstrdup(allow);
	http_exchange_refuse(exchange, refusal.status, refusal.text);
}

void
visit_on_request(void *arg, struct http_exchange *exchange)
{
	struct visit *visit = exchange->data;
	struct err err;

	(void)arg;
	if (visit->route->handle(visit, &err) < 0)
		visit_fail(visit, &err, 0);
}

void
visit_on_done(void *arg, struct http_exchange *exchange, bool was_delivered)
{
	struct visit *visit = exchange->data;
	(void)arg;
	log_context(visit ? visit->msg_id : "", "");
	log_debug("http", "method=%s path=%s status=%u delivered=%d",
	    log_quote(exchange->method), log_quote(exchange->path),
	    exchange->status, was_delivered);
	log_context_clear();
	if (visit == NULL)
		return;
	question_forget(visit);
	visit_ready_leave(visit);
	if (was_delivered && *visit->delivery_id != '\0')
		delivered_note(
		    visit->svc->delivered, visit->delivery_id, visit->msg_id);
	arena_free(&visit->arena);
	xfree(&exchange->data);
}

void
visit_on_tick(void *arg)
{
	static const struct err away = { ERR_UNAVAILABLE,
		"the task-engine is not there; try again with the same "
		"Idempotency-Key, and look at `agent-runtime status`" };
	struct svc *svc = arg;
	int64_t now = clock_mono_ms();
	struct visit *visit, *next;

	if (bus_is_connected(svc->bus, SVC_TASK_ENGINE)) {
		svc->engine_away_since = 0;
		return;
	}
	if (svc->engine_away_since == 0)
		svc->engine_away_since = now;
	if (now - svc->engine_away_since < AWAY_MS)
		return;
	DL_FOREACH_SAFE(svc->visits, visit, next)
	{
		if (now - visit->asked_ms < AWAY_MS)
			continue;
		question_forget(visit);
		visit_fail(visit, &away, 0);
	}
}

int
visit_body(
    struct visit *visit, const struct shape *shape, void *out, struct err *err)
{
	const struct buf *body = &visit->exchange->body;

	return http_body_decode(shape, out, body->data, body->size,
	    (visit->route->flags & API_STRICT) != 0, visit->arena, err);
}

struct pair_list {
	struct http_pair pairs[MAX_PAIRS];
	size_t n;
};

static int
add_pair(void *arg, const char *key, const char *value)
{
	struct pair_list *list = arg;

	if (list->n == MAX_PAIRS)
		return -1;
	list->pairs[list->n++] =
	    (struct http_pair){ .key = key, .value = value };
	return 0;
}

int
visit_query(
    struct visit *visit, const struct shape *shape, void *out, struct err *err)
{
	struct pair_list list = { .n = 0 };

	if (http_exchange_query(visit->exchange, add_pair, &list) < 0)
		return err_set(
		    err, ERR_INVALID, "the query has too many parameters");
	return http_query_decode(
	    shape, out, list.pairs, list.n, visit->arena, err);
}

const char *
visit_query_only(struct visit *visit, const char *name)
{
	struct pair_list list = { .n = 0 };

	if (http_exchange_query(visit->exchange, add_pair, &list) < 0 ||
	    list.n != 1 || strcmp(list.pairs[0].key, name) != 0)
		return NULL;
	return arena_strdup(visit->arena, list.pairs[0].value);
}

static void
answer_failed(
    struct visit *visit, visit_silence_fn silence, const struct err *err)
{
	static const struct err late = { ERR_TIMEOUT,
		"the daemon that answers this is busy or being restarted; try "
		"again, and look at `agent-runtime status`" };

	if (silence != NULL)
		silence(visit, err);
	else if (err->code == ERR_TIMEOUT || err->code == ERR_UNAVAILABLE)
		visit_fail(visit, &late, 0);
	else
		visit_fail(visit, err, 0);
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(xfree)
	struct visit_question *question = arg;
	struct visit *visit = question->visit;
	struct err err;

	DL_DELETE(question->svc->questions, question);
	if (visit == NULL)
		return;
	question_forget(visit);
	if (answer != NULL)
		service_proof();
	if (answer == NULL)
		answer_failed(visit, question->silence, why);
	else if (!answer->ok && answer->error.code == ERR_NOT_FOUND &&
		 question->silence != NULL)
		question->silence(visit, &answer->error);
	else if (!answer->ok)
		visit_fail(visit, &answer->error, answer->retry_after_ms);
	else if (question->fn(visit, answer->body, &err) < 0)
		visit_fail(visit, &err, 0);
}

static void
name_asker(const struct credential *who, char out[ID_SHA256_HEX_SIZE])
{
	if (*who->token_sha256 != '\0')
		snprintf(out, ID_SHA256_HEX_SIZE, "%s", who->token_sha256);
	else if (*who->subject != '\0')
		id_sha256_hex(out, who->subject, strlen(who->subject));
	else
		snprintf(
		    out, ID_SHA256_HEX_SIZE, "uid %" PRId64, who->peer_uid);
}

static int
check_room(const struct svc *svc, const char *asker, struct err *err)
{
	const struct visit_question *question;
	size_t n = 0;

	if (http_server_n_waiting(svc->server) >= HTTP_MAX_WAITING)
		return err_set(err, ERR_UNAVAILABLE,
		    "too many requests are waiting; try again");
	DL_FOREACH (svc->questions, question)
		n += strcmp(question->asker, asker) == 0;
	if (n < MAX_QUESTIONS)
		return 0;
	return err_set(err, ERR_BUSY,
	    "%zu requests with this credential wait for their answers "
	    "already; let some of them end first",
	    n);
}

static void
question_ask(struct visit *visit, struct visit_question *question)
{
	question->svc = visit->svc;
	DL_APPEND(visit->svc->questions, question);
	visit->question = question;
	question->visit = visit;
	visit->asked_ms = clock_mono_ms();
	if (question->is_engine)
		DL_APPEND(visit->svc->visits, visit);
}

/* What changes something leaves a line: the first of a message's way. */
static void
log_taken(const struct visit *visit)
{
	log_context(visit->msg_id, "");
	log_info("http-taken", "path=%s key=%s", visit->route->path,
	    log_quote(visit->key));
	log_context_clear();
}

int
visit_ask(struct visit *visit, const char *type, const void *in,
    visit_answer_fn fn, visit_silence_fn silence, struct err *err)
{
	const struct route *route = route_find(type);
	bool is_engine = route->to == SVC_BIT(SVC_TASK_ENGINE);
	bool is_main = strcmp(type, visit->route->operation) == 0;
	struct visit_question *question;
	AUTO(buf_release)
	struct buf body;
	char id[ID_ULID_SIZE], asker[ID_SHA256_HEX_SIZE];
	struct bus_call call = {
		.to = is_engine ? SVC_TASK_ENGINE : SVC_SCHEDULER,
		.type = type,
		.id = visit->is_key_ours && is_main ? visit->key : id,
		.deadline_ms = clock_unix_ms() + visit->wait_ms,
		.body = &body,
	};

	buf_init(&body);
	id_ulid(id, clock_unix_ms());
	name_asker(&visit->credential, asker);
	if (check_room(visit->svc, asker, err) < 0)
		return -1;
	shape_encode(route->body, in, &body);
	if (body.size > ENVELOPE_MAX_BYTES - HEAD_BYTES) {
		http_exchange_refuse(visit->exchange, HTTP_TOO_LARGE,
		    "the request is too large once its text is escaped");
		return 0;
	}
	question = xcalloc(1, sizeof(*question));
	memcpy(question->asker, asker, sizeof(asker));
	question->fn = fn;
	question->silence = silence;
	question->is_engine = is_engine;
	question_ask(visit, question);
	if (is_main)
		snprintf(visit->msg_id, sizeof(visit->msg_id), "%s", call.id);
	if (bus_call(visit->svc->bus, &call, on_answer, question, err) == 0) {
		/* Behind the call: the engine works while it is written. */
		if (is_main && (visit->route->flags & API_BODY))
			log_taken(visit);
		return 0;
	}
	question_forget(visit);
	DL_DELETE(visit->svc->questions, question);
	xfree(&question);
	return -1;
}

int
visit_decode(struct visit *visit, const struct shape *shape, void *out,
    const struct json *body, struct err *err)
{
	if (shape_decode(shape, out, body, visit->arena, err) == 0)
		return 0;
	err_prefix(err, "answer to %s", visit->route->operation);
	err->code = ERR_INTERNAL;
	return -1;
}

void
visit_show(struct visit *visit, unsigned status, const struct shape *shape,
    const void *in)
{
	AUTO(buf_release)
	struct buf body;

	buf_init(&body);
	http_answer_print(shape, in, &body);
	visit_answer(visit, status, &body);
}

void
visit_answer(struct visit *visit, unsigned status, struct buf *body)
{
	http_exchange_answer(visit->exchange, status, body);
}

void
visit_fail(struct visit *visit, const struct err *err, int64_t retry_after_ms)
{
	unsigned status = status_of[err->code];
	const char *text = err->text;

	assert(status != 0);
	if (status == HTTP_TOO_MANY_REQUESTS || status == HTTP_UNAVAILABLE)
		visit->exchange->retry_after_s =
		    retry_after_ms > 1000 ? (retry_after_ms + 999) / 1000 : 1;
	if (err->code == ERR_INTERNAL) {
		log_context(visit->msg_id, "");
		log_error("request-failed", "path=%s text=%s",
		    log_quote(visit->exchange->path), log_quote(err->text));
		log_context_clear();
		text = "something went wrong inside; the log has the cause";
	}
	visit->svc->counters->n_refused++;
	http_exchange_refuse(visit->exchange, status, text);
}
