/* Reads cron expressions. Pure. */

#include "services/task-engine/objectives/cron.h"

#include <string.h>

#include "libcommon/err.h"
#include "libcommon/utf8.h"

enum {
	N_FIELDS = 5,
	NUMBER_MAX = 9999, /* more digits would not be read to their end */
	NAME_SIZE = 3,
	SHOWN_MAX = 32, /* of what is wrong, in its error */
	EVERY_MIN_S = 60,
	EVERY_MAX_S = 366 * 24 * 3600,
};

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may",
	"jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const weekday_names[] = { "sun", "mon", "tue", "wed", "thu",
	"fri", "sat", NULL };

static const struct field {
	const char *name;
	const char *const *values; /* names of them, from min on; or NULL */
	int min, max;
} fields[N_FIELDS] = {
	{ "minute", NULL, 0, 59 },
	{ "hour", NULL, 0, 23 },
	{ "day of the month", NULL, 1, 31 },
	{ "month", month_names, 1, 12 },
	{ "weekday", weekday_names, 0, 6 },
};

static const struct {
	const char *name, *means;
} descriptors[] = {
	{ "@yearly", "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" },
	{ "@monthly", "0 0 1 * *" },
	{ "@weekly", "0 0 * * 0" },
	{ "@daily", "0 0 * * *" },
	{ "@midnight", "0 0 * * *" },
	{ "@hourly", "0 * * * *" },
};

static const struct unit {
	char letter;
	int seconds;
} units[] = { { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
fail(struct err *err, const struct field *field, const char *item,
    const char *why)
{
	return err_set(err, ERR_INVALID, "its %s: `%.*s` %s", field->name,
	    (int)utf8_cut(item, strlen(item), SHOWN_MAX), item, why);
}

static int
out_of_range(struct err *err, const struct field *field, const char *item)
{
	return err_set(err, ERR_INVALID,
	    "its %s: `%.*s` is not within %d to "
	    "%d%s",
	    field->name, (int)utf8_cut(item, strlen(item), SHOWN_MAX), item,
	    field->min, field->max,
	    field->values == weekday_names ? ", where Sunday is 0" : "");
}

/* -1: there is none. */
static int
read_number(const char **at)
{
	int value = 0;

	if (!is_digit(**at))
		return -1;
	for (; is_digit(**at); (*at)++)
		if (value <= NUMBER_MAX)
			value = value * 10 + (**at - '0');
	return value;
}

static int
read_name(const struct field *field, const char **at)
{
	for (int i = 0; field->values && field->values[i]; i++) {
		const char *name = field->values[i];
		int k = 0;

		while (k < NAME_SIZE && ((*at)[k] | ('a' - 'A')) == name[k])
			k++;
		if (k == NAME_SIZE) {
			*at += NAME_SIZE;
			return field->min + i;
		}
	}
	return -1;
}

/* A number or a name; what stands behind it is the caller's to judge. */
static int
read_value(const struct field *field, const char *item, const char **at,
    int *out, struct err *err)
{
	*out = is_digit(**at) ? read_number(at) : read_name(field, at);
	if (*out < 0)
		return fail(err, field, item, "cannot be read");
	if (*out < field->min || *out > field->max)
		return out_of_range(err, field, item);
	return 0;
}

struct span {
	int from, to, step;
	bool is_all; /* was written as `*` or `?` */
};

static int
read_span(const struct field *field, const char *item, const char **at,
    struct span *span, struct err *err)
{
	*span = (struct span){ field->min, field->max, 1, true };
	if (**at == '*' || **at == '?') {
		(*at)++;
		return 0;
	}
	span->is_all = false;
	if (read_value(field, item, at, &span->from, err) < 0)
		return -1;
	span->to = **at == '/' ? field->max : span->from;
	if (**at != '-')
		return 0;
	(*at)++;
	if (read_value(field, item, at, &span->to, err) < 0)
		return -1;
	return span->to < span->from ? fail(err, field, item, "goes backwards")
				     : 0;
}

static int
read_step(const struct field *field, const char *item, const char **at,
    struct span *span, struct err *err)
{
	if (**at != '/')
		return 0;
	(*at)++;
	span->step = read_number(at);
	if (span->step < 0)
		return fail(err, field, item, "has no number as its step");
	if (span->step == 0)
		return fail(err, field, item, "has the step 0");
	if (span->step > field->max)
		return fail(err, field, item, "steps over all that there is");
	return 0;
}

static int
read_item(const struct field *field, const char *item, uint64_t *bits,
    bool *is_any, struct err *err)
{
	const char *at = item;
	struct span span;

	if (*item == '\0')
		return fail(err, field, item, "is empty");
	if (read_span(field, item, &at, &span, err) < 0 ||
	    read_step(field, item, &at, &span, err) < 0)
		return -1;
	if (*at != '\0')
		return fail(err, field, item, "cannot be read");
	for (int i = span.from; i <= span.to; i += span.step)
		*bits |= UINT64_C(1) << i;
	if (span.is_all && span.step == 1)
		*is_any = true;
	return 0;
}

/* Cuts the text into its items. */
static int
read_field(const struct field *field, char *text, uint64_t *bits, bool *is_any,
    struct err *err)
{
	char *item;

	*bits = 0;
	*is_any = false;
	while ((item = strsep(&text, ",")) != NULL)
		if (read_item(field, item, bits, is_any, err) < 0)
			return -1;
	return 0;
}

/* Both of its day fields count, and no month has such a day. */
static int
check_ever(const struct cron *cron, struct err *err)
{
	static const char longest[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };

	if (!cron->is_any_day && !cron->is_any_weekday)
		return 0;
	for (int month = 0; month < 12; month++) {
		uint64_t days = (UINT64_C(2) << longest[month]) - 1;

		if ((cron->months >> (month + 1) & 1) && (cron->days & days))
			return 0;
	}
	return err_set(err, ERR_INVALID,
	    "its day of the month: no month that it names has such a day, so "
	    "it would never be due");
}

static int
read_fields(struct cron *cron, const char *means, struct err *err)
{
	char copy[CRON_TEXT_MAX + 1], *rest = copy, *text[N_FIELDS];
	uint64_t *const bits[N_FIELDS] = { &cron->minutes, &cron->hours,
		&cron->days, &cron->months, &cron->weekdays };
	bool is_any[N_FIELDS];
	size_t n = 0;

	memcpy(copy, means, strlen(means) + 1);
	for (char *one; (one = strsep(&rest, " ")) != NULL; n++)
		if (n < N_FIELDS)
			text[n] = one;
	if (n != N_FIELDS)
		return err_set(err, ERR_INVALID,
		    "it has %zu fields and not five: minute, hour, day of the "
		    "month, month, weekday",
		    n);
	for (size_t i = 0; i < N_FIELDS; i++)
		if (read_field(&fields[i], text[i], bits[i], &is_any[i], err) <
		    0)
			return -1;
	cron->is_any_day = is_any[2];
	cron->is_any_weekday = is_any[4];
	return check_ever(cron, err);
}

/* Whole hours, minutes and seconds, each at most once, in this order. */
static int64_t
read_every(const char *at)
{
	const struct unit *unit = units, *const end = units + N_OF(units);
	int64_t total_s = 0;

	while (*at != '\0') {
		int value = read_number(&at);

		while (unit < end && unit->letter != *at)
			unit++;
		if (value < 0 || value > NUMBER_MAX || unit == end)
			return -1;
		total_s += (int64_t)value * (unit++)->seconds;
		at++;
	}
	return total_s;
}

static int
parse_every(struct cron *cron, const char *text, struct err *err)
{
	cron->every_s = read_every(text);
	if (cron->every_s >= EVERY_MIN_S && cron->every_s <= EVERY_MAX_S)
		return 0;
	return err_set(err, ERR_INVALID,
	    "its @every: write it like 1h30m or 45m, from a minute to 8784h");
}

static int
parse_descriptor(struct cron *cron, struct err *err)
{
	static const char every[] = "@every ";

	if (strncmp(cron->text, every, sizeof(every) - 1) == 0)
		return parse_every(cron, cron->text + sizeof(every) - 1, err);
	for (size_t i = 0; i < N_OF(descriptors); i++)
		if (strcmp(cron->text, descriptors[i].name) == 0)
			return read_fields(cron, descriptors[i].means, err);
	return err_set(err, ERR_INVALID,
	    "there is no such word: @yearly, @annually, @monthly, @weekly, "
	    "@daily, @midnight, @hourly, or @every with a duration");
}

/* False: it is longer than any that means something. */
static bool
collapse(const char *text, char out[CRON_TEXT_MAX + 1])
{
	static const char blanks[] = " \t\r\n";
	size_t n = 0;

	for (text += strspn(text, blanks); *text;
	     text += strspn(text, blanks)) {
		size_t size = strcspn(text, blanks);

		if (n + size + 1 > CRON_TEXT_MAX)
			return false;
		if (n > 0)
			out[n++] = ' ';
		memcpy(out + n, text, size);
		n += size;
		text += size;
	}
	out[n] = '\0';
	return true;
}

int
cron_parse(struct cron *cron, const char *text, struct err *err)
{
	memset(cron, 0, sizeof(*cron));
	if (!collapse(text, cron->text))
		return err_set(err, ERR_INVALID, "it is longer than %d bytes",
		    CRON_TEXT_MAX);
	if (*cron->text == '\0')
		return err_set(err, ERR_INVALID, "it is empty");
	if (strncmp(cron->text, "TZ=", 3) == 0 ||
	    strncmp(cron->text, "CRON_TZ=", 8) == 0)
		return err_set(
		    err, ERR_INVALID, "the time zone has a field of its own");
	if (*cron->text == '@')
		return parse_descriptor(cron, err);
	return read_fields(cron, cron->text, err);
}
