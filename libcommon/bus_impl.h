#ifndef LIBCOMMON_BUS_IMPL_H
#define LIBCOMMON_BUS_IMPL_H

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <uthash.h>

#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/envelope.h"
#include "libcommon/loop.h"

/*
 * What the files of the bus share. nng calls us on its own threads: those
 * callbacks push an item and wake the loop, or touch an atomic; everything
 * else here belongs to the loop thread.
 *
 * Rules of nng that the code obeys (they hold for 1.5 and 1.10): everything is
 * opened at start and never closed; a send is never cancelled, nor given a
 * time-out; a receive is posted only when the send before it is done; nng
 * itself never sends a request twice.
 */
struct bus_door;
struct bus_sock;

/* Beyond every deadline of ours, of which the longest is ten minutes and what a
 * promise takes to arrive: nobody holds a context longer. */
enum { BUS_LONGEST_MS = 11 * 60 * 1000 };

/* Pushed by nng's threads, run by the loop in the order of arrival. */
struct bus_item {
	struct bus_item *next;
	void (*fn)(struct bus_item *item);
};

/* How much a door carries. */
struct bus_size {
	unsigned listeners, peers; /* SVC_BIT masks */
	int n_sockets;		   /* of the dialler */
	int n_contexts;		   /* of each of them */
	int n_deferred;		   /* deferred calls under way at most */
	int n_answering;	   /* contexts of the listener */
};

/* Why something from a peer was not accepted: one log line each a minute. */
enum bus_fault {
	BUS_FAULT_NONE,
	BUS_FAULT_FORM,
	BUS_FAULT_KEY,
	BUS_FAULT_FROM,
	BUS_FAULT_TYPE,
	BUS_FAULT_REPLY,
	BUS_FAULT_COUNT
};

struct bus_complaint {
	int64_t said_ms;
	int64_t n_unsaid;
};

struct bus_door {
	struct bus *bus;
	enum service_id listener;
	struct bus_peer peer;
	char *name;	     /* "task-engine/gateway-telegram.main" */
	char *listener_name; /* "task-engine.main" */
	const char *peer_name;
	char *key;
	bool is_listening;
	size_t max_bytes; /* of an envelope */
	const struct bus_size *size;
	struct bus_listen *listen;
	struct bus_dial *dial;
	struct bus_sock *news; /* to publish or tell by */
	struct bus_complaint complaints[BUS_FAULT_COUNT];
	struct bus_door *next;
};

/* One nng socket with one end. */
struct bus_sock {
	struct bus_door *door;
	enum route_how how;
	bool is_dialled;
	nng_socket nng;
	char *path;
	struct watch *watch; /* of news that come in */
	void (*on_pipe_gone)(struct bus_sock *sock, uint32_t pipe_id);

	/* Written by nng's threads. */
	_Atomic uint32_t up_id;	  /* the live pipe of a dialler; 0: none */
	_Atomic uint32_t gone_id; /* the one that went last */
	_Atomic uint32_t n_ups;
	_Atomic int64_t up_ms;
	_Atomic int n_pipes; /* of a listener */

	uint32_t n_ups_seen; /* by the watchdog */
	struct bus_sock *next;
};

struct bus {
	struct loop *loop;
	char *run_dir;
	enum service_id self;
	char *self_name; /* "task-engine.main" */
	bool is_client_only;
	const uid_t *uids; /* by service; NULL: all share ours */
	struct bus_door *doors;
	struct bus_sock *socks;
	struct bus_counters counters;
	struct buf scratch;

	pthread_mutex_t inbox_lock;
	struct bus_item *inbox_head, **inbox_tail;
	struct bus_item *todo; /* taken out of the inbox, not run yet */
	struct wakeup *wakeup;
	atomic_bool has_pipe_changed;
	_Atomic int n_sending;
	int64_t published_ms;

	bus_batch_fn on_batch;
	void *batch_arg;
	struct bus_request *waiting;
	_Atomic size_t n_waiting;     /* and those in the inbox */
	struct bus_request *requests; /* by ticket */
	uint64_t last_ticket;
	struct arena *spare[64]; /* more would be kept for a rare flood */
	size_t n_spare;

	bus_news_fn on_news;
	void *news_arg;

	struct timer *due; /* the next deadline or retry */
	int64_t due_ms;
	struct bus_watchdog *watchdog;
	struct bus *next;
};

/* bus.c */
void bus_push(struct bus *bus, struct bus_item *item); /* any thread */
/* Makes sure that the sweeps run at that monotonic time or before. */
void bus_due_at(struct bus *bus, int64_t mono_ms);
/* Both with between between them, the caller's to free. */
char *bus_join(const char *a, const char *between, const char *b);

/* bus_threads.c */
void bus_threads_few(void); /* before anything else of nng */

/* bus_sock.c */
int bus_sock_open(struct bus_sock **out, struct bus_door *door,
    enum route_how how, struct err *err) MUST_CHECK;
/* Listens or dials; before this nothing arrives. */
int bus_sock_start(struct bus_sock *sock, struct err *err) MUST_CHECK;
bool bus_sock_is_up(const struct bus_sock *sock);
/* A message with those bytes. */
nng_msg *bus_msg(const struct buf *bytes);

/* bus_check.c */
/* Whether what came through the door may have come. Fills err otherwise. */
enum bus_fault bus_check(const struct bus_door *door, enum route_how how,
    const struct envelope *envelope, const struct route **route_out,
    struct err *err);
/* Bytes of its whole envelope: a door takes what its largest message needs. */
size_t bus_route_max(const struct route *route);
void
bus_complain(struct bus_door *door, enum bus_fault fault, const char *text);

/* bus_listen.c */
int bus_listen_open(struct bus_door *door, struct err *err) MUST_CHECK;
/* Hands what waits to the owner; whether something is left for later. */
bool bus_listen_deliver(struct bus *bus);
/* Drops what is past its deadline; returns the next deadline. */
int64_t bus_listen_sweep(struct bus *bus, int64_t now_ms);

/* bus_dial.c */
/* Takes calls, which wait; bus_dial_open then opens the sockets. */
void bus_dial_new(struct bus_door *door);
int bus_dial_open(struct bus_door *door, struct err *err) MUST_CHECK;
void bus_dial_on_pipe(struct bus_dial *dial); /* one came or went */
int64_t bus_dial_sweep(struct bus_dial *dial, int64_t now_ms);
bool bus_dial_is_idle(const struct bus_dial *dial);

/* bus_news.c */
int bus_news_open(
    struct bus_door *door, enum route_how how, struct err *err) MUST_CHECK;

/* bus_watch.c */
void bus_watch_open(struct bus *bus);
/* Once the sockets are there. */
void bus_watch_start(struct bus *bus);
/* Something is under way or not as it should be: look closely from now on. */
void bus_watch_closely(struct bus *bus);

#endif
