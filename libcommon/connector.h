#ifndef LIBCOMMON_CONNECTOR_H
#define LIBCOMMON_CONNECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/bus.h"

struct buf;
struct envelope;
struct service_env;
struct svc;

/*
 * What every connector has in common: at start it says hello to the engine,
 * again and again until the engine answers, and at an orderly stop goodbye, so
 * that the engine knows a clean stop from a crash.
 */
struct connector;

/* The engine's answer to hello, once: where the last process left off. */
typedef void (*connector_welcome_fn)(
    void *arg, const char *cursor, bool was_clean_stop);

/* fn may be NULL. */
struct connector *connector_open(
    const struct service_env *env, connector_welcome_fn fn, void *arg);
/* Says goodbye, if hello was answered; the bus must still be open. */
void connector_close(struct connector **connector);

/* The cursor that goodbye tells; copied. */
void connector_set_cursor(struct connector *connector, const char *cursor);

/* A request to the engine. fn is called exactly once, at once when the request
 * could not even be sent. */
void connector_ask(struct connector *connector, const char *type,
    const struct buf *body, int64_t within_ms, bus_answer_fn fn, void *arg);

/* The handler of delivery.ready in a connector that has no session yet: what
 * is due stays in the engine's outbox. */
void connector_leave_delivery(
    struct svc *svc, const struct bus_peer *from, const struct envelope *news);

#endif
