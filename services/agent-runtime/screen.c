/* Text of others, made fit for a terminal. */

#include "services/agent-runtime/screen.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/utf8.h"
#include "services/agent-runtime/wrap.h"

/* Below this words would stand alone. */
enum { WIDTH_LEAST = 40 };

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

/* Columns of the terminal that it is; 0: it is none, or too narrow. */
static size_t
terminal_width(FILE *to)
{
	struct winsize size;

	if (ioctl(fileno(to), TIOCGWINSZ, &size) < 0 ||
	    size.ws_col < WIDTH_LEAST)
		return 0;
	return size.ws_col;
}

static void
make_safe(struct buf *out, const char *text)
{
	buf_init(out);
	screen_add(out, text, strlen(text));
	while (out->size > 0 && out->data[out->size - 1] == '\n')
		buf_truncate(out, out->size - 1);
}

static void
print_under(FILE *to, const char *text, const char *first, const char *indent)
{
	const char *line, *end;

	for (line = text;; line = end + 1) {
		end = strchr(line, '\n');
		if (line == text)
			fputs(first, to);
		else if (*line != '\n' && *line != '\0')
			fputs(indent, to);
		if (end == NULL)
			break;
		fprintf(to, "%.*s\n", (int)(end - line), line);
	}
	fprintf(to, "%s\n", line);
}

void
screen_print(const char *text, const char *first, const char *indent)
{
	AUTO(buf_release)
	struct buf safe;

	make_safe(&safe, text);
	print_under(stdout, safe.data, first, indent);
}

void
screen_say(FILE *to, const char *text, const char *first, const char *indent)
{
	size_t width = terminal_width(to);
	AUTO(buf_release)
	struct buf safe;
	AUTO(buf_release)
	struct buf rows;

	make_safe(&safe, text);
	buf_init(&rows);
	if (width > 0)
		wrap_add(
		    &rows, safe.data, strlen(first), strlen(indent), width);
	print_under(to, width > 0 ? rows.data : safe.data, first, indent);
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
