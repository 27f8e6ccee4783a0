/* Reads due windows. Pure. */

#include "services/task-engine/conversation/due_window.h"

#include <stddef.h>
#include <string.h>

#include "libcommon/err.h"
#include "libcommon/utf8.h"

enum {
	SHOWN_MAX = 24,	    /* of a wrong window in its error */
	NUMBER_DIGITS = 10, /* 366 days in seconds have eight */
};

static const struct unit {
	char letter;
	int64_t seconds;
} units[] = {
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Units get smaller: "30m1h" is a slip. */
static const struct unit *
find_unit(const struct unit *from, char letter)
{
	for (const struct unit *u = from; u < units + N_OF(units); u++)
		if (u->letter == letter || u->letter == letter + ('a' - 'A'))
			return u;
	return NULL;
}

/* Milliseconds, so that "1.5h" and "0.25d" are exact; -1: not a number. */
static int64_t
read_part(const char **text, const struct unit **unit, bool *is_last)
{
	const char *p = *text;
	int64_t value = 0, scale = 1;
	size_t n_digits = 0;

	*is_last = false;
	if (!is_digit(*p))
		return -1;
	for (; is_digit(*p) || (*p == '.' && !*is_last); p++) {
		if (*p == '.') {
			*is_last = true;
			continue;
		}
		if (++n_digits > NUMBER_DIGITS)
			return -1;
		value = value * 10 + (*p - '0');
		scale *= *is_last ? 10 : 1;
	}
	if (p[-1] == '.')
		return -1;
	*unit = find_unit(*unit, *p);
	if (!*unit)
		return -1;
	*text = p + 1;
	/* At most 10^10 * 86400000 before the division: it cannot overflow. */
	value = value * (*unit)->seconds * 1000 / scale;
	(*unit)++;
	return value;
}

static int
fail(struct err *err, const char *text, const char *why)
{
	int shown = (int)utf8_cut(text, strlen(text), SHOWN_MAX);

	return err_set(err, ERR_INVALID,
	    "`%.*s` is no due window: %s. Write it like 2h, 90m, 1h30m or 3d.",
	    shown, text, why);
}

bool
due_window_is_meant(const char *text)
{
	return is_digit(*text);
}

int
due_window_parse(const char *text, int64_t *seconds_out, struct err *err)
{
	const struct unit *unit = units;
	const char *p = text;
	int64_t total_ms = 0, part;
	bool is_last;

	do {
		part = read_part(&p, &unit, &is_last);
		if (part < 0 || (is_last && *p))
			return fail(err, text, "numbers with d, h, m or s");
		total_ms += part;
		if (total_ms > (int64_t)DUE_WINDOW_MAX_S * 1000)
			return fail(err, text, "at most 366 days");
	} while (*p);
	if (total_ms < 1000)
		return fail(err, text, "at least a second");
	*seconds_out = total_ms / 1000;
	return 0;
}
