/* Cron expressions, and when they are due on the clocks of real zones. */

#include "services/task-engine/objectives/cron.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "services/task-engine/objectives/zone.h"
#include "tests/unit/unit.h"

static const struct {
	const char *claim, *text, *zone, *after, *next;
} due[] = {
	/* the predecessor's own vector */
	{ "each hour", "0 * * * *", "UTC", "2026-03-01T10:15:00Z",
	    "2026-03-01T11:00:00Z" },
	{ "strictly after", "0 * * * *", "UTC", "2026-03-01T11:00:00Z",
	    "2026-03-01T12:00:00Z" },
	{ "a second before", "0 * * * *", "UTC", "2026-03-01T10:59:59Z",
	    "2026-03-01T11:00:00Z" },
	{ "each minute", "* * * * *", "UTC", "2026-03-01T10:15:01Z",
	    "2026-03-01T10:16:00Z" },
	{ "the monitor's", "0 */6 * * *", "UTC", "2026-03-01T18:00:00Z",
	    "2026-03-02T00:00:00Z" },
	{ "over the end of a year", "0 9 * * *", "UTC", "2026-12-31T09:00:00Z",
	    "2027-01-01T09:00:00Z" },

	/* lists, ranges, steps */
	{ "list", "5,35 * * * *", "UTC", "2026-03-01T10:06:00Z",
	    "2026-03-01T10:35:00Z" },
	{ "list in any order", "35,5 * * * *", "UTC", "2026-03-01T10:36:00Z",
	    "2026-03-01T11:05:00Z" },
	{ "range", "0 9-17 * * *", "UTC", "2026-03-01T17:00:00Z",
	    "2026-03-02T09:00:00Z" },
	{ "range of one", "0 9-9 * * *", "UTC", "2026-03-01T08:00:00Z",
	    "2026-03-01T09:00:00Z" },
	{ "range with a step", "0 8-18/4 * * *", "UTC", "2026-03-01T12:00:00Z",
	    "2026-03-01T16:00:00Z" },
	{ "a step from n on", "20/15 * * * *", "UTC", "2026-03-01T10:36:00Z",
	    "2026-03-01T10:50:00Z" },
	{ "a step begins anew", "20/15 * * * *", "UTC", "2026-03-01T10:50:00Z",
	    "2026-03-01T11:20:00Z" },
	{ "names in any case", "0 0 * FEB Mon", "UTC", "2026-01-01T00:00:00Z",
	    "2026-02-02T00:00:00Z" },
	{ "range of names", "0 9 * * mon-fri", "UTC", "2026-03-06T09:00:00Z",
	    "2026-03-09T09:00:00Z" },
	{ "question mark", "0 9 ? * 0", "UTC", "2026-03-02T00:00:00Z",
	    "2026-03-08T09:00:00Z" },
	{ "blanks", " \t0  9 * *\t* ", "UTC", "2026-03-02T10:00:00Z",
	    "2026-03-03T09:00:00Z" },

	/* ends of months, leap years */
	{ "February has no 31", "0 0 31 * *", "UTC", "2026-01-31T00:00:00Z",
	    "2026-03-31T00:00:00Z" },
	{ "30 of April", "0 0 30 * *", "UTC", "2026-03-31T00:00:00Z",
	    "2026-04-30T00:00:00Z" },
	{ "29 February", "0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z",
	    "2028-02-29T00:00:00Z" },
	{ "no leap year in 2100", "0 0 29 2 *", "UTC", "2096-02-29T00:00:00Z",
	    "2104-02-29T00:00:00Z" },
	{ "30 February in a list", "0 0 30 2,3 *", "UTC",
	    "2026-01-31T00:00:00Z", "2026-03-30T00:00:00Z" },

	/* the rule of the two day fields */
	{ "either: the weekday", "0 0 13 * 5", "UTC", "2026-03-01T00:00:00Z",
	    "2026-03-06T00:00:00Z" },
	{ "either: the day", "0 0 11 * 5", "UTC", "2026-03-10T00:00:00Z",
	    "2026-03-11T00:00:00Z" },
	{ "both, if one is *", "0 0 * * 5", "UTC", "2026-03-07T00:00:00Z",
	    "2026-03-13T00:00:00Z" },
	{ "*/1 is a *", "0 0 */1 * 5", "UTC", "2026-03-07T00:00:00Z",
	    "2026-03-13T00:00:00Z" },
	{ "*/2 is none", "0 0 */2 * 5", "UTC", "2026-03-07T00:00:00Z",
	    "2026-03-09T00:00:00Z" },
	{ "30 February or a Monday", "0 0 30 2 1", "UTC",
	    "2026-02-24T00:00:00Z", "2027-02-01T00:00:00Z" },

	/* descriptors */
	{ "yearly", "@yearly", "UTC", "2026-03-01T00:00:00Z",
	    "2027-01-01T00:00:00Z" },
	{ "annually", "@annually", "UTC", "2026-01-01T00:00:00Z",
	    "2027-01-01T00:00:00Z" },
	{ "monthly", "@monthly", "UTC", "2026-03-01T00:00:00Z",
	    "2026-04-01T00:00:00Z" },
	{ "weekly", "@weekly", "UTC", "2026-03-02T00:00:00Z",
	    "2026-03-08T00:00:00Z" },
	{ "daily", "@daily", "Europe/Berlin", "2026-07-01T00:00:00Z",
	    "2026-07-01T22:00:00Z" },
	{ "midnight", "@midnight", "UTC", "2026-07-01T00:00:00Z",
	    "2026-07-02T00:00:00Z" },
	{ "hourly", "@hourly", "UTC", "2026-07-01T00:00:00Z",
	    "2026-07-01T01:00:00Z" },
	{ "every", "@every 1h30m", "UTC", "2026-07-01T00:10:05Z",
	    "2026-07-01T01:40:05Z" },
	{ "every, with all units", "@every  1h1m1s", "UTC",
	    "2026-07-01T00:00:00Z", "2026-07-01T01:01:01Z" },
	{ "every: 90m", "@every 90m", "Asia/Tokyo", "2026-07-01T00:00:00Z",
	    "2026-07-01T01:30:00Z" },

	/* zones */
	{ "winter in Berlin", "0 9 * * *", "Europe/Berlin",
	    "2026-01-10T09:00:00Z", "2026-01-11T08:00:00Z" },
	{ "summer in Berlin", "0 9 * * *", "Europe/Berlin",
	    "2026-07-10T09:00:00Z", "2026-07-11T07:00:00Z" },
	{ "the day is the zone's", "0 1 1 * *", "Asia/Tokyo",
	    "2026-07-10T00:00:00Z", "2026-07-31T16:00:00Z" },
	{ "half an hour", "0 9 * * *", "Asia/Kolkata", "2026-07-10T04:00:00Z",
	    "2026-07-11T03:30:00Z" },
	{ "three quarters", "0 9 * * *", "Asia/Kathmandu",
	    "2026-07-10T04:00:00Z", "2026-07-11T03:15:00Z" },
	{ "the south's summer", "0 9 * * *", "Australia/Sydney",
	    "2026-01-10T00:00:00Z", "2026-01-10T22:00:00Z" },
	{ "after the file's last change", "0 9 * * *", "Europe/Berlin",
	    "2060-07-10T09:00:00Z", "2060-07-11T07:00:00Z" },
	{ "a zone by another name", "0 9 * * *", "Etc/UTC",
	    "2026-07-10T09:00:00Z", "2026-07-11T09:00:00Z" },

	/* Berlin, 29 March 2026: 02:00 is 03:00, at 01:00 of UTC. */
	{ "its hour is left out", "30 2 * * *", "Europe/Berlin",
	    "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z" },
	{ "and once only", "30 2 * * *", "Europe/Berlin",
	    "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z" },
	{ "several left out are one", "*/15 2 * * *", "Europe/Berlin",
	    "2026-03-28T01:45:00Z", "2026-03-29T01:00:00Z" },
	{ "hourly goes on", "30 * * * *", "Europe/Berlin",
	    "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z" },
	{ "only on the day that lacks it", "30 2 29 3 *", "Europe/Berlin",
	    "2025-12-01T00:00:00Z", "2026-03-29T01:00:00Z" },
	/* Berlin, 25 October 2026: 03:00 is 02:00, at 01:00 of UTC. */
	{ "the first of two", "30 2 * * *", "Europe/Berlin",
	    "2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z" },
	{ "not the second", "30 2 * * *", "Europe/Berlin",
	    "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z" },
	{ "hourly, both", "30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z",
	    "2026-10-25T01:30:00Z" },
	{ "all minutes of both", "* * * * *", "Europe/Berlin",
	    "2026-10-25T00:59:00Z", "2026-10-25T01:00:00Z" },
	{ "hourly, behind both", "30 0-23 * * *", "Europe/Berlin",
	    "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z" },
	/* New York, 8 March and 1 November 2026 */
	{ "New York, left out", "15 2 * * *", "America/New_York",
	    "2026-03-07T08:00:00Z", "2026-03-08T07:00:00Z" },
	{ "New York, the first of two", "15 1 * * *", "America/New_York",
	    "2026-10-31T06:00:00Z", "2026-11-01T05:15:00Z" },
	{ "New York, not the second", "15 1 * * *", "America/New_York",
	    "2026-11-01T05:15:00Z", "2026-11-02T06:15:00Z" },
	/* Lord Howe sets its clocks by half an hour: 4 October, 5 April */
	{ "Lord Howe, left out", "10 2 * * *", "Australia/Lord_Howe",
	    "2026-10-02T20:00:00Z", "2026-10-03T15:30:00Z" },
	{ "Lord Howe, the first of two", "45 1 * * *", "Australia/Lord_Howe",
	    "2026-04-04T10:00:00Z", "2026-04-04T14:45:00Z" },
	{ "Lord Howe, hourly both", "45 * * * *", "Australia/Lord_Howe",
	    "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z" },
	/* Cairo's midnight of 24 April 2026 is left out. */
	{ "midnight is left out", "0 0 * * *", "Africa/Cairo",
	    "2026-04-23T00:00:00Z", "2026-04-23T22:00:00Z" },
	/* Clocks of Santiago go back at midnight, on 4 April 2026. */
	{ "midnight comes after both", "0 0 * * *", "America/Santiago",
	    "2026-04-04T03:30:00Z", "2026-04-05T04:00:00Z" },
	{ "an hour before it is the first", "30 23 * * *", "America/Santiago",
	    "2026-04-04T02:31:00Z", "2026-04-05T02:30:00Z" },
	/* Samoa had no 30 December 2011. */
	{ "a day is left out", "0 9 * * *", "Pacific/Apia",
	    "2011-12-29T20:00:00Z", "2011-12-30T10:00:00Z" },
};

static int64_t
at(const char *text)
{
	int64_t unix_ms;

	assert_int_equal(clock_parse_rfc3339(text, &unix_ms), 0);
	return unix_ms / 1000;
}

static void
due_when_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(due); i++) {
		char got[CLOCK_RFC3339_SIZE];
		AUTO(zone_free)
		struct zone *zone = NULL;
		struct cron cron;
		struct err err;

		if (zone_load(&zone, due[i].zone, &err) < 0 ||
		    cron_parse(&cron, due[i].text, &err) < 0)
			fail_msg("%s: %s", due[i].claim, err.text);
		clock_rfc3339(
		    got, cron_next(&cron, zone, at(due[i].after)) * 1000);
		if (strcmp(got, due[i].next) != 0)
			fail_msg("%s: %s and not %s", due[i].claim, got,
			    due[i].next);
	}
}

static const struct {
	const char *claim, *text, *says;
} refused[] = {
	{ "nothing", "", "it is empty" },
	{ "blanks", " \t ", "it is empty" },
	{ "one field", "0", "1 fields and not five" },
	{ "four fields", "0 * * *", "4 fields and not five" },
	{ "with seconds", "0 0 * * * *", "6 fields and not five" },
	{ "minute 60", "60 * * * *", "its minute: `60` is not within 0 to 59" },
	{ "hour 24", "0 24 * * *", "its hour: `24` is not within 0 to 23" },
	{ "day 0", "0 0 0 * *",
	    "its day of the month: `0` is not within 1 to 31" },
	{ "month 13", "0 0 1 13 *", "its month: `13` is not within 1 to 12" },
	{ "weekday 7", "0 0 * * 7",
	    "its weekday: `7` is not within 0 to 6, where Sunday is 0" },
	{ "a huge number", "99999999999999999999999 * * * *",
	    "is not within 0 to 59" },
	{ "negative", "-1 * * * *", "its minute: `-1` cannot be read" },
	{ "plus", "+1 * * * *", "its minute: `+1` cannot be read" },
	{ "backwards", "0 17-9 * * *", "its hour: `17-9` goes backwards" },
	{ "backwards by name", "0 0 * * fri-mon", "`fri-mon` goes backwards" },
	{ "step 0", "*/0 * * * *", "its minute: `*/0` has the step 0" },
	{ "step too wide", "*/90 * * * *", "`*/90` steps over all" },
	{ "no step", "*/ * * * *", "has no number as its step" },
	{ "two steps", "*/2/3 * * * *", "`*/2/3` cannot be read" },
	{ "two ranges", "1-2-3 * * * *", "`1-2-3` cannot be read" },
	{ "open range", "1- * * * *", "`1-` cannot be read" },
	{ "range of all", "*-5 * * * *", "`*-5` cannot be read" },
	{ "empty item", "1,,2 * * * *", "its minute: `` is empty" },
	{ "comma at the end", "1, * * * *", "its minute: `` is empty" },
	{ "letters", "x * * * *", "its minute: `x` cannot be read" },
	{ "whole names only", "0 0 1 january *", "`january` cannot be read" },
	{ "a name elsewhere", "jan * * * *", "its minute: `jan` cannot be" },
	{ "L", "0 0 L * *", "its day of the month: `L` cannot be read" },
	{ "W", "0 0 15W * *", "`15W` cannot be read" },
	{ "#", "0 0 * * 5#2", "`5#2` cannot be read" },
	{ "a fraction", "1.5 * * * *", "`1.5` cannot be read" },
	/* P-55: taken, and never due */
	{ "P-55: 30 February", "0 0 30 2 *", "would never be due" },
	{ "P-55: 31 of short months", "0 0 31 4,6,9,11 *", "never be due" },
	{ "P-55: a weekday's step counts as all", "0 0 30 2 */1", "never" },
	/* P-56: ended the process */
	{ "P-56: TZ alone", "TZ=UTC", "has a field of its own" },
	{ "P-56: CRON_TZ alone", "CRON_TZ=UTC", "has a field of its own" },
	{ "TZ in front", "TZ=UTC 0 * * * *", "has a field of its own" },
	{ "unknown word", "@fortnightly", "there is no such word" },
	{ "word with more", "@daily 5", "there is no such word" },
	{ "reboot", "@reboot", "there is no such word" },
	{ "every what", "@every", "there is no such word" },
	{ "every second", "@every 1s", "from a minute" },
	{ "every 0", "@every 0m", "from a minute" },
	{ "every two years", "@every 17520h", "to 8784h" },
	{ "every huge", "@every 9223372036854775807h", "to 8784h" },
	{ "every day in days", "@every 1d", "write it like 1h30m" },
	{ "every, wrong order", "@every 30m1h", "write it like 1h30m" },
	{ "every, negative", "@every -5m", "write it like 1h30m" },
	{ "every, no unit", "@every 5", "write it like 1h30m" },
	{ "words", "every day at nine please",
	    "its minute: `every` cannot be read" },
};

static void
refused_with_field_and_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(refused); i++) {
		struct cron cron;
		struct err err;

		if (cron_parse(&cron, refused[i].text, &err) == 0)
			fail_msg("%s: was taken", refused[i].claim);
		assert_int_equal(err.code, ERR_INVALID);
		if (!strstr(err.text, refused[i].says))
			fail_msg("%s: %s", refused[i].claim, err.text);
	}
}

static void
a_long_text_is_refused(void **state)
{
	char text[CRON_TEXT_MAX + 20];
	struct cron cron;
	struct err err;

	(void)state;
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(cron_parse(&cron, text, &err), -1);
	assert_non_null(strstr(err.text, "longer than 100 bytes"));
}

static void
text_has_one_space_between_fields(void **state)
{
	struct cron cron;
	struct err err;

	(void)state;
	assert_int_equal(cron_parse(&cron, "\t0  9 *  * 1-5 ", &err), 0);
	assert_string_equal(cron.text, "0 9 * * 1-5");
}

static const char *const no_zones[] = {
	"",
	"Nowhere/Here",
	"europe/berlin",
	"../../../etc/passwd",
	"Europe/../../../../etc/passwd",
	"/usr/share/zoneinfo/UTC",
	"/etc/localtime",
	"localtime",
	"posixrules",
	"right/UTC",
	"zone.tab",
	"Europe",
	"Europe/",
	"Europe//Berlin",
	"Europe/Berlin\n",
	"Europe/Berlin/x",
	"CET-1CEST,M3.5.0,M10.5.0/3",
	"A234567890123456789012345678901234567890123456789012345678901234567",
};

static void
no_zone_of_these_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(no_zones); i++) {
		AUTO(zone_free)
		struct zone *zone = NULL;
		struct err err;

		if (zone_load(&zone, no_zones[i], &err) == 0)
			fail_msg("%s: was taken", no_zones[i]);
		if (err.code != ERR_INVALID || !strstr(err.text, "Europe/"))
			fail_msg("%s: %s", no_zones[i], err.text);
	}
}

/* North, south, permanent summer, Ramadan, none, 30 and 45 minutes, a Friday,
 * hours below 0, a day that was left out. */
static const char *const real_zones[] = { "Europe/Berlin", "America/New_York",
	"Australia/Sydney", "Australia/Lord_Howe", "Asia/Kolkata",
	"Pacific/Chatham", "Africa/Casablanca", "Africa/Cairo", "Asia/Gaza",
	"America/Nuuk", "America/Santiago", "Asia/Tokyo", "Europe/Dublin",
	"Pacific/Apia", "America/Caracas", "UTC" };

/* The C library reads the same files; here it may, as nothing else runs. */
static void
same_offsets_as_the_c_library(void **state)
{
	const int64_t step_s = 111 * 3600 + 1111;

	(void)state;
	for (size_t i = 0; i < N_OF(real_zones); i++) {
		AUTO(zone_free)
		struct zone *zone = NULL;
		struct err err;

		assert_int_equal(zone_load(&zone, real_zones[i], &err), 0);
		setenv("TZ", real_zones[i], 1);
		tzset();
		for (time_t t = 0; t < at("2120-01-01T00:00:00Z");
		     t += step_s) {
			struct tm tm;

			localtime_r(&t, &tm);
			if (zone_offset(zone, t) != tm.tm_gmtoff)
				fail_msg("%s at %lld: %d and not %ld",
				    real_zones[i], (long long)t,
				    zone_offset(zone, t), tm.tm_gmtoff);
		}
	}
}

/* A file without changes: what slim files are, and wrong ones look like. */
#define BLOCK                                                                  \
	"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"  \
	"\0\0\0\1\0\0\0\4"                                                     \
	"\0\0\0\0\0\0LMT\0"

static const struct {
	const char *rule, *when;
	int offset_s;
} rules[] = {
	{ "", "2026-01-01T00:00:00Z", 0 },
	{ "CET-1", "2026-07-01T00:00:00Z", 3600 },
	{ "<+0530>-5:30", "2026-07-01T00:00:00Z", 19800 },
	{ "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000 },
	{ "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14400 },
	{ "EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", -18000 },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200 },
	{ "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 39600 },
	{ "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z", 36000 },
	/* RFC 8536's examples: for ever summer; hours below 0 */
	{ "EST5EDT,0/0,J365/25", "2026-01-15T00:00:00Z", -14400 },
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200 },
	{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600 },
	{ "AAA0BBB,J60/0,J61/0", "2028-03-01T12:00:00Z", 3600 },
	{ "AAA0BBB,J60/0,J61/0", "2026-03-01T12:00:00Z", 3600 },
	{ "AAA0BBB,59/0,60/0", "2028-02-29T12:00:00Z", 3600 },
};

static size_t
file_with(char *out, const char *rule)
{
	size_t size = 2 * (sizeof(BLOCK) - 1);

	memcpy(out, BLOCK BLOCK, size);
	out[size++] = '\n';
	memcpy(out + size, rule, strlen(rule));
	size += strlen(rule);
	out[size++] = '\n';
	return size;
}

static void
rules_go_on_for_ever(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rules); i++) {
		char file[300];
		size_t size = file_with(file, rules[i].rule);
		AUTO(zone_free)
		struct zone *zone = NULL;
		struct err err;

		if (zone_parse(&zone, file, size, &err) < 0)
			fail_msg("%s: %s", rules[i].rule, err.text);
		if (zone_offset(zone, at(rules[i].when)) != rules[i].offset_s)
			fail_msg("%s at %s: %d", rules[i].rule, rules[i].when,
			    zone_offset(zone, at(rules[i].when)));
	}
}

static const char *const wrong_rules[] = { "5", "EST", "EST25", "EST5:60",
	"EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0",
	"EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J365",
	"EST5EDT,0,366", "EST5EDT,M3.2.0/168,M11.1.0",
	"EST5EDT,M3.2.0,M11.1.0x", "<EST5" };

static void
wrong_rules_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(wrong_rules); i++) {
		char file[300];
		size_t size = file_with(file, wrong_rules[i]);
		AUTO(zone_free)
		struct zone *zone = NULL;
		struct err err;

		if (zone_parse(&zone, file, size, &err) == 0)
			fail_msg("%s: was taken", wrong_rules[i]);
	}
}

/* A byte that is changed or a part that is cut never reads beyond the end. */
static void
a_damaged_file_is_refused_or_read(void **state)
{
	char file[300];
	size_t size = file_with(file, "CET-1CEST,M3.5.0,M10.5.0/3");

	(void)state;
	for (size_t i = 0; i < size; i++) {
		char *copy = malloc(size);
		AUTO(zone_free)
		struct zone *zone = NULL;
		struct err err;

		assert_int_equal(zone_parse(&zone, file, i, &err), -1);
		memcpy(copy, file, size);
		copy[i] = (char)(copy[i] ^ 0x80);
		if (zone_parse(&zone, copy, size, &err) == 0)
			(void)zone_offset(zone, at("2026-01-01T00:00:00Z"));
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(due_when_the_table_says),
		cmocka_unit_test(refused_with_field_and_fault),
		cmocka_unit_test(a_long_text_is_refused),
		cmocka_unit_test(text_has_one_space_between_fields),
		cmocka_unit_test(no_zone_of_these_names),
		cmocka_unit_test(rules_go_on_for_ever),
		cmocka_unit_test(wrong_rules_are_refused),
		cmocka_unit_test(a_damaged_file_is_refused_or_read),
		cmocka_unit_test(same_offsets_as_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
