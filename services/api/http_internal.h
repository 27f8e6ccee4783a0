#ifndef API_HTTP_INTERNAL_H
#define API_HTTP_INTERNAL_H

#include <stdint.h>

#include <microhttpd.h>

#include "services/api/http_server.h"

/*
 * What http_server.c (sockets, time, the loop), http_target.c (the first line),
 * http_head.c (all lines) and http_exchange.c (one request) share, and the only
 * includers of microhttpd.h.
 */
enum client_phase {
	PHASE_HEAD,    /* the first request's headers are awaited */
	PHASE_IDLE,    /* a further request's headers are awaited */
	PHASE_BODY,    /* the body is awaited */
	PHASE_WAITING, /* the answer is awaited from us */
	PHASE_SENDING, /* the client is to read the answer */
	PHASE_COUNT
};

struct http_listener {
	struct http_server *server;
	struct MHD_Daemon *daemon;
	struct watch *watch;
	unsigned number;
	bool is_tcp;
	bool is_due; /* MHD_run has something to do */
};

/*
 * The target of the request that is being read. In the absolute form
 * ("http://authority/path") these are the places where its parts begin; both
 * are 0 in the other form.
 */
struct http_target {
	const char *begin, *end; /* as it was sent */
	size_t authority, path;
	const char *fault; /* why it is refused; NULL */
};

/* One connection, which sees many exchanges one after the other. */
struct http_client {
	struct http_listener *listener;
	int fd;
	int64_t peer_uid;
	enum client_phase phase;
	int64_t deadline_ms; /* monotonic; 0: none */
	struct http_target target;
	struct http_exchange *exchange;
	struct http_client *prev, *next;
};

enum { HTTP_MAX_LISTENERS = 4 };

struct http_server {
	struct loop *loop;
	struct http_server_options options;
	struct http_listener listeners[HTTP_MAX_LISTENERS];
	size_t n_listeners;
	struct http_client *clients;
	size_t n_waiting;
	struct prepare *prepare;
	struct timer *timer; /* what MHD waits for */
	struct lingerers *lingerers;
	struct timer *sweep; /* runs while there are clients */
};

struct http_client *client_of(struct MHD_Connection *connection);
void client_enter(struct http_client *client, enum client_phase phase);
/* Whether the other side has closed. */
bool client_has_left(const struct http_client *client);

/* The server's call-backs that are about one request, in their order. */
void *
target_on_line(void *cls, const char *raw, struct MHD_Connection *connection);
size_t
target_unescape(void *cls, struct MHD_Connection *connection, char *text);
enum MHD_Result exchange_on_access(void *cls, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **slot);
void exchange_on_completed(void *cls, struct MHD_Connection *connection,
    void **slot, enum MHD_RequestTerminationCode how);

/* Refused before the body is read. */
struct refusal {
	unsigned status; /* 0: not */
	const char *text;
};
struct refusal head_check(struct http_exchange *exchange, const char *version);

/* Gives up an exchange that waits: its client is gone. */
void exchange_drop(struct http_exchange *exchange);

#endif
