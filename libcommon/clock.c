/* What time it is, and the one form in which times are written. */

#include "libcommon/clock.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t
read_ns(clockid_t which)
{
	struct timespec now;
	int rc = clock_gettime(which, &now);

	assert(rc == 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t
clock_unix_ms(void)
{
	return read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t
clock_mono_ms(void)
{
	return read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t
clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

/* The form has four digits for the year: other times become its ends. */
static const int64_t first_s = -62167219200; /* 0000-01-01T00:00:00Z */
static const int64_t last_s = 253402300799;  /* 9999-12-31T23:59:59Z */

void
clock_rfc3339(char *out, int64_t unix_ms)
{
	time_t seconds = unix_ms / 1000 - (unix_ms % 1000 < 0);
	char text[96];
	struct tm tm;

	if (seconds < first_s)
		seconds = first_s;
	if (seconds > last_s)
		seconds = last_s;
	gmtime_r(&seconds, &tm);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
	memcpy(out, text, CLOCK_RFC3339_SIZE);
}

static int
digits(const char *text, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

static int
has_form(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (strlen(text) != CLOCK_RFC3339_SIZE - 1)
		return 0;
	for (size_t i = 0; form[i] != '\0'; i++) {
		if (form[i] == 'd' ? !isdigit((unsigned char)text[i])
				   : text[i] != form[i])
			return 0;
	}
	return 1;
}

int
clock_parse_rfc3339(const char *text, int64_t *unix_ms_out)
{
	char again[CLOCK_RFC3339_SIZE];
	struct tm tm = { 0 };
	int64_t unix_ms;

	if (!has_form(text))
		return -1;
	tm.tm_year = digits(text, 4) - 1900;
	tm.tm_mon = digits(text + 5, 2) - 1;
	tm.tm_mday = digits(text + 8, 2);
	tm.tm_hour = digits(text + 11, 2);
	tm.tm_min = digits(text + 14, 2);
	tm.tm_sec = digits(text + 17, 2);
	unix_ms = (int64_t)timegm(&tm) * 1000;
	/* timegm carries 31 February over into March; the text must not. */
	clock_rfc3339(again, unix_ms);
	if (strcmp(again, text) != 0)
		return -1;
	*unix_ms_out = unix_ms;
	return 0;
}
