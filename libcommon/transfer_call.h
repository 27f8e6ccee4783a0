#ifndef LIBCOMMON_TRANSFER_CALL_H
#define LIBCOMMON_TRANSFER_CALL_H

#include <curl/curl.h>

#include "libcommon/defs.h"
#include "libcommon/transfer.h"

/*
 * Inside transfer: one request, from its options to its response. The multi
 * handle that it runs in belongs to transfer.c.
 */
struct http_call;

/* What all calls of one transfer share; outlives them. */
struct http_defaults {
	CURLM *multi;
	char *ca_file, *proxy, *user_agent;
	char *cert_file, *key_file; /* or NULL */
	bool accepts_any_certificate;
	struct http_call *calls; /* those that run */
};

int http_call_start(struct http_call **call_out, struct http_defaults *defaults,
    const struct http_request *request, http_done_fn fn, void *arg,
    struct err *err) MUST_CHECK;

/* The call that curl is done with: tells its owner and frees it. */
void http_call_finish(CURL *easy, CURLcode result);
void http_call_free(struct http_call **call);
void http_calls_free(struct http_defaults *defaults); /* all that run */

#endif
