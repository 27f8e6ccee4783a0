#ifndef AGENT_RUNTIME_SUITE_H
#define AGENT_RUNTIME_SUITE_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/bus.h"

struct err;

/*
 * Who belongs to the suite: the four fixed daemons, instance `main`, and the
 * connector instances of AGENT_RUNTIME_CONNECTOR_INSTANCES. A trailing `!`
 * there means: it gets its doors, but somebody else starts it (a test, another
 * container).
 */
enum { SUITE_MAX_MEMBERS = 32, SUITE_MAX_INSTANCE_BYTES = 32 };

struct suite_member {
	struct bus_peer peer;
	char instance[SUITE_MAX_INSTANCE_BYTES + 1]; /* what peer points to */
	bool is_started;
};

struct suite {
	struct suite_member members[SUITE_MAX_MEMBERS];
	size_t n_members;
};

/* instances is the list as configured: "gateway-telegram.main,…" */
int suite_plan(
    struct suite *suite, const char *instances, struct err *err) MUST_CHECK;

/* "api" for instance main, "gateway-telegram.sink" for others. */
void suite_member_name(const struct suite_member *member, char out[64]);

#endif
