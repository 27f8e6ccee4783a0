#ifndef TASK_ENGINE_OBJECTIVES_ZONE_RULE_H
#define TASK_ENGINE_OBJECTIVES_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;

/*
 * How a clock goes on for ever after the changes that its file lists: the TZ
 * string of POSIX with what RFC 8536 adds, "CET-1CEST,M3.5.0,M10.5.0/3". Pure.
 */
struct zone_day {
	enum {
		ZONE_DAY_WEEKDAY, /* Mm.w.d: the w-th day d of month m */
		ZONE_DAY_JULIAN,  /* Jn: 1 to 365, 29 February not counted */
		ZONE_DAY_OF_YEAR, /* n: 0 to 365 */
	} kind;
	int month, week, day;
	int time_s; /* local, from -167 to 167 hours */
};

struct zone_rule {
	struct zone_day from, to; /* of summer time */
	int standard_s, summer_s; /* east of UTC */
	bool has_summer;
};

int zone_rule_parse(
    struct zone_rule *rule_out, const char *text, struct err *err) MUST_CHECK;

/* Seconds east of UTC. */
int zone_rule_offset(const struct zone_rule *rule, int64_t at_unix);

#endif
