#ifndef API_ROUTES_H
#define API_ROUTES_H

#include <stddef.h>

#include "services/api/api.h"

struct err;
struct shape;
struct visit;

/* What may be asked over HTTP, and at which listener. */
enum api_route_flag {
	API_OPEN = 1,	/* needs no credential */
	API_BODY = 2,	/* has a JSON body */
	API_STRICT = 4, /* and refuses keys that it does not know */
	API_KEYED = 8,	/* takes an Idempotency-Key */
	API_MAKES = 16, /* answers 201 when it is plain */
};

/* What a route answers with; an array ends with status 0. */
struct api_answer {
	unsigned status;
	const struct shape *shape; /* NULL: any object */
};

/* Answers now or asks a daemon; an error is answered by its code. */
typedef int (*api_handle_fn)(struct visit *visit, struct err *err);

struct api_route {
	const char *method;
	const char *path;
	unsigned listeners; /* LISTENER_BIT mask */
	unsigned flags;
	/* What the engine's policy table calls it: the type of the bus message
	 * that it sends, or the operation for access.check. */
	const char *operation;
	api_handle_fn handle;
	/* For the OpenAPI document, where it does not follow from the bus's
	 * route of that name. */
	const struct api_answer *answers; /* NULL: the reply, and no other */
	const struct shape *query;	  /* keys beside those of the body */
	const char *help;
};

extern const struct api_route api_routes[];
extern const size_t n_api_routes;

enum { API_ALLOW_SIZE = 64 };

/*
 * The route, HEAD being a GET whose body is not sent. NULL when there is none:
 * allow_out then lists the methods that the path knows, "" for an unknown
 * path.
 */
const struct api_route *api_route_find(enum api_listener listener,
    const char *method, const char *path, char allow_out[API_ALLOW_SIZE]);

int on_healthz(struct visit *visit, struct err *err);
int on_openapi(struct visit *visit, struct err *err);
int on_readyz(struct visit *visit, struct err *err);
int on_heartbeat(struct visit *visit, struct err *err);
int on_info(struct visit *visit, struct err *err);
int on_chat_post(struct visit *visit, struct err *err);
int on_chat_get(struct visit *visit, struct err *err);
int on_task_post(struct visit *visit, struct err *err);
int on_task_get(struct visit *visit, struct err *err);
int on_task_retry(struct visit *visit, struct err *err);
int on_task_cancel(struct visit *visit, struct err *err);

/*
 * The route whose body or query is the bus message, and whose answer is the
 * bus's reply: both by the shapes of proto/routes.c.
 */
int on_plain(struct visit *visit, struct err *err);
/* The same for what may take a minute: a whole log, a model. */
int on_plain_slow(struct visit *visit, struct err *err);

#endif
