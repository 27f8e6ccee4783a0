/* One HTTP request of a command, waited for. */

#include "services/agent-runtime/client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "libcommon/loop.h"
#include "libcommon/transfer.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/standing.h"

enum {
	CONNECT_MS = 5000,
	TOKEN_MAX = 4096,
	MAX_HEADERS = 4,
	MAX_RESPONSE = 4 * 1024 * 1024,
	WATCH_MS = 200,
};

struct client {
	struct loop *loop;
	struct transfer *transfer;
	char *base;	     /* "http://localhost" */
	char *socket;	     /* NULL: base says where */
	char *authorization; /* a header, or NULL */
	char *run_dir;
	int64_t timeout_ms;
};

static char *
join(const char *a, const char *b)
{
	char *out = NULL;

	if (asprintf(&out, "%s%s", a, b) < 0)
		abort();
	return out;
}

/* why is what the only token there could be was not read for. */
static int
do_without_token(const struct settings *settings, const char *path,
    const struct err *why, struct err *err)
{
	/* A proxy that checks certificates asks for no token. */
	if (settings->admin_tls_cert_file[0] != '\0')
		return 0;
	if (why->code == ERR_NOT_FOUND)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_ADMIN_API_URL is set and there is neither "
		    "AGENT_RUNTIME_ADMIN_TOKEN nor %s nor a client "
		    "certificate: set one of them",
		    path);
	return err_set(err, ERR_INVALID,
	    "%s: it is the token for AGENT_RUNTIME_ADMIN_API_URL; mend it, or "
	    "set AGENT_RUNTIME_ADMIN_TOKEN",
	    why->text);
}

static int
read_token(
    struct client *client, const struct settings *settings, struct err *err)
{
	AUTO(xfree)
	char *path = join(client->run_dir, "/admin.token");
	AUTO(buf_release)
	struct buf text;
	struct err why;

	buf_init(&text);
	if (settings->admin_token[0] != '\0')
		buf_adds(&text, settings->admin_token);
	else if (file_read(&text, AT_FDCWD, path, TOKEN_MAX, &why) < 0)
		return do_without_token(settings, path, &why, err);
	text.data[strcspn(text.data, "\r\n")] = '\0';
	client->authorization = join("Authorization: Bearer ", text.data);
	return 0;
}

static int
find_server(
    struct client *client, const struct settings *settings, struct err *err)
{
	const char *url = settings->admin_api_url;
	size_t size = strlen(url);

	if (size == 0) {
		client->base = xstrdup("http://localhost");
		client->socket = join(client->run_dir, "/api.sock");
		return 0;
	}
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_ADMIN_API_URL: \"%s\" is no URL; allowed "
		    "are http://… and https://…, or empty for the data "
		    "directory's own socket",
		    url);
	client->base = xstrdup(url);
	while (size > 0 && client->base[size - 1] == '/')
		client->base[--size] = '\0';
	return read_token(client, settings, err);
}

static int
connect_parts(
    struct client *client, const struct settings *settings, struct err *err)
{
	const char *cert = settings->admin_tls_cert_file;
	const char *key = settings->admin_tls_key_file;
	struct transfer_options options = {
		.ca_file = settings->admin_tls_ca_file,
		.proxy = "",
		.user_agent = "agent-runtime/" AGENT_RUNTIME_VERSION,
		.max_connections_per_host = 1,
		.cert_file = *cert != '\0' ? cert : NULL,
		.key_file = *key != '\0' ? key : NULL,
		.accepts_any_certificate = settings->admin_tls_skip_verify,
	};

	if (find_server(client, settings, err) < 0 ||
	    loop_open(&client->loop, err) < 0)
		return -1;
	return transfer_open(&client->transfer, client->loop, &options, err);
}

int
client_open(struct client **client_out, const struct settings *settings,
    struct err *err)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->run_dir = join(settings->data_dir, "/run");
	client->timeout_ms = settings->admin_http_timeout_s * 1000;
	if (connect_parts(client, settings, err) < 0) {
		client_close(&client);
		return -1;
	}
	*client_out = client;
	return 0;
}

void
client_close(struct client **slot)
{
	struct client *client = *slot;

	if (client == NULL)
		return;
	transfer_close(&client->transfer);
	if (client->loop != NULL)
		loop_close(&client->loop);
	xfree(&client->base);
	xfree(&client->socket);
	xfree(&client->authorization);
	xfree(&client->run_dir);
	xfree(slot);
}

void
client_answer_release(struct client_answer *answer)
{
	buf_release(&answer->text);
	json_free(&answer->json);
}

struct wait {
	struct client *client;
	const struct client_request *request;
	struct client_answer *answer;
	struct http_call *call;
	struct err err;
	bool was_given_up;
};

static void
on_done(void *arg, const struct http_response *response, const struct err *err)
{
	struct wait *wait = arg;

	if (response == NULL) {
		wait->err = *err;
	} else {
		wait->answer->status = response->status;
		wait->answer->retry_after_ms = response->retry_after_ms;
		buf_add(&wait->answer->text, response->body, response->size);
	}
	loop_stop(wait->client->loop);
}

bool
client_suite_is_running(const struct client *client)
{
	AUTO(json_free)
	struct json *report = standing_read(client->run_dir);

	return report != NULL;
}

bool
client_is_hopeless(const struct client *client, char why[256])
{
	AUTO(json_free)
	struct json *report = NULL;

	if (client->socket == NULL)
		return false; /* a server elsewhere */
	report = standing_read(client->run_dir);
	return standing_is_hopeless(report, NULL, why);
}

void
client_add_not_running(const struct client *client, struct buf *out)
{
	AUTO(json_free)
	struct json *report = NULL;

	if (client->socket == NULL)
		return; /* a server elsewhere */
	report = standing_read(client->run_dir);
	standing_add_not_running(out, report);
}

/* It was reached and said nothing in time, or was not reached in time. */
static int
too_late(const struct client *client, const struct err *why, struct err *err)
{
	AUTO(buf_release)
	struct buf who;

	if (client->socket == NULL)
		return err_set(err, ERR_TIMEOUT,
		    "%s; look there with `agent-runtime status`, or wait "
		    "longer (AGENT_RUNTIME_ADMIN_HTTP_TIMEOUT_SECONDS, "
		    "--timeout-sec)",
		    why->text);
	buf_init(&who);
	client_add_not_running(client, &who);
	return err_set(err, ERR_TIMEOUT,
	    "the suite runs but does not answer in time%s; see `agent-runtime "
	    "logs` and `agent-runtime doctor`",
	    who.size > 0 ? who.data : "");
}

/* Nobody there: say what to do, not which call failed. */
static int
nobody_answers(
    const struct client *client, const struct err *why, struct err *err)
{
	char hopeless[sizeof(err->text)];

	if (client_is_hopeless(client, hopeless))
		return err_set(err, ERR_UNAVAILABLE, "%s", hopeless);
	if (why->code == ERR_TIMEOUT)
		return too_late(client, why, err);
	if (why->code != ERR_UNAVAILABLE || client->socket == NULL) {
		*err = *why;
		return -1;
	}
	if (client_suite_is_running(client))
		return err_set(err, ERR_UNAVAILABLE,
		    "the api does not answer at %s; it is being started or "
		    "restarted: see `agent-runtime logs` and `agent-runtime "
		    "doctor`",
		    client->socket);
	return err_set(err, ERR_UNAVAILABLE,
	    "the suite is not running (nobody answers at %s); start it with "
	    "`agent-runtime serve` or ./scripts/run",
	    client->socket);
}

static void
on_watch(void *arg)
{
	struct wait *wait = arg;

	if (!wait->request->give_up(wait->request->arg, &wait->err))
		return;
	wait->was_given_up = true;
	transfer_cancel(&wait->call);
	loop_stop(wait->client->loop);
}

static void
run_until_done(struct client *client, struct wait *wait)
{
	struct timer *watch = timer_new(client->loop, on_watch, wait);

	if (wait->request->give_up != NULL)
		timer_start(watch, WATCH_MS, WATCH_MS);
	loop_run(client->loop);
	timer_free(&watch);
}

static enum err_code
code_of_status(long status)
{
	static const struct {
		long status;
		enum err_code code;
	} codes[] = {
		{ 401, ERR_UNAUTHENTICATED },
		{ 403, ERR_REFUSED },
		{ 404, ERR_NOT_FOUND },
		{ 409, ERR_CONFLICT },
		{ 429, ERR_BUSY },
		{ 502, ERR_UNAVAILABLE },
		{ 503, ERR_UNAVAILABLE },
		{ 504, ERR_UNAVAILABLE },
	};

	for (size_t i = 0; i < N_OF(codes); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return status < 500 ? ERR_INVALID : ERR_INTERNAL;
}

static int
judge(struct client_answer *answer, struct err *err)
{
	struct err ignored;
	const char *text;

	if (json_parse(&answer->json, answer->text.data, answer->text.size,
		&ignored) == 0 &&
	    json_type(answer->json) == JSON_OBJECT && answer->status < 400)
		return 0;
	if (answer->status < 400)
		return err_set(err, ERR_UNAVAILABLE,
		    "what answers there is not agent-runtime's API (status "
		    "%ld, no JSON object)",
		    answer->status);
	text = answer->json != NULL
		   ? json_str(json_get(answer->json, "error"), "")
		   : "";
	if (*text == '\0')
		return err_set(err, code_of_status(answer->status),
		    "the server answered with status %ld", answer->status);
	return err_set(err, code_of_status(answer->status), "%s", text);
}

static void
collect_headers(const struct client *client,
    const struct client_request *request, char **key_out,
    const char *headers[MAX_HEADERS])
{
	size_t n = 0;

	if (client->authorization != NULL)
		headers[n++] = client->authorization;
	if (request->body != NULL)
		headers[n++] = "Content-Type: application/json";
	if (request->key != NULL) {
		*key_out = join("Idempotency-Key: ", request->key);
		headers[n++] = *key_out;
	}
	headers[n] = NULL;
}

int
client_call(struct client *client, const struct client_request *request,
    struct client_answer *answer, struct err *err)
{
	struct wait wait = {
		.client = client, .request = request, .answer = answer
	};
	AUTO(xfree)
	char *url = join(client->base, request->path);
	AUTO(xfree)
	char *key = NULL;
	const char *headers[MAX_HEADERS];
	struct http_request http = {
		.method = request->method,
		.url = url,
		.headers = headers,
		.body = request->body != NULL ? request->body->data : NULL,
		.body_size = request->body != NULL ? request->body->size : 0,
		.timeout_ms = request->timeout_ms > 0 ? request->timeout_ms
						      : client->timeout_ms,
		.connect_timeout_ms = CONNECT_MS,
		.max_response_bytes = MAX_RESPONSE,
		.unix_socket = client->socket,
	};

	*answer = (struct client_answer){ .retry_after_ms = -1 };
	buf_init(&answer->text);
	collect_headers(client, request, &key, headers);
	if (transfer_start(
		client->transfer, &http, on_done, &wait, &wait.call, err) < 0)
		return -1;
	run_until_done(client, &wait);
	if (wait.was_given_up) {
		*err = wait.err;
		return -1;
	}
	if (answer->status == 0)
		return nobody_answers(client, &wait.err, err);
	return judge(answer, err);
}
