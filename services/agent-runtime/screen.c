/* Text of others, made fit for a terminal. */

#include "services/agent-runtime/screen.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/utf8.h"

static const char replacement[] = "\xef\xbf\xbd";

static bool
is_shown(uint32_t c)
{
	return c == '\n' || c == '\t' || !utf8_is_deceptive(c);
}

void
screen_add(struct buf *out, const char *text, size_t size)
{
	while (size > 0) {
		uint32_t c = 0;
		size_t step = utf8_next(text, size, &c);

		/* A line break as Windows writes it is one. */
		if (step == 1 && size > 1 && text[0] == '\r' && text[1] == '\n')
			;
		else if (step == 0 || !is_shown(c))
			buf_adds(out, replacement);
		else
			buf_add(out, text, step);
		text += step == 0 ? 1 : step;
		size -= step == 0 ? 1 : step;
	}
}

void
screen_print(const char *text, const char *first, const char *indent)
{
	AUTO(buf_release)
	struct buf clean;
	const char *line, *end;

	buf_init(&clean);
	screen_add(&clean, text, strlen(text));
	while (clean.size > 0 && clean.data[clean.size - 1] == '\n')
		buf_truncate(&clean, clean.size - 1);
	for (line = clean.data;; line = end + 1) {
		end = strchr(line, '\n');
		if (line == clean.data)
			printf("%s", first);
		else if (*line != '\n' && *line != '\0')
			printf("%s", indent);
		if (end == NULL)
			break;
		printf("%.*s\n", (int)(end - line), line);
	}
	printf("%s\n", line);
}

void
screen_age(char out[SCREEN_AGE_SIZE], long long seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 60)
		snprintf(out, SCREEN_AGE_SIZE, "%lld s", seconds);
	else if (seconds < 3600)
		snprintf(out, SCREEN_AGE_SIZE, "%lld min", seconds / 60);
	else if (seconds < 86400)
		snprintf(out, SCREEN_AGE_SIZE, "%lld h %lld min",
		    seconds / 3600, seconds / 60 % 60);
	else
		snprintf(out, SCREEN_AGE_SIZE, "%lld d %lld h", seconds / 86400,
		    seconds / 3600 % 24);
}
