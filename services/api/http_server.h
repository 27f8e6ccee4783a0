#ifndef API_HTTP_SERVER_H
#define API_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"

struct err;
struct loop;
struct MHD_Connection;

/*
 * An HTTP/1.1 server on the loop over one or more listening sockets. It reads
 * whole requests of bounded size within bounded time, and holds a request
 * without cost until it is answered; a client that leaves in the meantime is
 * noticed within a second. It knows HTTP and nothing about what is asked.
 */
struct http_server;

enum {
	HTTP_MAX_BODY = 256 * 1024,
	HTTP_MAX_HEADERS = 64,
	HTTP_MAX_HEADER_BYTES = 16 * 1024,
	HTTP_MAX_CONNECTIONS = 512, /* of each listener */
	HTTP_MAX_WAITING = 256,	    /* requests held, of all listeners */
};

enum http_status {
	HTTP_OK = 200,
	HTTP_CREATED = 201,
	HTTP_ACCEPTED = 202,
	HTTP_BAD_REQUEST = 400,
	HTTP_UNAUTHORIZED = 401,
	HTTP_FORBIDDEN = 403,
	HTTP_NOT_FOUND = 404,
	HTTP_METHOD_NOT_ALLOWED = 405,
	HTTP_CONFLICT = 409,
	HTTP_TOO_LARGE = 413,
	HTTP_URI_TOO_LONG = 414,
	HTTP_UNSUPPORTED_TYPE = 415,
	HTTP_TOO_MANY_REQUESTS = 429,
	HTTP_HEADERS_TOO_LARGE = 431,
	HTTP_INTERNAL_ERROR = 500,
	HTTP_NOT_IMPLEMENTED = 501,
	HTTP_UNAVAILABLE = 503,
	HTTP_BAD_VERSION = 505,
};

/*
 * One request. The strings live until the server forgets it, which it says
 * by on_done exactly once. data is the owner's.
 */
struct http_exchange {
	const char *method;
	const char *path; /* percent-decoded */
	char *authority;  /* of a target in absolute form, or NULL */
	unsigned listener;
	int64_t peer_uid; /* of a unix socket; -1 */
	bool is_tcp;
	bool is_http_1_0;
	struct buf body;
	void *data;

	struct http_server *server;
	struct MHD_Connection *connection;
	struct http_client *client;
	struct buf answer;
	char *allow, *location; /* headers of the answer, or NULL */
	int64_t retry_after_s;	/* 0: none */
	unsigned status;	/* 0: not answered */
	size_t n_body_bytes;
	bool is_whole, is_suspended;
	bool is_gone;  /* before the answer: it gets none */
	bool had_left; /* when the answer came: it may not read it */
};

struct http_server_options {
	/* The headers are there; answering now refuses the body unread. */
	void (*on_head)(void *arg, struct http_exchange *exchange);
	/* The body is there: answer now or later. */
	void (*on_request)(void *arg, struct http_exchange *exchange);
	/* was_delivered: the whole answer left towards a client still there. */
	void (*on_done)(
	    void *arg, struct http_exchange *exchange, bool was_delivered);
	/* Each second while somebody is connected. Optional. */
	void (*on_tick)(void *arg);
	void *arg;
};

int http_server_open(struct http_server **server_out, struct loop *loop,
    const struct http_server_options *options, struct err *err) MUST_CHECK;
/* Answers nobody any more; each exchange gets its on_done. */
void http_server_close(struct http_server **server);

/* Serves a listening, non-blocking socket, which the server then owns.
 * listener is what the exchanges say; below 8. */
int http_server_listen(struct http_server *server, int fd, unsigned listener,
    struct err *err) MUST_CHECK;

/* The number of requests that wait for their answer. */
size_t http_server_n_waiting(const struct http_server *server);

/* The field's value; 1 and "" when absent, -1 when it is there more than once. */
int http_exchange_header(const struct http_exchange *exchange, const char *name,
    const char **value_out) MUST_CHECK;

/* Calls fn for each key and value of the query, percent-decoded; values that
 * are not NUL-free are refused before on_head. Stops when fn returns -1. */
typedef int (*http_pair_fn)(void *arg, const char *key, const char *value);
int http_exchange_query(const struct http_exchange *exchange, http_pair_fn fn,
    void *arg) MUST_CHECK;

/* Answers with JSON text, which is taken out of body; once only. */
void http_exchange_answer(
    struct http_exchange *exchange, unsigned status, struct buf *body);
/* Answers {"error": text}. */
void http_exchange_refuse(
    struct http_exchange *exchange, unsigned status, const char *text);

#endif
