#ifndef LIBCOMMON_SERVICE_H
#define LIBCOMMON_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcommon/buf.h"
#include "libcommon/cfg.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "proto/routes.h"

struct arena;
struct beat;
struct bus;
struct bus_peer;
struct bus_request;
struct confine_rules;
struct envelope;
struct json;
struct loop;

/*
 * The one shape of every daemon: flags, configuration, log, loop, doors, init,
 * lock-down, `ready`, run, stop. SIGTERM and SIGINT stop it, SIGHUP switches
 * between the configured log level and debug. struct svc is declared here and defined by
 * each program for itself.
 */
struct svc;

struct request {
	const char *id;
	const char *type;
	const char *cause; /* "" or the id that led to this */
	const struct bus_peer *peer;
	const char *door;
	const struct json *body;
	struct arena *arena; /* freed when the request is answered */
	int64_t now_ms;
	int64_t deadline_ms;
	uint64_t ticket; /* for service_reply_later */
};

/* A handler fills body, or sets is_deferred and answers later by ticket. */
struct reply {
	struct buf *body;
	bool is_deferred;
	int64_t retry_after_ms; /* with ERR_BUSY */
	/* When it was first given, so that a repeat is the same; 0: now. */
	int64_t at_ms;
};

typedef int (*handler_fn)(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
typedef void (*news_fn)(
    struct svc *svc, const struct bus_peer *from, const struct envelope *news);

struct handler {
	const char *type;
	handler_fn fn;	 /* of a request */
	news_fn on_news; /* of something published */
};

/* What every daemon reads, beside its own table. */
struct service_cfg {
	const char *data_dir;
	int log_level;
	const char *instance;
	const char *door_key_file;
};

struct service_env {
	const struct service_cfg *common;
	const void *cfg;
	struct loop *loop;
	struct bus *bus;
	const char *name;
	uid_t owner_uid; /* who started it, before it took a uid of its own */
};

/* How a daemon stands, for its beats. */
enum beat_state {
	BEAT_STARTING,
	BEAT_HEALTHY,
	BEAT_DEGRADED,
	BEAT_NEEDS_PERSON, /* degraded until somebody mends it: admins hear */
	BEAT_DISABLED,
	BEAT_STATE_COUNT
};

struct service {
	enum service_id id;
	const char *summary; /* first line of --help */
	const struct cfg_item *items;
	size_t n_items;
	size_t cfg_size;
	const struct handler *handlers;
	size_t n_handlers;

	/* --check as well: whether the values make sense together. Optional. */
	int (*check)(
	    const void *cfg, const struct service_cfg *common, struct err *err);
	/* Before it takes a uid of its own: open what may need that of who
	 * started it. Optional. */
	int (*open_first)(
	    const struct service_cfg *common, const void *cfg, struct err *err);
	/* Before the bus is opened: take locks, open files. Optional. */
	int (*prepare)(
	    const struct service_cfg *common, const void *cfg, struct err *err);
	/*
	 * The bus is there and opens its doors later: calls wait until then.
	 * No thread may be started yet (service_main refuses to go on), since
	 * the lock-down holds for threads that are made after it.
	 */
	int (*init)(struct svc **svc_out, const struct service_env *env,
	    struct err *err);
	void (*deinit)(struct svc **svc);
	/* Fills rules; what they point to must outlive the call. The doors need
	 * no row. Optional: without it nothing is allowed but them. */
	void (*confine)(const struct svc *svc, struct confine_rules *rules);

	/* Replaces the default, which dispatches and answers each in turn. */
	void (*on_batch)(
	    struct svc *svc, struct bus_request **requests, size_t n_requests);
};

#define SERVICE_CFG(table, type)                                               \
	.items = (table), .n_items = N_OF(table), .cfg_size = sizeof(type)
#define SERVICE_HANDLERS(table) .handlers = (table), .n_handlers = N_OF(table)

int service_main(int argc, char **argv, const struct service *service);

/*
 * For on_batch: looks the handler up, calls it, and writes the whole reply
 * envelope to out, also when it fails: -1 then only says what out tells. Sets
 * *deferred_out when the handler will answer later (out is then empty).
 */
int service_dispatch(struct svc *svc, struct bus_request *request,
    struct buf *out, bool *deferred_out, struct err *err) MUST_CHECK;

/* Answers a deferred request; error NULL: body is the answer. */
void service_reply_later(
    uint64_t ticket, const struct buf *body, const struct err *error);

/*
 * Reports the state that the next beats carry. A change is sent at once and
 * logged. text says why, for people; "" when there is nothing to say. A
 * service that has said nothing by the end of init is healthy.
 */
void service_set_state(enum beat_state state, const char *text);
/* What the next beat would say; it points to what is ours. */
void service_beat(struct beat *beat_out);
/* Something real worked just now (a poll answered, a commit done). */
void service_proof(void);
/* A counter shown in beats under that name; the pointer must stay valid. */
void service_counter(const char *name, const int64_t *value);

/* Ends the process in order; status 0 unless a failure is reported. */
void service_stop(int status);

#endif
