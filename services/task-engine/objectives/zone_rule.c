/* Reads and applies the rule by which a clock goes on. Pure. */

#include "services/task-engine/objectives/zone_rule.h"

#include <string.h>
#include <time.h>

#include "libcommon/err.h"

enum {
	MINUTE = 60,
	HOUR = 3600,
	DAY = 24 * HOUR,
	SUMMER_S = HOUR,      /* where the rule does not say */
	CHANGE_AT = 2 * HOUR, /* the same */
	MAX_OFFSET_HOURS = 24,
	MAX_TIME_HOURS = 167,
	LAST_WEEK = 5,
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
read_number(const char **at, int min, int max, int *out)
{
	int value = 0;

	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); (*at)++) {
		value = value * 10 + (**at - '0');
		if (value > max)
			return false;
	}
	*out = value;
	return value >= min;
}

static bool
take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool
read_time(const char **at, int max_hours, int *out)
{
	bool is_negative = **at == '-';
	int hours, minutes = 0, seconds = 0;

	if (**at == '-' || **at == '+')
		(*at)++;
	if (!read_number(at, 0, max_hours, &hours))
		return false;
	if (take(at, ':') && !read_number(at, 0, 59, &minutes))
		return false;
	if (take(at, ':') && !read_number(at, 0, 59, &seconds))
		return false;
	*out = hours * HOUR + minutes * MINUTE + seconds;
	if (is_negative)
		*out = -*out;
	return true;
}

/* Letters, or anything but '>' in angle brackets. */
static bool
skip_name(const char **at)
{
	const char *from = *at;

	if (take(at, '<')) {
		while (**at != '\0' && **at != '>')
			(*at)++;
		return take(at, '>');
	}
	while (is_letter(**at))
		(*at)++;
	return *at > from;
}

static bool
read_day(const char **at, struct zone_day *day)
{
	if (take(at, 'M')) {
		day->kind = ZONE_DAY_WEEKDAY;
		return read_number(at, 1, 12, &day->month) && take(at, '.') &&
		       read_number(at, 1, LAST_WEEK, &day->week) &&
		       take(at, '.') && read_number(at, 0, 6, &day->day);
	}
	if (take(at, 'J')) {
		day->kind = ZONE_DAY_JULIAN;
		return read_number(at, 1, 365, &day->day);
	}
	day->kind = ZONE_DAY_OF_YEAR;
	return read_number(at, 0, 365, &day->day);
}

static bool
read_change(const char **at, struct zone_day *day)
{
	day->time_s = CHANGE_AT;
	return take(at, ',') && read_day(at, day) &&
	       (!take(at, '/') || read_time(at, MAX_TIME_HOURS, &day->time_s));
}

/* Offsets are written west of UTC. */
static bool
read_rule(const char *at, struct zone_rule *rule)
{
	int west;

	if (!skip_name(&at) || !read_time(&at, MAX_OFFSET_HOURS, &west))
		return false;
	rule->standard_s = -west;
	if (*at == '\0')
		return true;
	rule->has_summer = true;
	west -= SUMMER_S;
	if (!skip_name(&at) ||
	    (*at != ',' && !read_time(&at, MAX_OFFSET_HOURS, &west)))
		return false;
	rule->summer_s = -west;
	return read_change(&at, &rule->from) && read_change(&at, &rule->to) &&
	       *at == '\0';
}

int
zone_rule_parse(struct zone_rule *rule, const char *text, struct err *err)
{
	memset(rule, 0, sizeof(*rule));
	if (read_rule(text, rule))
		return 0;
	return err_set(
	    err, ERR_INVALID, "the rule of a time zone cannot be read");
}

/* What month and day would be as a moment of UTC; year counts from 1900. */
static struct tm
day_of(int year, int month, int day)
{
	struct tm tm = { .tm_year = year, .tm_mon = month, .tm_mday = day };
	time_t at = timegm(&tm);

	gmtime_r(&at, &tm);
	return tm;
}

static int
find_weekday(const struct zone_day *day, int year)
{
	struct tm first = day_of(year, day->month - 1, 1);
	int at = first.tm_yday + (day->day - first.tm_wday + 7) % 7;
	int next_month = day->month == 12 ? day_of(year, 11, 31).tm_yday + 1
					  : day_of(year, day->month, 1).tm_yday;

	at += (day->week - 1) * 7;
	return at < next_month ? at : at - 7;
}

static int
find_julian(const struct zone_day *day, int year)
{
	/* 1 March has a number of its own in leap years alone. */
	bool is_leap = day_of(year, 1, 29).tm_mon == 1;

	return day->day - 1 + (is_leap && day->day >= 60);
}

/* Of that year, as the clock shows it. */
static int64_t
change_at(const struct zone_day *day, int year)
{
	struct tm tm = { .tm_year = year, .tm_mday = 1 };
	int yday = day->day;

	if (day->kind == ZONE_DAY_WEEKDAY)
		yday = find_weekday(day, year);
	else if (day->kind == ZONE_DAY_JULIAN)
		yday = find_julian(day, year);
	return timegm(&tm) + (int64_t)yday * DAY + day->time_s;
}

int
zone_rule_offset(const struct zone_rule *rule, int64_t at)
{
	time_t standard = at + rule->standard_s;
	int64_t from, to;
	bool is_between;
	struct tm tm;

	if (!rule->has_summer)
		return rule->standard_s;
	gmtime_r(&standard, &tm);
	from = change_at(&rule->from, tm.tm_year) - rule->standard_s;
	to = change_at(&rule->to, tm.tm_year) - rule->summer_s;
	/* In the south summer goes over the end of the year. */
	is_between = from < to ? at >= from && at < to : at < to || at >= from;
	return is_between ? rule->summer_s : rule->standard_s;
}
