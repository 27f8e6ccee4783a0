/* What `serve` says of the daemons that it keeps running; pure. */

#include "services/scheduler/supervision.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/bus.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/scheduler/roster.h"

static const struct {
	const char *state, *why;
} given_up[] = {
	{ "failing", "ended five times in a row, tried again every 30 s" },
	{ "bad-config", "its configuration is refused; correct it and restart "
			"serve" },
};

static void
mark(struct roster *roster, const struct json *daemon)
{
	const char *state = json_str(json_get(daemon, "state"), "");
	const char *last_exit = json_str(json_get(daemon, "last_exit"), "");
	const struct bus_peer who = {
		.service =
		    service_parse(json_str(json_get(daemon, "name"), "")),
		.instance = json_str(json_get(daemon, "instance"), ""),
	};
	char why[256];

	for (size_t i = 0; i < N_OF(given_up); i++) {
		if (strcmp(given_up[i].state, state) != 0)
			continue;
		snprintf(why, sizeof(why), "%s%s%.64s", given_up[i].why,
		    last_exit[0] ? "; last end: " : "", last_exit);
		roster_mark(roster, &who, why);
	}
}

int
supervision_read(struct roster *roster, const char *text, size_t size,
    pid_t supervisor, struct err *err)
{
	AUTO(json_free)
	struct json *report = NULL;
	const struct json *daemon;

	if (json_parse(&report, text, size, err) < 0)
		return -1;
	roster_unmark_all(roster);
	if (json_int(json_get(report, "pid"), 0) != supervisor)
		return 0;
	daemon = json_first(json_get(report, "daemons"));
	for (; daemon; daemon = json_next(daemon))
		mark(roster, daemon);
	return 0;
}
