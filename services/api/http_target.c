/* The request target: its two forms, its escapes, what it may not hold. */

#include "services/api/http_internal.h"

#include <string.h>
#include <strings.h>

/*
 * The library calls this when it has the first line, before it cuts the target
 * at '?' and takes its escapes off, both in place. What is returned is the
 * slot that exchange_on_access finds.
 */
void *
target_on_line(void *cls, const char *raw, struct MHD_Connection *connection)
{
	static const char scheme[] = "http://";
	const size_t size = strlen(scheme);
	struct http_target *target = &client_of(connection)->target;

	(void)cls;
	*target = (struct http_target){ 0 };
	if (raw == NULL)
		return NULL;
	target->begin = raw;
	target->end = raw + strlen(raw);
	if (strncasecmp(raw, scheme, size) != 0)
		return NULL;
	target->authority = size;
	target->path = size + strcspn(raw + size, "/?");
	/* With an escape in it the path would move; no host has one. */
	if (memchr(raw + size, '%', target->path - size) != NULL)
		target->fault = "the authority of the request target is "
				"malformed";
	return NULL;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Broken escapes stay as they are: such text matches nothing. */
size_t
target_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	char *to = text;

	(void)cls;
	for (const char *from = text; *from != '\0'; from++) {
		int high = *from == '%' ? hex_digit(from[1]) : -1;
		int low = high >= 0 ? hex_digit(from[2]) : -1;

		if (high == 0 && low == 0)
			client_of(connection)->target.fault =
			    "there is a NUL in the request target";
		if (low >= 0 && high + low > 0) {
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}
