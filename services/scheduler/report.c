/* health.changed, as often as it takes. */

#include "services/scheduler/report.h"

#include <stdbool.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/beat.h"
#include "services/scheduler/standing.h"

enum { WITHIN_MS = 10 * 1000, ARENA_BYTES = 512 * 1024 };

struct report {
	struct bus *bus;
	struct standing *standing;
	bool is_under_way;
	bool has_complained;
};

struct report *
report_new(struct bus *bus)
{
	struct report *report = xcalloc(1, sizeof(*report));

	report->bus = bus;
	report->standing = standing_new();
	return report;
}

void
report_free(struct report **slot)
{
	struct report *report = STEAL(*slot);

	if (!report)
		return;
	standing_free(&report->standing);
	xfree(&report);
}

static void
on_noted(void *arg, const struct envelope *answer, const struct err *why)
{
	struct report *report = arg;
	bool is_noted = answer && answer->ok;

	report->is_under_way = false;
	if (is_noted)
		standing_told(report->standing);
	else if (!report->has_complained)
		log_warn("health-untold", "why=%s",
		    log_quote(answer ? answer->error.text : why->text));
	report->has_complained = !is_noted;
}

void
report_look(struct report *report, const struct health *health,
    const struct roster_time *now)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	AUTO(buf_release)
	struct buf body = { 0 };
	struct health_changed changed;
	struct bus_call call = {
		.to = SVC_TASK_ENGINE,
		.type = "health.changed",
		.deadline_ms = clock_unix_ms() + WITHIN_MS,
		.body = &body,
	};
	struct err err;

	if (report->is_under_way)
		return;
	standing_look(report->standing, health, now, &changed, arena);
	if (changed.n_changes == 0)
		return;
	buf_init(&body);
	health_changed_encode(&changed, &body);
	report->is_under_way = true;
	if (bus_call(report->bus, &call, on_noted, report, &err) < 0)
		on_noted(report, NULL, &err);
}
