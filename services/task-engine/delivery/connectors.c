/* Names of connectors, their instances and their doors. Pure. */

#include "services/task-engine/delivery/connectors.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"

static const struct connector {
	const char *name;
	enum service_id service;
	bool recognises_repeats, edits;
} connectors[] = {
	{ "telegram", SVC_GATEWAY_TELEGRAM, false, true },
	{ "discord", SVC_GATEWAY_DISCORD, true, true }, /* by nonce */
	{ "imap", SVC_IMAP_INGEST, false, false },
};

static const struct connector *
find(const char *name)
{
	for (size_t i = 0; i < N_OF(connectors); i++)
		if (strcmp(connectors[i].name, name) == 0)
			return &connectors[i];
	return NULL;
}

const char *
connector_of(enum service_id service)
{
	for (size_t i = 0; i < N_OF(connectors); i++)
		if (connectors[i].service == service)
			return connectors[i].name;
	return NULL;
}

bool
connector_is_known(const char *connector)
{
	return find(connector) != NULL;
}

const char *
connector_names(struct arena *arena)
{
	const char *names = connectors[0].name;

	for (size_t i = 1; i < N_OF(connectors); i++)
		names =
		    arena_printf(arena, "%s, %s", names, connectors[i].name);
	return names;
}

const char *
connector_instance(const struct bus_peer *peer, struct arena *arena)
{
	return arena_printf(
	    arena, "%s.%s", connector_of(peer->service), peer->instance);
}

const char *
connector_of_component(const char *component, struct arena *arena)
{
	size_t size = strcspn(component, ".");
	const char *instance = component[size] ? component + size + 1 : "main";
	enum service_id service =
	    service_parse(arena_strndup(arena, component, size));
	const char *name = service < SVC_COUNT ? connector_of(service) : NULL;

	return name ? arena_printf(arena, "%s.%s", name, instance) : NULL;
}

bool
connector_door(const char *instance, enum service_id *service_out,
    const char **door_instance_out)
{
	for (size_t i = 0; i < N_OF(connectors); i++) {
		size_t size = strlen(connectors[i].name);

		if (strncmp(instance, connectors[i].name, size) != 0 ||
		    instance[size] != '.')
			continue;
		*service_out = connectors[i].service;
		*door_instance_out = instance + size + 1;
		return true;
	}
	return false;
}

bool
connector_is_told(const char *instance)
{
	enum service_id service;
	const char *door_instance;

	return connector_door(instance, &service, &door_instance);
}

bool
connector_recognises_repeats(const char *connector)
{
	const struct connector *found = find(connector);

	return found && found->recognises_repeats;
}

bool
connector_edits(const char *connector)
{
	const struct connector *found = find(connector);

	return found && found->edits;
}
