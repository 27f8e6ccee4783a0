#ifndef GATEWAY_DISCORD_REST_H
#define GATEWAY_DISCORD_REST_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct json;
struct loop;

/*
 * Discord's REST interface: one request of a lane after another, each lane and
 * all together within the limits that Discord tells. 429 is waited for, 5xx
 * and broken connections are tried again. 401 ends everything that needs the
 * token: Discord bans who goes on.
 */
struct rest;

struct rest_options {
	const char *base_url; /* "https://discord.com/api/v10" */
	const char *token;
	const char *ca_file;
	int64_t n_shards; /* that share the limit of all together */
	/* Once, when the token was refused. */
	void (*on_refused)(void *arg);
	void *arg;
};

int rest_open(struct rest **rest_out, struct loop *loop,
    const struct rest_options *options, struct err *err) MUST_CHECK;
/* Drops what is under way. */
void rest_close(struct rest **rest);

enum rest_flag {
	/* Its own URL is the credential, and no limit holds: interactions. */
	REST_NO_TOKEN = 1,
	/* Nobody waits for it: sent once, when nothing else needs the limit,
	 * and given up soon. */
	REST_IDLE = 2,
};

struct rest_request {
	const char *method;
	const char *path; /* beneath the base; never logged */
	const char *lane; /* method, route and top-level id */
	const char *body; /* JSON, or NULL */
	unsigned flags;
	/* How long it may take with all waiting; 0: half a minute. */
	int64_t within_ms;
};

struct rest_answer {
	long status;
	const struct json *json; /* NULL: no body, or none that can be read */
	int64_t code;		 /* Discord's, 0: none */
	const char *text;	 /* what Discord says of an error, or "" */
};

/*
 * Called once, never from within rest_call. answer NULL: none by the time;
 * err says why, and retry_after_ms, when it is not 0, that Discord has surely
 * not done it and when to come again.
 */
typedef void (*rest_fn)(void *arg, const struct rest_answer *answer,
    const struct err *err, int64_t retry_after_ms);

/* All strings are copied. fn may be NULL. */
void rest_call(struct rest *rest, const struct rest_request *request,
    rest_fn fn, void *arg);

struct rest_counters {
	int64_t requests, rate_limited, failures;
};
const struct rest_counters *rest_counters(const struct rest *rest);

#endif
