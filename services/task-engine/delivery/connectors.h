#ifndef TASK_ENGINE_DELIVERY_CONNECTORS_H
#define TASK_ENGINE_DELIVERY_CONNECTORS_H

#include <stdbool.h>

#include "libcommon/defs.h"
#include "proto/routes.h"

struct arena;
struct bus_peer;

/*
 * Connector, instance and door are three names for where a message comes from
 * and goes to: "telegram", "telegram.main", task-engine/gateway-telegram.main.
 */

/* "telegram"; NULL for a peer that is no connector. */
const char *connector_of(enum service_id service);
bool connector_is_known(const char *connector);
/* "telegram, discord, imap" */
const char *connector_names(struct arena *arena);
/* "telegram.main" */
const char *
connector_instance(const struct bus_peer *peer, struct arena *arena);
/* "telegram.two" of the component "gateway-telegram.two"; NULL: it is no
 * connector. */
const char *connector_of_component(const char *component, struct arena *arena);
/* False for an instance without a door, such as api.main. */
bool connector_door(const char *instance, enum service_id *service_out,
    const char **door_instance_out);
/* Whether something can be said there that answers nothing: HTTP clients are
 * only asked. */
bool connector_is_told(const char *instance);
/* Whether the platform recognises a repeated part, so that none is doubled. */
bool connector_recognises_repeats(const char *connector);
/* Whether its gateway can change a message that it sent. */
bool connector_edits(const char *connector);

#endif
