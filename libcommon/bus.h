#ifndef LIBCOMMON_BUS_H
#define LIBCOMMON_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcommon/defs.h"
#include "proto/routes.h"

struct arena;
struct buf;
struct envelope;
struct err;
struct loop;

/*
 * The message bus: nng behind doors and routes, and the only code that knows
 * nng. All callbacks run on the loop thread. Everything is opened by bus_open
 * and never closed: a process leaves by bus_flush and _exit.
 *
 * Requests are retried under the same id while their deadline lasts, so
 * whoever answers them must treat a repeated id as the same request. What is
 * published may be lost.
 *
 * A dialled door that has no pipe for two seconds while its listener greets a
 * plain connection means that nng has stopped reconnecting, and so does a pipe
 * that nng keeps for long after it was hung up: the bus logs
 * `bus-stuck` and leaves the process with status 75, to be restarted. So does
 * a listener that leaks the descriptors of its departed peers.
 */
struct bus;

enum { BUS_EXIT_STUCK = 75 };

/* The other end of a door. */
struct bus_peer {
	enum service_id service;
	const char *instance; /* "main" */
};

/*
 * The keys of the doors that a process may use: 32 random bytes each, in hex.
 * Text form, one door a line: "task-engine/gateway-telegram.main <64 hex>".
 */
struct door_keys;
/* Reads fd (or the regular file) to its end. */
int
door_keys_read_fd(struct door_keys **out, int fd, struct err *err) MUST_CHECK;
int door_keys_read_file(
    struct door_keys **out, const char *path, struct err *err) MUST_CHECK;
void door_keys_free(struct door_keys **keys);
/* NULL when there is none for the door. */
const char *door_keys_find(const struct door_keys *keys,
    enum service_id listener, const struct bus_peer *peer);
/* One after another, in no order that means anything; false behind the last.
 * What out points to lives as long as keys. */
struct door_key {
	enum service_id listener;
	struct bus_peer peer;
	const char *hex;
};
bool door_keys_at(const struct door_keys *keys, size_t i, struct door_key *out);
/* 1 to 32 of [A-Za-z0-9_-]: it becomes part of a file's name. */
bool door_instance_is_valid(const char *instance);
/* A new random key for each door between two of all[], whose instances are
 * valid; and the lines of those that me may use, as listener or as peer. */
struct door_keys *door_keys_make(const struct bus_peer *all, size_t n_all);
void door_keys_print_for(
    const struct door_keys *keys, const struct bus_peer *me, struct buf *out);

struct bus_options {
	const char *run_dir;
	struct bus_peer self;
	const struct door_keys *keys;
	/* Doors are listened at and dialled exactly for the keys that name
	 * self. client_only: dial as self would, listen nowhere (a tool). */
	bool client_only;
	/* By service, where each runs under a uid of its own: those are let in
	 * at its doors. NULL: all share ours. Outlives the bus. */
	const uid_t *uids;
	/* Open no socket and start no thread before bus_start. */
	bool start_later;
};

int bus_open(struct bus **bus_out, struct loop *loop,
    const struct bus_options *options, struct err *err) MUST_CHECK;
/* With start_later only: opens the doors. Until then calls wait as for a peer
 * that is away, and what is published is dropped. */
int bus_start(struct bus *bus, struct err *err) MUST_CHECK;

/*
 * Requests arrive in batches: all that wait, at most BUS_BATCH_MAX. A request
 * was checked against its door, its key, its route and its deadline; its body
 * was not. Each must be answered exactly once, now or later.
 */
enum { BUS_BATCH_MAX = 256 };
struct bus_request;
typedef void (*bus_batch_fn)(
    void *arg, struct bus_request **requests, size_t n_requests);
void bus_on_requests(struct bus *bus, bus_batch_fn fn, void *arg);

const struct envelope *bus_request_envelope(const struct bus_request *request);
const struct route *bus_request_route(const struct bus_request *request);
const struct bus_peer *bus_request_peer(const struct bus_request *request);
/* "task-engine/gateway-telegram.main" */
const char *bus_request_door(const struct bus_request *request);
struct arena *bus_request_arena(const struct bus_request *request);
/* A number by which a deferred request can be answered; never reused. */
uint64_t bus_request_ticket(const struct bus_request *request);

/* Sends the whole reply envelope and forgets the request. */
void bus_reply(struct bus_request *request, const struct buf *reply);
/* The same by ticket, before or after bus_defer; returns 1 when nobody waits:
 * its deadline has passed, or its peer is gone (and will ask again under the
 * same id). The reply is body (ok) or error. */
int bus_reply_later(struct bus *bus, uint64_t ticket, const struct buf *body,
    const struct err *error);
/* Drops the envelope of a deferred request, keeping only what its answer
 * needs; the request pointer is dead afterwards. */
void bus_defer(struct bus_request *request);

/* Fills the head of a reply to the request. */
struct envelope_head;
void bus_reply_head(
    const struct bus_request *request, struct envelope_head *head_out);

/* ROUTE_PUB and ROUTE_TELL messages, checked like requests. */
typedef void (*bus_news_fn)(
    void *arg, const struct bus_peer *from, const struct envelope *news);
void bus_on_news(struct bus *bus, bus_news_fn fn, void *arg);

/*
 * One request of ours. id NULL: a new one. instance NULL: "main". The answer
 * comes exactly once: answer is NULL when err says why there is none
 * (timeout, busy, unavailable). An answer may carry ok == false.
 */
typedef void (*bus_answer_fn)(
    void *arg, const struct envelope *answer, const struct err *err);
struct bus_call {
	enum service_id to;
	const char *instance;
	const char *type;
	const char *id;
	const char *cause;
	int64_t deadline_ms; /* unix ms */
	const struct buf *body;
};
int bus_call(struct bus *bus, const struct bus_call *call, bus_answer_fn fn,
    void *arg, struct err *err) MUST_CHECK;

/* Publishes to every peer of that service that has a door (ROUTE_PUB), or
 * tells the listener (ROUTE_TELL). instance NULL: all. Never blocks. */
void bus_publish(struct bus *bus, enum service_id to, const char *instance,
    const char *type, const char *cause, const struct buf *body);

/*
 * Who has a door at ours, whether it is there or not: fills at most max and
 * returns how many there are. What out points to is the bus's.
 */
size_t bus_peers(const struct bus *bus, struct bus_peer *out, size_t max);

/* Whether the door to (or from) that service has a live peer. */
bool bus_is_connected(const struct bus *bus, enum service_id peer);

/* Of nng: its faults differ by version. */
const char *bus_library_version(void);

struct bus_counters {
	int64_t requests, calls, retries, expired, refused, busy, published;
};
void bus_counters(const struct bus *bus, struct bus_counters *out);

/* Waits, at most that long, until the peers have read what was sent. */
void bus_flush(struct bus *bus, int64_t at_most_ms);

#endif
