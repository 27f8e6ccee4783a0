/* One HTTP request: its beginning, its body, its answer. */

#include "services/api/http_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/api/http_guard.h"
#include "services/api/http_linger.h"

/* So much of a body without a length is read to say 413 politely. */
enum { MAX_DISCARDED = 4 * 1024 * 1024 };

static void
add_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (value != NULL)
		MHD_add_response_header(response, name, value);
}

static enum MHD_Result
exchange_queue(struct http_exchange *exchange)
{
	size_t size = exchange->answer.size;
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    size, buf_steal(&exchange->answer), MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;
	char retry[24];

	add_header(response, "Content-Type", "application/json");
	add_header(response, "Cache-Control", "no-store");
	add_header(response, "X-Content-Type-Options", "nosniff");
	add_header(response, "Allow", exchange->allow);
	add_header(response, "Location", exchange->location);
	if (exchange->status == HTTP_UNAUTHORIZED)
		add_header(response, "WWW-Authenticate",
		    "Bearer realm=\"agent-runtime\"");
	if (exchange->retry_after_s > 0) {
		snprintf(retry, sizeof(retry), "%lld",
		    (long long)exchange->retry_after_s);
		add_header(response, "Retry-After", retry);
	}
	client_enter(exchange->client, PHASE_SENDING);
	result = MHD_queue_response(
	    exchange->connection, exchange->status, response);
	MHD_destroy_response(response);
	return result;
}

/* url is what is left of the target once its escapes and query are off. */
static void
take_target(struct http_exchange *exchange, const char *url)
{
	const struct http_target *target = &exchange->client->target;

	exchange->path = url;
	if (target->path == 0 || target->fault != NULL)
		return;
	exchange->authority = xcalloc(1, target->path - target->authority + 1);
	memcpy(exchange->authority, url + target->authority,
	    target->path - target->authority);
	if (url[target->path] == '/')
		exchange->path = url + target->path;
	else
		exchange->path = "/";
}

static enum MHD_Result
exchange_begin(struct http_listener *listener,
    struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, void **slot)
{
	struct http_exchange *exchange = xcalloc(1, sizeof(*exchange));
	struct refusal refusal;

	exchange->client = client_of(connection);
	exchange->client->exchange = exchange;
	exchange->server = listener->server;
	exchange->connection = connection;
	exchange->method = method;
	take_target(exchange, url);
	exchange->listener = listener->number;
	exchange->peer_uid = exchange->client->peer_uid;
	exchange->is_tcp = listener->is_tcp;
	buf_init(&exchange->body);
	buf_init(&exchange->answer);
	*slot = exchange;
	client_enter(exchange->client, PHASE_BODY);

	refusal = head_check(exchange, version);
	if (refusal.status != 0)
		http_exchange_refuse(exchange, refusal.status, refusal.text);
	else
		listener->server->options.on_head(
		    listener->server->options.arg, exchange);
	return exchange->status != 0 ? exchange_queue(exchange) : MHD_YES;
}

/* MHD takes no answer while a body comes in: the rest is read and dropped. */
static enum MHD_Result
exchange_take_body(
    struct http_exchange *exchange, const char *upload, size_t *upload_size)
{
	size_t size = *upload_size;

	*upload_size = 0;
	exchange->n_body_bytes += size;
	if (exchange->n_body_bytes > MAX_DISCARDED)
		return MHD_NO;
	if (exchange->n_body_bytes <= HTTP_MAX_BODY)
		buf_add(&exchange->body, upload, size);
	return MHD_YES;
}

static void
exchange_dispatch(struct http_exchange *exchange)
{
	struct http_server *server = exchange->server;

	exchange->is_whole = true;
	client_enter(exchange->client, PHASE_WAITING);
	if (exchange->n_body_bytes > HTTP_MAX_BODY)
		http_exchange_refuse(exchange, HTTP_TOO_LARGE,
		    "the body is larger than 256 KiB");
	else
		server->options.on_request(server->options.arg, exchange);
	buf_release(&exchange->body);
}

enum MHD_Result
exchange_on_access(void *cls, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **slot)
{
	struct http_exchange *exchange = *slot;

	if (exchange == NULL)
		return exchange_begin(
		    cls, connection, url, method, version, slot);
	if (exchange->is_gone)
		return MHD_NO;
	if (*upload_size > 0)
		return exchange_take_body(exchange, upload, upload_size);
	if (!exchange->is_whole)
		exchange_dispatch(exchange);
	if (exchange->status != 0)
		return exchange_queue(exchange);
	exchange->is_suspended = true;
	exchange->server->n_waiting++;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static void
exchange_resume(struct http_exchange *exchange)
{
	exchange->is_suspended = false;
	exchange->server->n_waiting--;
	exchange->client->listener->is_due = true;
	MHD_resume_connection(exchange->connection);
}

void
exchange_drop(struct http_exchange *exchange)
{
	assert(exchange->is_suspended);
	exchange->is_gone = true;
	exchange_resume(exchange);
}

void
exchange_on_completed(void *cls, struct MHD_Connection *connection, void **slot,
    enum MHD_RequestTerminationCode how)
{
	struct http_listener *listener = cls;
	struct http_exchange *exchange = *slot;

	(void)connection;
	if (exchange == NULL)
		return;
	*slot = NULL;
	if (exchange->status != 0 && !exchange->is_whole)
		linger(listener->server->lingerers, exchange->client->fd);
	exchange->client->exchange = NULL;
	client_enter(exchange->client, PHASE_IDLE);
	listener->server->options.on_done(listener->server->options.arg,
	    exchange,
	    how == MHD_REQUEST_TERMINATED_COMPLETED_OK && !exchange->had_left);
	buf_release(&exchange->body);
	buf_release(&exchange->answer);
	xfree(&exchange->authority);
	xfree(&exchange->allow);
	xfree(&exchange->location);
	xfree(&exchange);
}

struct header_search {
	const char *name, *value;
	size_t n_found;
};

static enum MHD_Result
find_header(
    void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct header_search *search = cls;

	(void)kind;
	if (strcasecmp(key, search->name) == 0) {
		search->n_found++;
		search->value = value != NULL ? value : "";
	}
	return MHD_YES;
}

int
http_exchange_header(const struct http_exchange *exchange, const char *name,
    const char **value_out)
{
	struct header_search search = { .name = name, .value = "" };

	MHD_get_connection_values(
	    exchange->connection, MHD_HEADER_KIND, find_header, &search);
	*value_out = search.value;
	if (search.n_found > 1)
		return -1;
	return search.n_found == 0;
}

struct pair_walk {
	http_pair_fn fn;
	void *arg;
	int result;
};

static enum MHD_Result
walk_pair(
    void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct pair_walk *walk = cls;

	(void)kind;
	walk->result = walk->fn(walk->arg, key, value != NULL ? value : "");
	return walk->result < 0 ? MHD_NO : MHD_YES;
}

int
http_exchange_query(
    const struct http_exchange *exchange, http_pair_fn fn, void *arg)
{
	struct pair_walk walk = { .fn = fn, .arg = arg };

	MHD_get_connection_values(
	    exchange->connection, MHD_GET_ARGUMENT_KIND, walk_pair, &walk);
	return walk.result;
}

void
http_exchange_answer(
    struct http_exchange *exchange, unsigned status, struct buf *body)
{
	assert(exchange->status == 0);
	exchange->status = status;
	buf_add(body, "\n", 1);
	buf_release(&exchange->answer);
	exchange->answer = *body;
	buf_init(body);
	if (!exchange->is_suspended)
		return;
	/* It may still read, but nobody will know whether it did. */
	exchange->had_left = client_has_left(exchange->client);
	exchange_resume(exchange);
}

void
http_exchange_refuse(
    struct http_exchange *exchange, unsigned status, const char *text)
{
	AUTO(buf_release)
	struct buf body;
	struct json_out out;

	buf_init(&body);
	json_out_init(&out, &body);
	json_out_object(&out, NULL);
	json_out_str(&out, "error", text);
	json_out_object_end(&out);
	http_exchange_answer(exchange, status, &body);
}
