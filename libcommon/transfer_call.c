/* One HTTP request: its options, its limits, what comes back. */

#include "libcommon/transfer_call.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"

enum {
	BUFFER_BYTES = 16 * 1024,
	/* curl 7.88 bounds a header line but not their number */
	MAX_HEADER_BYTES = 64 * 1024,
	HOST_SIZE = 128,
	/* a server that names a later time means "not today" */
	MAX_RETRY_AFTER_S = 24 * 60 * 60,
};

struct http_call {
	struct http_defaults *defaults;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	size_t max_response_bytes;
	size_t n_header_bytes, n_body_bytes;
	int64_t retry_after_ms;
	const char *const *wanted;
	char values[HTTP_WANTED_MAX][HTTP_VALUE_MAX + 1];
	bool is_too_large;
	bool is_enough; /* on_bytes said so */
	http_bytes_fn on_bytes;
	char host[HOST_SIZE]; /* for error texts: a URL may hold a secret */
	http_done_fn fn;
	void *arg;
	struct http_call *prev, *next;
};

static void
call_release(struct http_call *call)
{
	curl_multi_remove_handle(call->defaults->multi, call->easy);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	buf_release(&call->body);
	free(call);
}

void
http_call_free(struct http_call **call_ref)
{
	struct http_call *call = STEAL(*call_ref);

	if (call == NULL)
		return;
	DL_DELETE(call->defaults->calls, call);
	call_release(call);
}

void
http_calls_free(struct http_defaults *defaults)
{
	struct http_call *call, *next;

	for (call = defaults->calls; call != NULL; call = next) {
		next = call->next;
		call_release(call);
	}
	defaults->calls = NULL;
}

static const struct {
	CURLcode from;
	enum err_code to;
} codes[] = {
	{ CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_INVALID },
	{ CURLE_URL_MALFORMAT, ERR_INVALID },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_INVALID },
	{ CURLE_FILESIZE_EXCEEDED, ERR_INVALID },
	{ CURLE_HTTP2, ERR_INVALID },
};

static void
call_error(const struct http_call *call, CURLcode result, struct err *err)
{
	enum err_code code = ERR_UNAVAILABLE;

	if (call->is_too_large || result == CURLE_FILESIZE_EXCEEDED) {
		err_set(err, ERR_INVALID,
		    "%s: the response is larger than %zu bytes", call->host,
		    call->max_response_bytes);
		return;
	}
	for (size_t i = 0; i < N_OF(codes); i++)
		if (codes[i].from == result)
			code = codes[i].to;
	err_set(err, code, "%s: %s", call->host, curl_easy_strerror(result));
}

void
http_call_finish(CURL *easy, CURLcode result)
{
	struct http_response response = { .content_type = "" };
	AUTO(http_call_free)
	struct http_call *call = NULL;
	struct err err = { .code = ERR_NONE };
	char *content_type = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
	if (result != CURLE_OK && !call->is_enough) {
		call_error(call, result, &err);
		call->fn(call->arg, NULL, &err);
		return;
	}
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &response.status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &content_type);
	if (content_type != NULL)
		response.content_type = content_type;
	response.body = call->body.data;
	response.size = call->body.size;
	response.retry_after_ms = call->retry_after_ms;
	for (size_t i = 0; i < HTTP_WANTED_MAX; i++)
		response.values[i] = call->values[i];
	call->fn(call->arg, &response, &err);
}

static bool
is_handed_on(const struct http_call *call)
{
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	return call->on_bytes != NULL && status >= 200 && status < 300;
}

static size_t
on_body(char *bytes, size_t one, size_t size, void *arg)
{
	struct http_call *call = arg;

	(void)one;
	if (size > call->max_response_bytes - call->n_body_bytes) {
		call->is_too_large = true;
		return 0;
	}
	call->n_body_bytes += size;
	if (!is_handed_on(call)) {
		buf_add(&call->body, bytes, size);
		return size;
	}
	call->is_enough = !call->on_bytes(call->arg, bytes, size);
	return call->is_enough ? 0 : size;
}

/* Seconds, tolerated with a fraction, or an HTTP date. */
static int64_t
retry_after_ms(const char *value)
{
	long long seconds;
	char *end;
	time_t at;

	if (*value >= '0' && *value <= '9') {
		seconds = strtoll(value, &end, 10);
		if (*end == '.')
			seconds++;
	} else {
		at = curl_getdate(value, NULL);
		if (at < 0)
			return -1;
		seconds = (long long)at - clock_unix_ms() / 1000;
	}
	if (seconds < 0)
		seconds = 0;
	if (seconds > MAX_RETRY_AFTER_S)
		seconds = MAX_RETRY_AFTER_S;
	return seconds * 1000;
}

/* False: the line is of another header. */
static bool
header_value(
    char *out, size_t out_size, const char *line, size_t size, const char *name)
{
	size_t n = strlen(name);

	if (size <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	n++;
	while (n < size && (line[n] == ' ' || line[n] == '\t'))
		n++;
	/* curl's bytes end with the line, not with a NUL. */
	snprintf(out, out_size, "%.*s", (int)(size - n), line + n);
	out[strcspn(out, "\r\n")] = '\0';
	return true;
}

static size_t
on_header(char *bytes, size_t one, size_t size, void *arg)
{
	struct http_call *call = arg;
	char value[HTTP_VALUE_MAX + 1];

	(void)one;
	call->n_header_bytes += size;
	if (call->n_header_bytes > MAX_HEADER_BYTES) {
		call->is_too_large = true;
		return 0;
	}
	if (header_value(value, sizeof(value), bytes, size, "retry-after"))
		call->retry_after_ms = retry_after_ms(value);
	for (size_t i = 0; call->wanted && call->wanted[i]; i++)
		header_value(call->values[i], sizeof(call->values[i]), bytes,
		    size, call->wanted[i]);
	return size;
}

static bool
has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static int
check_request(const struct http_request *request, struct err *err)
{
	if (strncmp(request->url, "http://", 7) != 0 &&
	    strncmp(request->url, "https://", 8) != 0)
		return err_set(err, ERR_INVALID,
		    "the URL does not begin with http:// or https://");
	if (has_control(request->url))
		return err_set(
		    err, ERR_INVALID, "the URL holds a control character");
	for (size_t i = 0; request->headers && request->headers[i]; i++)
		if (has_control(request->headers[i]))
			return err_set(err, ERR_INVALID,
			    "a request header holds a control character");
	return 0;
}

/* Host and port only: path and query may carry a token. */
static int
call_set_host(struct http_call *call, const char *url, struct err *err)
{
	CURLU *parts = curl_url();
	char *host = NULL, *port = NULL;
	int rc = 0;

	assert(parts != NULL);
	if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		rc = err_set(err, ERR_INVALID, "the URL cannot be read");
	else if (curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK)
		snprintf(call->host, sizeof(call->host), "%s:%s", host, port);
	else
		snprintf(call->host, sizeof(call->host), "%s", host);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return rc;
}

static void
call_set_headers(struct http_call *call, const char *const *headers)
{
	/* Without this a large body waits a second for "100 Continue". */
	call->headers = curl_slist_append(NULL, "Expect:");
	for (; headers && *headers; headers++)
		call->headers = curl_slist_append(call->headers, *headers);
	assert(call->headers != NULL);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void
call_set_body(struct http_call *call, const struct http_request *request)
{
	CURL *easy = call->easy;

	if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (strcmp(request->method, "GET") == 0)
		return;
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(
	    easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
	curl_easy_setopt(
	    easy, CURLOPT_COPYPOSTFIELDS, request->body ? request->body : "");
}

static void
call_set_limits(struct http_call *call, const struct http_request *request)
{
	CURL *easy = call->easy;

	call->max_response_bytes = request->max_response_bytes;
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
	    (curl_off_t)request->max_response_bytes);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(
	    easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
	if (request->idle_timeout_ms > 0) {
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
		    (long)((request->idle_timeout_ms + 999) / 1000));
	}
}

/* curl 7.88 leaves its sockets open in children of ours. */
static int
on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)purpose;
	return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? CURL_SOCKOPT_ERROR
						  : CURL_SOCKOPT_OK;
}

/*
 * CAPATH NULL and the small buffer are memory: GnuTLS would parse the whole
 * CA directory for each connection. QUICK_EXIT: ending a call whose name is
 * still being looked up would otherwise wait for the resolver's thread.
 */
static void
call_set_defaults(struct http_call *call, const char *url)
{
	const struct http_defaults *defaults = call->defaults;
	CURL *easy = call->easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, defaults->proxy);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, defaults->user_agent);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_CAINFO, defaults->ca_file);
	if (defaults->cert_file != NULL)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, defaults->cert_file);
	if (defaults->key_file != NULL)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, defaults->key_file);
	if (defaults->accepts_any_certificate) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	curl_easy_setopt(
	    easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	if (strncmp(url, "https", 5) == 0)
		curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
}

int
http_call_start(struct http_call **call_out, struct http_defaults *defaults,
    const struct http_request *request, http_done_fn fn, void *arg,
    struct err *err)
{
	struct http_call *call;
	size_t n_wanted = 0;

	while (request->wanted && request->wanted[n_wanted])
		n_wanted++;
	assert(n_wanted <= HTTP_WANTED_MAX);
	if (check_request(request, err) < 0)
		return -1;
	call = xcalloc(1, sizeof(*call));
	if (call_set_host(call, request->url, err) < 0) {
		free(call);
		return -1;
	}
	call->defaults = defaults;
	call->fn = fn;
	call->arg = arg;
	call->retry_after_ms = -1;
	call->wanted = request->wanted;
	call->on_bytes = request->on_bytes;
	buf_init(&call->body);
	call->easy = curl_easy_init();
	assert(call->easy != NULL);
	call_set_defaults(call, request->url);
	curl_easy_setopt(call->easy, CURLOPT_URL, request->url);
	curl_easy_setopt(
	    call->easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
	call_set_headers(call, request->headers);
	call_set_body(call, request);
	call_set_limits(call, request);
	DL_APPEND(defaults->calls, call);
	curl_multi_add_handle(defaults->multi, call->easy);
	*call_out = call;
	return 0;
}
