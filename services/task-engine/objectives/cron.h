#ifndef TASK_ENGINE_OBJECTIVES_CRON_H
#define TASK_ENGINE_OBJECTIVES_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct zone;

/*
 * When something is due, again and again. Pure.
 *
 * Five fields: minute 0-59, hour 0-23, day of the month 1-31, month 1-12 or
 * jan-dec, weekday 0-6 or sun-sat, in any case; each a list, with commas, of
 * `*` or `?` (all), `n`, `a-b`, and each of these with `/step`, where `n/step`
 * goes on to the end. Or @yearly, @annually, @monthly, @weekly, @daily,
 * @midnight, @hourly; or `@every 1h30m`, a minute to 366 days, counted from
 * the last time. Days are those that both day fields name, if one of them has
 * a `*` or `?`; else those that either names. `*`, with a step above 1, names
 * some.
 *
 * Clocks that are set: what is due every hour is due by the time that passes,
 * so not in an hour that is left out, and twice in one that comes twice. What
 * is due at certain hours is due once each day: when the clock has been set if
 * its hour was left out; the first time if it comes twice.
 */
enum { CRON_TEXT_MAX = 100 };

struct cron {
	uint64_t minutes, hours, days, months, weekdays; /* a bit each */
	int64_t every_s; /* of @every, which has no fields; else 0 */
	bool is_any_day, is_any_weekday; /* has `*` or `?` */
	char text[CRON_TEXT_MAX + 1];	 /* one space between fields */
};

/* ERR_INVALID names the field and what is wrong with it; never due is too. */
int
cron_parse(struct cron *cron_out, const char *text, struct err *err) MUST_CHECK;

/*
 * The first time after after_unix on the clocks of that zone; 0: none in nine
 * years, in which even 29 February comes.
 */
int64_t
cron_next(const struct cron *cron, const struct zone *zone, int64_t after_unix);

#endif
