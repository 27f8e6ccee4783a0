#ifndef LIBCOMMON_CONNECTOR_H
#define LIBCOMMON_CONNECTOR_H

struct bus_peer;
struct envelope;
struct service_env;
struct svc;

/*
 * What every connector has in common: at start it says hello to the engine,
 * again and again until the engine answers, and at an orderly stop goodbye, so
 * that the engine knows a clean stop from a crash.
 */
struct connector;

struct connector *connector_open(const struct service_env *env);
/* Says goodbye, if hello was answered; the bus must still be open. */
void connector_close(struct connector **connector);

/* The handler of delivery.ready in a connector that has no session yet: what
 * is due stays in the engine's outbox. */
void connector_leave_delivery(
    struct svc *svc, const struct bus_peer *from, const struct envelope *news);

#endif
