/* Why a call failed: a code for programs and a text for people. */

#include "libcommon/err.h"
#undef err_set
#undef err_prefix
#undef err_errno

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/utf8.h"

static const char *const names[ERR_COUNT] = {
	[ERR_NONE] = "none",
	[ERR_INVALID] = "invalid",
	[ERR_UNAUTHENTICATED] = "unauthenticated",
	[ERR_REFUSED] = "refused",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_CONFLICT] = "conflict",
	[ERR_BUSY] = "busy",
	[ERR_UNAVAILABLE] = "unavailable",
	[ERR_TIMEOUT] = "timeout",
	[ERR_INTERNAL] = "internal",
};

enum { TEXT_SIZE = sizeof(((struct err *)0)->text) };

/* As vsnprintf into TEXT_SIZE bytes, but cut between code points. */
static void PRINTF(2, 0) format(char *out, const char *fmt, va_list args)
{
	char text[TEXT_SIZE + 4];

	vsnprintf(text, sizeof(text), fmt, args);
	text[utf8_cut(text, strlen(text), TEXT_SIZE - 1)] = '\0';
	memcpy(out, text, strlen(text) + 1);
}

/*
 * Joins what was formatted elsewhere, so that err->text itself may have been
 * among the arguments.
 */
static void
put_text(struct err *err, const char *head, const char *tail)
{
	char text[2 * TEXT_SIZE + 2];

	snprintf(text, sizeof(text), "%s%s%s", head,
	    tail[0] != '\0' ? ": " : "", tail);
	text[utf8_cut(text, strlen(text), TEXT_SIZE - 1)] = '\0';
	memcpy(err->text, text, strlen(text) + 1);
}

int
err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	format(text, fmt, args);
	va_end(args);
	err->code = code;
	put_text(err, text, "");
	return -1;
}

int
err_prefix(struct err *err, const char *fmt, ...)
{
	char head[TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	format(head, fmt, args);
	va_end(args);
	put_text(err, head, err->text);
	return -1;
}

int
err_errno(struct err *err, const char *fmt, ...)
{
	int number = errno;
	char head[TEXT_SIZE];
	char reason[128];
	va_list args;

	va_start(args, fmt);
	format(head, fmt, args);
	va_end(args);
	err->code = ERR_INTERNAL;
	put_text(err, head, strerror_r(number, reason, sizeof(reason)));
	return -1;
}

const char *
err_code_name(enum err_code code)
{
	assert((unsigned)code < ERR_COUNT);
	return names[code];
}

enum err_code
err_code_parse(const char *name)
{
	for (int code = ERR_NONE + 1; code < ERR_COUNT; code++)
		if (strcmp(names[code], name) == 0)
			return (enum err_code)code;
	return ERR_INTERNAL;
}

void
die(int status, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
	exit(status);
}
