#ifndef API_VISIT_H
#define API_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "libcommon/id.h"
#include "proto/credential.h"
#include "services/api/routes.h"

struct arena;
struct http_exchange;
struct json;
struct shape;

/*
 * One HTTP request on its way through the api: what was asked, by whom as far
 * as we can tell, and the one question to a daemon that it waits for. Strings
 * live in its arena, which ends with it.
 */
struct visit {
	struct svc *svc;
	struct http_exchange *exchange;
	const struct api_route *route;
	struct arena *arena;
	struct credential credential;
	const char *key; /* the client's Idempotency-Key, or one of ours */
	char msg_id[ID_ULID_SIZE]; /* of its envelope; "": none was sent */
	bool is_key_ours;	   /* a ULID: the envelope gets it as its id */
	int64_t wait_ms;	   /* for an answer of a daemon */
	const char
	    *delivery_id; /* told to the engine once it was handed over */
	struct visit_question *question;
	int64_t asked_ms; /* monotonic */
	bool waits_for_ready;
	struct visit *prev, *next;
};

/* The http_server's call-backs; arg is the struct svc. */
void visit_on_head(void *arg, struct http_exchange *exchange);
void visit_on_request(void *arg, struct http_exchange *exchange);
void
visit_on_done(void *arg, struct http_exchange *exchange, bool was_delivered);
/* Answers 503 to whoever has waited for an engine that stays away. */
void visit_on_tick(void *arg);

/* The request's body or query as the body of a bus message. */
int visit_body(struct visit *visit, const struct shape *shape, void *out,
    struct err *err) MUST_CHECK;
int visit_query(struct visit *visit, const struct shape *shape, void *out,
    struct err *err) MUST_CHECK;
/* The query's only parameter if it has that name; NULL otherwise. */
const char *visit_query_only(struct visit *visit, const char *name);

/*
 * Asks the daemon that the bus's route names. fn gets the answer's body; if
 * there is none, silence gets the reason (NULL: it is answered by its code).
 */
typedef int (*visit_answer_fn)(
    struct visit *visit, const struct json *body, struct err *err);
typedef void (*visit_silence_fn)(struct visit *visit, const struct err *why);
int visit_ask(struct visit *visit, const char *type, const void *in,
    visit_answer_fn fn, visit_silence_fn silence, struct err *err) MUST_CHECK;

/* A daemon's answer that is not what the protocol says is our trouble. */
int visit_decode(struct visit *visit, const struct shape *shape, void *out,
    const struct json *body, struct err *err) MUST_CHECK;

/* No longer waits for the engine's readiness (handle_ready.c). */
void visit_ready_leave(struct visit *visit);

/* Answers with the struct. */
void visit_show(struct visit *visit, unsigned status, const struct shape *shape,
    const void *in);
/* Answers; body is taken. */
void visit_answer(struct visit *visit, unsigned status, struct buf *body);
void
visit_fail(struct visit *visit, const struct err *err, int64_t retry_after_ms);

#endif
