/* HTTP calls against a server that misbehaves. */

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "libcommon/transfer.h"
#include "tests/unit/transfer/server.h"

static struct server server;
static struct loop *loop;
static struct transfer *transfer;

/* What came back, copied. */
struct result {
	bool is_done;
	bool is_response;
	long status;
	struct buf body;
	int64_t retry_after_ms;
	char values[3][HTTP_VALUE_MAX + 1];
	struct err err;
	struct buf pieces; /* of on_bytes */
	size_t enough;	   /* bytes */
	int *left;	   /* the loop stops when it is 0 */
};

static bool
on_piece(void *arg, const char *bytes, size_t size)
{
	struct result *result = arg;

	assert_false(result->is_done);
	buf_add(&result->pieces, bytes, size);
	return result->pieces.size < result->enough;
}

static void
on_done(void *arg, const struct http_response *response, const struct err *err)
{
	struct result *result = arg;

	assert_false(result->is_done);
	result->is_done = true;
	result->is_response = response != NULL;
	if (response != NULL) {
		result->status = response->status;
		result->retry_after_ms = response->retry_after_ms;
		for (size_t i = 0; i < N_OF(result->values); i++)
			snprintf(result->values[i], sizeof(result->values[i]),
			    "%s", response->values[i]);
		buf_add(&result->body, response->body, response->size);
		assert_int_equal(strlen(response->body), response->size);
	} else {
		result->err = *err;
	}
	if (--*result->left == 0)
		loop_stop(loop);
}

static void
result_release(struct result *result)
{
	buf_release(&result->body);
	buf_release(&result->pieces);
}

static const char *
url_of(const char *path)
{
	static char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", server.port, path);
	return url;
}

static struct http_request
get(const char *path)
{
	struct http_request request = { .method = "GET",
		.url = url_of(path),
		.timeout_ms = 5000,
		.connect_timeout_ms = 2000,
		.max_response_bytes = 4096 };

	return request;
}

static void
run_one(const struct http_request *request, struct result *result)
{
	struct http_call *call;
	struct err err;
	int left = 1;

	*result = (struct result){ .left = &left };
	buf_init(&result->body);
	buf_init(&result->pieces);
	if (transfer_start(transfer, request, on_done, result, &call, &err) < 0)
		fail_msg("%s", err.text);
	loop_run(loop);
	assert_true(result->is_done);
}

static const struct {
	const char *path;
	long status;
	const char *body;
	int64_t retry_least_ms, retry_most_ms;
} responses[] = {
	{ "/ok", 200, "fine", -1, -1 },
	{ "/redirect", 302, "moved", -1, -1 },
	{ "/retry-seconds", 429, "later", 7000, 7000 },
	{ "/retry-date", 503, "", 28000, 30000 },
	{ "/retry-nonsense", 429, "", -1, -1 },
};

static void
responses_come_as_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(responses); i++) {
		struct http_request request = get(responses[i].path);
		AUTO(result_release)
		struct result result;

		run_one(&request, &result);
		if (!result.is_response ||
		    result.status != responses[i].status ||
		    strcmp(result.body.data, responses[i].body) != 0)
			fail_msg("%s: %ld %s", responses[i].path, result.status,
			    result.body.data);
		if (result.retry_after_ms < responses[i].retry_least_ms ||
		    result.retry_after_ms > responses[i].retry_most_ms)
			fail_msg("%s: retry after %lld", responses[i].path,
			    (long long)result.retry_after_ms);
	}
}

/* Only what is good is handed on as it comes. */
static const struct {
	const char *path;
	size_t enough;
	bool is_response;
	const char *pieces, *body;
} handed_on[] = {
	{ "/ok", 4096, true, "fine", "" },
	{ "/ok", 1, true, "fine", "" },
	{ "/redirect", 4096, true, "", "moved" },
	{ "/cut", 4096, false, NULL, "" },
};

static void
bodies_are_handed_on_as_they_come(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(handed_on); i++) {
		struct http_request request = get(handed_on[i].path);
		AUTO(result_release)
		struct result result = { .enough = handed_on[i].enough };
		struct http_call *call;
		struct err err;
		int left = 1;

		result.left = &left;
		buf_init(&result.body);
		buf_init(&result.pieces);
		request.on_bytes = on_piece;
		if (transfer_start(
			transfer, &request, on_done, &result, &call, &err) < 0)
			fail_msg("%s", err.text);
		loop_run(loop);
		assert_int_equal(result.is_response, handed_on[i].is_response);
		assert_string_equal(result.body.data, handed_on[i].body);
		if (handed_on[i].pieces)
			assert_string_equal(
			    result.pieces.data, handed_on[i].pieces);
	}
}

static void
whoever_has_enough_ends_it(void **state)
{
	struct http_request request = get("/endless");
	AUTO(result_release)
	struct result result = { .enough = 2000 };
	struct http_call *call;
	struct err err;
	int left = 1;

	(void)state;
	result.left = &left;
	buf_init(&result.body);
	buf_init(&result.pieces);
	request.on_bytes = on_piece;
	request.max_response_bytes = 1024 * 1024;
	if (transfer_start(transfer, &request, on_done, &result, &call, &err) <
	    0)
		fail_msg("%s", err.text);
	loop_run(loop);
	assert_true(result.is_response);
	assert_int_equal(result.status, 200);
	assert_true(result.pieces.size >= 2000);
	assert_true(result.pieces.size < 1024 * 1024);
}

static void
wanted_headers_are_kept_and_no_others(void **state)
{
	static const char *const wanted[] = { "X-RateLimit-Scope",
		"X-RateLimit-Remaining", "X-RateLimit-Bucket", NULL };
	struct http_request request = get("/limits");
	AUTO(result_release)
	struct result result;

	(void)state;
	request.wanted = wanted;
	run_one(&request, &result);
	assert_string_equal(result.values[0], "user");
	assert_string_equal(result.values[1], "4");
	assert_string_equal(result.values[2], "");
}

static const struct {
	const char *path;
	enum err_code code;
	const char *has;
	int64_t timeout_ms, idle_ms, at_most_ms;
} failures[] = {
	{ "/cut?key=secret", ERR_UNAVAILABLE, "127.0.0.1", 5000, 0, 2000 },
	{ "/close", ERR_UNAVAILABLE, "127.0.0.1", 5000, 0, 2000 },
	{ "/not-http", ERR_INVALID, "", 5000, 0, 2000 },
	{ "/large", ERR_INVALID, "larger than 4096 bytes", 5000, 0, 2000 },
	{ "/endless", ERR_INVALID, "larger than 4096 bytes", 5000, 0, 2000 },
	{ "/headers", ERR_INVALID, "", 5000, 0, 2000 },
	{ "/hang", ERR_TIMEOUT, "127.0.0.1", 300, 0, 2000 },
	{ "/stall", ERR_TIMEOUT, "", 300, 0, 2000 },
	/* curl averages over some seconds */
	{ "/stall", ERR_TIMEOUT, "", 20000, 1000, 10000 },
};

static void
failures_are_told_apart_and_end_in_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(failures); i++) {
		struct http_request request = get(failures[i].path);
		AUTO(result_release)
		struct result result;
		int64_t begin_ms = clock_mono_ms();

		request.timeout_ms = failures[i].timeout_ms;
		request.idle_timeout_ms = failures[i].idle_ms;
		run_one(&request, &result);
		if (result.is_response || result.err.code != failures[i].code)
			fail_msg("%s: %s %s", failures[i].path,
			    err_code_name(result.err.code), result.err.text);
		if (strstr(result.err.text, failures[i].has) == NULL ||
		    strstr(result.err.text, "secret") != NULL)
			fail_msg("%s: %s", failures[i].path, result.err.text);
		if (clock_mono_ms() - begin_ms > failures[i].at_most_ms)
			fail_msg("%s: took %lld ms", failures[i].path,
			    (long long)(clock_mono_ms() - begin_ms));
	}
}

static void
nobody_listening_is_unavailable(void **state)
{
	struct http_request request = get("/ok");
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	AUTO(result_release)
	struct result result;
	char url[64];

	(void)state;
	/* Bound and not listened at: nobody else can take the port. */
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	snprintf(
	    url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
	request.url = url;
	run_one(&request, &result);
	assert_int_equal(result.err.code, ERR_UNAVAILABLE);
	close(fd);
}

static void
request_is_sent_as_asked(void **state)
{
	static const char *const headers[] = { "X-Key: abc", NULL };
	struct http_request request = get("/echo");
	AUTO(result_release)
	struct result result;

	(void)state;
	request.method = "PUT";
	request.headers = headers;
	request.body = "a\0b";
	request.body_size = 3;
	run_one(&request, &result);
	assert_int_equal(strncmp(result.body.data, "PUT /echo", 9), 0);
	assert_non_null(strstr(result.body.data, "\r\nX-Key: abc\r\n"));
	assert_non_null(strstr(result.body.data, "\r\nContent-Length: 3\r\n"));
	assert_non_null(strstr(result.body.data, "\r\nUser-Agent: test/1\r\n"));
	assert_null(strstr(result.body.data, "Expect"));
}

static void
large_bodies_go_out_whole(void **state)
{
	struct http_request request = get("/ok");
	AUTO(result_release)
	struct result result;
	AUTO(buf_release)
	struct buf body;

	(void)state;
	buf_init(&body);
	memset(buf_grow(&body, 900 * 1024), 'x', 900 * 1024);
	request.method = "POST";
	request.body = body.data;
	request.body_size = body.size;
	run_one(&request, &result);
	assert_int_equal(result.status, 200);
}

static void
unix_sockets_work(void **state)
{
	struct http_request request = get("/ok");
	AUTO(result_release)
	struct result result;

	(void)state;
	request.url = "http://localhost/ok";
	request.unix_socket = server.socket_path;
	run_one(&request, &result);
	assert_int_equal(result.status, 200);
}

static const struct {
	const char *url;
	const char *header;
} wrong[] = {
	{ "file:///etc/passwd", NULL },
	{ "ftp://127.0.0.1/", NULL },
	{ "http://", NULL },
	{ "http://127.0.0.1/\r\nX: y", NULL },
	{ "http://127.0.0.1/", "X-Key: a\r\nX-Other: b" },
};

static void
wrong_requests_are_refused_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(wrong); i++) {
		const char *headers[] = { wrong[i].header, NULL };
		struct http_request request = get("/ok");
		struct http_call *call = NULL;
		struct err err = { .code = ERR_NONE };

		request.url = wrong[i].url;
		request.headers = headers;
		assert_int_equal(transfer_start(transfer, &request, on_done,
				     NULL, &call, &err),
		    -1);
		assert_int_equal(err.code, ERR_INVALID);
		assert_null(strstr(err.text, "passwd"));
	}
}

static void
many_run_at_once(void **state)
{
	enum { N = 50 };
	struct result results[N] = { 0 };
	struct http_request request = get("/ok");
	struct http_call *call;
	struct err err;
	int left = N;

	(void)state;
	for (int i = 0; i < N; i++) {
		results[i].left = &left;
		buf_init(&results[i].body);
		if (transfer_start(transfer, &request, on_done, &results[i],
			&call, &err) < 0)
			fail_msg("%s", err.text);
	}
	loop_run(loop);
	for (int i = 0; i < N; i++) {
		assert_int_equal(results[i].status, 200);
		result_release(&results[i]);
	}
}

static void
cancelled_calls_are_silent(void **state)
{
	struct http_request hang = get("/hang"), ok;
	struct http_call *call;
	AUTO(result_release)
	struct result silent, result;
	int left = 1;
	struct err err;

	(void)state;
	silent = (struct result){ .left = &left };
	buf_init(&silent.body);
	if (transfer_start(transfer, &hang, on_done, &silent, &call, &err) < 0)
		fail_msg("%s", err.text);
	ok = get("/ok");
	run_one(&ok, &result);
	transfer_cancel(&call);
	assert_null(call);
	ok = get("/ok");
	result_release(&result);
	run_one(&ok, &result);
	assert_false(silent.is_done);
}

/* A call-back that starts the next call and cancels another. */
struct chain {
	int n;
	struct http_call *victim;
};

static void
on_chain(
    void *arg, const struct http_response *response, const struct err *error)
{
	struct chain *chain = arg;
	struct http_request request = get("/ok");
	struct http_call *call;
	struct err err;

	(void)error;
	assert_non_null(response);
	transfer_cancel(&chain->victim);
	if (++chain->n == 10)
		loop_stop(loop);
	else if (transfer_start(
		     transfer, &request, on_chain, chain, &call, &err) < 0)
		fail_msg("%s", err.text);
}

static void
callbacks_may_start_and_cancel(void **state)
{
	struct chain chain = { 0 };
	struct http_request hang = get("/hang"), ok;
	struct http_call *call;
	struct err err;

	(void)state;
	if (transfer_start(
		transfer, &hang, on_chain, &chain, &chain.victim, &err) < 0)
		fail_msg("%s", err.text);
	ok = get("/ok");
	if (transfer_start(transfer, &ok, on_chain, &chain, &call, &err) < 0)
		fail_msg("%s", err.text);
	loop_run(loop);
	assert_int_equal(chain.n, 10);
}

static void
a_pem_file_is_a_regular_one(void **state)
{
	static const struct transfer_options options[] = {
		{ .ca_file = "/dev/null", .proxy = "", .user_agent = "t" },
		{ .ca_file = "",
		    .proxy = "",
		    .user_agent = "t",
		    .cert_file = "/",
		    .key_file = "" },
		{ .ca_file = "",
		    .proxy = "",
		    .user_agent = "t",
		    .cert_file = "",
		    .key_file = "/dev/zero" },
	};
	struct transfer *refused;
	struct err err;

	(void)state;
	for (size_t i = 0; i < N_OF(options); i++) {
		assert_int_equal(
		    transfer_open(&refused, loop, &options[i], &err), -1);
		assert_int_equal(err.code, ERR_REFUSED);
		assert_non_null(strstr(err.text, "the PEM file /"));
	}
}

static int
setup(void **state)
{
	struct transfer_options options = { .ca_file = "",
		.proxy = "",
		.user_agent = "test/1",
		.max_connections_per_host = 8 };
	struct err err;

	(void)state;
	server_start(&server);
	if (loop_open(&loop, &err) < 0 ||
	    transfer_open(&transfer, loop, &options, &err) < 0)
		return -1;
	return 0;
}

/* Closing with a call under way must end it in silence. */
static int
teardown(void **state)
{
	struct http_request hang = get("/hang");
	struct http_call *call;
	struct err err;

	(void)state;
	if (transfer_start(transfer, &hang, on_done, NULL, &call, &err) < 0)
		return -1;
	transfer_close(&transfer);
	loop_close(&loop);
	server_stop(&server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pem_file_is_a_regular_one),
		cmocka_unit_test(responses_come_as_they_are),
		cmocka_unit_test(bodies_are_handed_on_as_they_come),
		cmocka_unit_test(whoever_has_enough_ends_it),
		cmocka_unit_test(wanted_headers_are_kept_and_no_others),
		cmocka_unit_test(failures_are_told_apart_and_end_in_time),
		cmocka_unit_test(nobody_listening_is_unavailable),
		cmocka_unit_test(request_is_sent_as_asked),
		cmocka_unit_test(large_bodies_go_out_whole),
		cmocka_unit_test(unix_sockets_work),
		cmocka_unit_test(wrong_requests_are_refused_at_once),
		cmocka_unit_test(many_run_at_once),
		cmocka_unit_test(cancelled_calls_are_silent),
		cmocka_unit_test(callbacks_may_start_and_cancel),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
