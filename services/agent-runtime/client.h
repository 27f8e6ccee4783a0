#ifndef AGENT_RUNTIME_CLIENT_H
#define AGENT_RUNTIME_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"

struct err;
struct json;
struct settings;

/*
 * The commands' way to the HTTP API: one request at a time, waited for. With
 * no AGENT_RUNTIME_ADMIN_API_URL it goes through the unix socket of the data
 * directory, where being its owner is the credential; else to that URL, with a
 * token.
 */
struct client;

int client_open(struct client **client_out, const struct settings *settings,
    struct err *err) MUST_CHECK;
void client_close(struct client **client);

struct client_request {
	const char *method;
	const char *path;	/* with its query */
	const char *key;	/* Idempotency-Key; NULL: none */
	const struct buf *body; /* JSON; NULL: none */
	int64_t timeout_ms; /* 0: AGENT_RUNTIME_ADMIN_HTTP_TIMEOUT_SECONDS */
	/* Asked a few times a second while there is no answer: true, with *err
	 * filled, ends the wait. NULL: waits for the whole time. */
	bool (*give_up)(void *arg, struct err *err);
	void *arg;
};

struct client_answer {
	long status; /* 0: there was none */
	int64_t retry_after_ms;
	struct buf text;
	struct json *json; /* of a successful answer; an object */
};
void client_answer_release(struct client_answer *answer);

/*
 * Returns 0 for a status below 400, which always comes with json. Otherwise -1
 * with the server's own error text; ERR_UNAVAILABLE and ERR_TIMEOUT mean that
 * nobody answered or that it may work in a moment. answer is always set.
 */
int client_call(struct client *client, const struct client_request *request,
    struct client_answer *answer, struct err *err) MUST_CHECK;

/* Whether a `serve` of this data directory seems to be running. */
bool client_suite_is_running(const struct client *client);

/* Whether that `serve` has given up a daemon without which nothing is
 * answered; then why says which, and what to do. */
bool client_is_hopeless(const struct client *client, char why[256]);

/* What of it does not run (": api is starting"); "" when all does. */
void client_add_not_running(const struct client *client, struct buf *out);

#endif
