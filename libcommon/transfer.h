#ifndef LIBCOMMON_TRANSFER_H
#define LIBCOMMON_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct loop;

/*
 * HTTP client on the loop: libcurl's multi interface, and the only includer
 * of curl.h. http and https only, certificates verified, no redirects, no
 * proxy unless configured, no cookies, nothing from .netrc.
 */
struct transfer;
struct http_call;

struct transfer_options {
	const char *ca_file; /* "": SSL_CERT_FILE, or the system's bundle */
	const char *proxy;   /* "": none */
	const char *user_agent;
	long max_connections_per_host;
	/* PEM files of a client certificate; NULL: none. */
	const char *cert_file, *key_file;
	bool accepts_any_certificate; /* an operator's explicit wish */
};

/* A PEM file that is no regular file is ERR_REFUSED. */
int transfer_open(struct transfer **transfer_out, struct loop *loop,
    const struct transfer_options *options, struct err *err) MUST_CHECK;
void transfer_close(struct transfer **transfer); /* cancels what runs */

/*
 * Bytes of the body as they come. false: nothing more is wanted, and the call
 * ends as if the body ended there. No call may be started or cancelled here.
 */
typedef bool (*http_bytes_fn)(void *arg, const char *bytes, size_t size);

struct http_request {
	const char *method;
	const char *url;
	/* "Name: value", NULL-terminated, or NULL */
	const char *const *headers;
	const char *body; /* copied; NULL: none */
	size_t body_size;
	int64_t timeout_ms; /* whole request */
	int64_t connect_timeout_ms;
	/* no byte for so long, or a few seconds longer; 0: none */
	int64_t idle_timeout_ms;
	size_t max_response_bytes;
	const char *unix_socket; /* NULL: TCP */
	/* Gets the body of a 2xx, which the response then has not; or NULL. */
	http_bytes_fn on_bytes;
	/* Names of response headers to keep, at most HTTP_WANTED_MAX and
	 * NULL-terminated; they outlive the call. NULL: none. */
	const char *const *wanted;
};

enum { HTTP_WANTED_MAX = 8, HTTP_VALUE_MAX = 127 };

struct http_response {
	long status;
	const char *body; /* NUL-terminated; valid during the call-back */
	size_t size;
	int64_t retry_after_ms; /* -1: not said */
	const char *content_type;
	/* Of the wanted headers, in their order; "": it did not come. Longer
	 * ones are cut at HTTP_VALUE_MAX bytes. */
	const char *values[HTTP_WANTED_MAX];
};

/*
 * Called once, unless cancelled. response is NULL when err says why there is
 * none: ERR_UNAVAILABLE (no connection, cut), ERR_TIMEOUT, ERR_INVALID (too
 * large, not HTTP). err's text names no secret and no query string.
 */
typedef void (*http_done_fn)(
    void *arg, const struct http_response *response, const struct err *err);

int transfer_start(struct transfer *transfer,
    const struct http_request *request, http_done_fn fn, void *arg,
    struct http_call **call_out, struct err *err) MUST_CHECK;
/* After this fn is not called. Not from within fn. Sets *call NULL. */
void transfer_cancel(struct http_call **call);

#endif
