/* Who belongs to the suite. Pure. */

#include "services/agent-runtime/suite.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/err.h"

static const enum service_id fixed[] = { SVC_TASK_ENGINE, SVC_INDEXER,
	SVC_SCHEDULER, SVC_API };

static int
bad(struct err *err, const char *item, const char *what)
{
	return err_set(err, ERR_INVALID,
	    "AGENT_RUNTIME_CONNECTOR_INSTANCES: \"%s\" %s; write "
	    "program.instance, e.g. gateway-telegram.main",
	    item, what);
}

static bool
has(const struct suite *suite, enum service_id id, const char *instance)
{
	for (size_t i = 0; i < suite->n_members; i++)
		if (suite->members[i].peer.service == id &&
		    strcmp(suite->members[i].instance, instance) == 0)
			return true;
	return false;
}

static void
add(struct suite *suite, enum service_id id, const char *instance,
    bool is_started)
{
	struct suite_member *member = &suite->members[suite->n_members++];

	snprintf(member->instance, sizeof(member->instance), "%s", instance);
	member->peer = (struct bus_peer){ id, member->instance };
	member->is_started = is_started;
}

static int
add_connector(struct suite *suite, char *item, struct err *err)
{
	size_t size = strlen(item);
	bool is_started = size == 0 || item[size - 1] != '!';
	char *dot;
	enum service_id id;

	if (!is_started)
		item[size - 1] = '\0';
	dot = strchr(item, '.');
	if (dot == NULL)
		return bad(err, item, "has no instance");
	*dot = '\0';
	id = service_parse(item);
	if (id == SVC_COUNT || !(SVC_BIT(id) & SVC_CONNECTORS))
		return bad(err, item, "is no connector");
	if (!door_instance_is_valid(dot + 1))
		return bad(err, dot + 1, "is no name for an instance");
	if (has(suite, id, dot + 1))
		return bad(err, item, "is there twice");
	if (suite->n_members == SUITE_MAX_MEMBERS)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_CONNECTOR_INSTANCES: at most %d",
		    (int)(SUITE_MAX_MEMBERS - N_OF(fixed)));
	add(suite, id, dot + 1, is_started);
	return 0;
}

int
suite_plan(struct suite *suite, const char *instances, struct err *err)
{
	suite->n_members = 0;
	for (size_t i = 0; i < N_OF(fixed); i++)
		add(suite, fixed[i], "main", true);
	while (*instances != '\0') {
		size_t size = strcspn(instances, ",");
		char item[96];

		snprintf(item, sizeof(item), "%.*s", (int)size, instances);
		if (size >= sizeof(item))
			return bad(err, item, "is too long");
		if (add_connector(suite, item, err) < 0)
			return -1;
		instances += size + (instances[size] == ',');
	}
	return 0;
}

void
suite_member_name(const struct suite_member *member, char out[64])
{
	const char *program = service_name(member->peer.service);
	bool is_main = strcmp(member->instance, "main") == 0;

	snprintf(out, 64, "%s%s%s", program, is_main ? "" : ".",
	    is_main ? "" : member->instance);
}
