#ifndef API_API_H
#define API_API_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "libcommon/cfg.h"
#include "libcommon/defs.h"
#include "libcommon/service.h"

struct delivered;
struct http_server;
struct timer;
struct visit;
struct visit_question;

/* Who may connect where; what each may ask is a matter of routes.c. */
enum api_listener {
	LISTENER_LOCAL,	 /* loopback or the owner's own socket */
	LISTENER_ADMIN,	 /* a proxy that has checked a client certificate */
	LISTENER_PUBLIC, /* a proxy, for everybody: health only */
	LISTENER_COUNT
};
#define LISTENER_BIT(listener) (1u << (listener))

const char *api_listener_name(enum api_listener listener);

struct api_cfg {
	const char *http_addr;
	bool allow_remote;
	const char *public_socket;
	const char *admin_socket;
	int64_t proxy_uid; /* -1: not set */
	const char *public_host;
	const char *admin_host;
	const char *environment;
	bool heartbeat_enabled;
	int64_t chat_wait_s;
};

extern const struct cfg_item api_cfg_items[];
extern const size_t n_api_cfg_items;
int api_cfg_check(const void *cfg, const struct service_cfg *common,
    struct err *err) MUST_CHECK;

/* Outlive the svc: the last beat still shows them. */
struct api_counters {
	int64_t n_requests, n_refused;
};

struct svc {
	const struct api_cfg *cfg;
	struct loop *loop;
	struct bus *bus;
	struct http_server *server;
	struct timer *probe;
	struct delivered *delivered;
	bool has_tcp;
	struct buf openapi;	     /* the document, made once */
	struct visit *ready_waiters; /* of /readyz */
	bool is_ready_asked;
	struct visit *visits;		  /* those that wait for the engine */
	struct visit_question *questions; /* that are not answered yet */
	int64_t engine_away_since;	  /* monotonic; 0: it is there */
	struct api_counters *counters;
};

/* Opens what the configuration asks for; then hands it to the server. */
int api_open_sockets(const struct service_cfg *common, const void *cfg,
    struct err *err) MUST_CHECK;
int api_serve_sockets(struct svc *svc, struct err *err) MUST_CHECK;

#endif
