#ifndef PROTO_ROUTES_H
#define PROTO_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

struct shape;

/*
 * Who there is, who may listen for whom, and which messages exist. The bus
 * refuses to send or deliver a message that has no row here, and the table in
 * docs/architecture.md is printed from these rows.
 */
enum service_id {
	SVC_TASK_ENGINE,
	SVC_GATEWAY_TELEGRAM,
	SVC_GATEWAY_DISCORD,
	SVC_IMAP_INGEST,
	SVC_INDEXER,
	SVC_SCHEDULER,
	SVC_API,
	SVC_COUNT
};

#define SVC_BIT(id) (1u << (id))
#define SVC_GATEWAYS                                                           \
	(SVC_BIT(SVC_GATEWAY_TELEGRAM) | SVC_BIT(SVC_GATEWAY_DISCORD))
#define SVC_CONNECTORS (SVC_GATEWAYS | SVC_BIT(SVC_IMAP_INGEST))
#define SVC_ALL (SVC_BIT(SVC_COUNT) - 1)

enum route_how {
	ROUTE_REQ,  /* a request to the listener of the door, with a reply */
	ROUTE_PUB,  /* published by the listener to whoever dialled its door */
	ROUTE_TELL, /* published by whoever dialled, to the listener */
	ROUTE_HOW_COUNT
};

enum route_flag {
	ROUTE_READ = 1,	    /* changes nothing: a repeat is done again */
	ROUTE_DEFERRED = 2, /* may be answered later */
	ROUTE_LARGE = 4,    /* up to ENVELOPE_MAX_LARGE_BYTES */
	ROUTE_SECRET = 8,   /* the reply shows a secret once: it is not kept */
	/* Notes what may be lost with the power: a repeat is done again, and
	 * its commit does not wait for the disk. */
	ROUTE_MARK = 16,
	/* A repeat finds what the first one stored, and is answered from it:
	 * the reply is not kept beside it. */
	ROUTE_KEYED = 32,
};

struct route {
	const char *type;
	enum route_how how;
	unsigned from; /* SVC_BIT mask */
	unsigned to;
	unsigned flags;
	const struct shape *body;
	const struct shape *reply; /* ROUTE_REQ only */
	const char *help;
};

extern const struct route routes[];
extern const size_t n_routes;

/* NULL for an unknown type. */
const struct route *route_find(const char *type);

/* "task-engine"; and back: SVC_COUNT for an unknown name. */
const char *service_name(enum service_id id);
enum service_id service_parse(const char *name);

/*
 * A door is named by its listener and the peer that may use it. There is one
 * file for each way to use it: <run>/<listener>/<peer>.<instance>.req, .pub or
 * .tell. A door exists for a pair exactly if a route needs it.
 */
bool
door_exists(enum service_id listener, enum service_id peer, enum route_how how);
const char *route_how_name(enum route_how how); /* "req" "pub" "tell" */

#endif
