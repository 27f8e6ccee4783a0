/* Finds the next time that a cron expression names. Pure. */

#include "services/task-engine/objectives/cron.h"

#include <time.h>

#include "services/task-engine/objectives/zone.h"

enum {
	MINUTE = 60,
	HOUR = 3600,
	DAY = 24 * HOUR,
	/* From 29 February 2096 to that of 2104, and one more. */
	MAX_DAYS = 9 * 366,
};

#define ALL_HOURS ((UINT64_C(1) << 24) - 1)
#define NEVER INT64_MAX

static bool
has(uint64_t bits, int64_t bit)
{
	return (bits >> bit & 1) != 0;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool
is_due_on(const struct cron *cron, int64_t day)
{
	time_t at = day * DAY;
	bool is_day, is_weekday;
	struct tm tm;

	gmtime_r(&at, &tm);
	is_day = has(cron->days, tm.tm_mday);
	is_weekday = has(cron->weekdays, tm.tm_wday);
	if (!has(cron->months, tm.tm_mon + 1))
		return false;
	return cron->is_any_day || cron->is_any_weekday ? is_day && is_weekday
							: is_day || is_weekday;
}

/* The first moment at which the clock has been set, after before. */
static int64_t
find_change(const struct zone *zone, int64_t before, int64_t after)
{
	int old = zone_offset(zone, before);

	while (after - before > 1) {
		int64_t middle = before + (after - before) / 2;

		if (zone_offset(zone, middle) == old)
			before = middle;
		else
			after = middle;
	}
	return after;
}

/* The offsets before and behind what a clock may be set to around a day. */
struct clock {
	const struct zone *zone;
	int before_s, behind_s;
};

/* No clock is a day from UTC. */
static struct clock
clock_around(const struct zone *zone, int64_t day)
{
	return (struct clock){
		.zone = zone,
		.before_s = zone_offset(zone, (day - 1) * DAY),
		.behind_s = zone_offset(zone, (day + 2) * DAY),
	};
}

/* When a clock that is set around that day shows that, if after `after`. */
static int64_t
find_beside_change(
    const struct clock *clock, int64_t wall, bool is_hourly, int64_t after)
{
	int64_t a = wall - clock->before_s, b = wall - clock->behind_s;
	int64_t first = earlier(a, b), second = a + b - first;
	bool is_first = first + zone_offset(clock->zone, first) == wall;
	bool is_second = second + zone_offset(clock->zone, second) == wall;
	int64_t at = is_first ? first : second;

	if (!is_first && !is_second) {
		if (is_hourly)
			return NEVER;
		at = find_change(clock->zone, first, second);
	}
	if (at <= after && is_hourly && is_second)
		at = second;
	return at > after ? at : NEVER;
}

static int64_t
find_moment(const struct cron *cron, const struct clock *clock, int64_t wall,
    int64_t after)
{
	int64_t at = wall - clock->before_s;

	if (clock->before_s != clock->behind_s)
		return find_beside_change(
		    clock, wall, cron->hours == ALL_HOURS, after);
	return at > after ? at : NEVER;
}

/* Of all: when a clock is set back, a later one on it may come first. */
static int64_t
find_on(const struct cron *cron, const struct zone *zone, int64_t day,
    int64_t after)
{
	struct clock clock;
	int64_t best = NEVER;

	if (!is_due_on(cron, day))
		return NEVER;
	clock = clock_around(zone, day);
	for (int64_t at = 0; at < DAY / MINUTE; at++)
		if (has(cron->hours, at / 60) && has(cron->minutes, at % 60))
			best =
			    earlier(best, find_moment(cron, &clock,
					      day * DAY + at * MINUTE, after));
	return best;
}

int64_t
cron_next(const struct cron *cron, const struct zone *zone, int64_t after)
{
	int64_t wall = after + zone_offset(zone, after);
	/* A clock that is set back at midnight shows the day before again. */
	int64_t day = wall / DAY - 1, end = day + MAX_DAYS, best = NEVER;

	if (cron->every_s)
		return after + cron->every_s;
	for (; best == NEVER && day < end; day++)
		best = find_on(cron, zone, day, after);
	if (best == NEVER)
		return 0;
	return earlier(best, find_on(cron, zone, day, after));
}
