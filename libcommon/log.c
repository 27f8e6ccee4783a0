/* One line per event on stderr, which no value can forge. */

#include "libcommon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "libcommon/clock.h"
#include "libcommon/utf8.h"

enum {
	LINE_MAX_BYTES = 2048, /* below PIPE_BUF: lines do not mix in a pipe */
	QUOTE_MAX_BYTES = 200,
	QUOTE_SLOTS = 8,
	CONTEXT_SIZE = 72,
};

static const char *const level_names[LOG_LEVEL_COUNT] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
};

static const char *program = "";
static enum log_level least_level = LOG_LEVEL_INFO;
static char context_msg[CONTEXT_SIZE];
static char context_cause[CONTEXT_SIZE];

/* A line in the making: what does not fit is left out, and said so. */
struct line {
	char text[LINE_MAX_BYTES];
	size_t size;
	size_t limit;
};

void
log_init(const char *program_name, enum log_level least)
{
	program = program_name;
	least_level = least;
}

void
log_set_level(enum log_level least)
{
	least_level = least;
}

bool
log_shows(enum log_level level)
{
	return level >= least_level;
}

int
log_level_parse(const char *name, enum log_level *level_out)
{
	for (int level = 0; level < LOG_LEVEL_COUNT; level++) {
		if (strcasecmp(level_names[level], name) == 0) {
			*level_out = (enum log_level)level;
			return 0;
		}
	}
	return -1;
}

const char *
log_level_name(enum log_level level)
{
	return level_names[level];
}

void
log_context(const char *msg_id, const char *cause_id)
{
	snprintf(context_msg, sizeof(context_msg), "%s", msg_id);
	snprintf(context_cause, sizeof(context_cause), "%s", cause_id);
}

void
log_context_clear(void)
{
	log_context("", "");
}

const char *
log_context_origin(void)
{
	return context_cause[0] != '\0' ? context_cause : context_msg;
}

/* Adds the bytes, or nothing and returns -1. */
static int
line_add(struct line *line, const char *bytes, size_t size)
{
	if (line->limit - line->size < size)
		return -1;
	memcpy(line->text + line->size, bytes, size);
	line->size += size;
	return 0;
}

/*
 * Adds the code point that text begins with, as \xNN for its first byte when
 * it is none or could deceive. Returns the bytes done; 0 when it is full.
 */
static size_t
line_add_safely(struct line *line, const char *text, size_t size)
{
	uint32_t code_point;
	size_t step = utf8_next(text, size, &code_point);
	char hex[5];

	if (step > 0 && !utf8_is_deceptive(code_point))
		return line_add(line, text, step) == 0 ? step : 0;
	snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)text[0]);
	return line_add(line, hex, 4) == 0 ? 1 : 0;
}

/* Returns -1 when not all of it fitted. */
static int
line_scrub(struct line *line, const char *text)
{
	size_t size = strlen(text);
	size_t step;

	for (size_t at = 0; at < size; at += step) {
		step = line_add_safely(line, text + at, size - at);
		if (step == 0)
			return -1;
	}
	return 0;
}

static void
line_send(struct line *line)
{
	ssize_t done;

	line->text[line->size++] = '\n';
	/* Who cannot log cannot complain about it either. */
	do
		done = write(STDERR_FILENO, line->text, line->size);
	while (done < 0 && errno == EINTR);
}

static void
line_head(struct line *line, enum log_level level, const char *id)
{
	char head[LINE_MAX_BYTES / 4];
	char stamp[CLOCK_RFC3339_SIZE];
	int64_t now_ms = clock_unix_ms();

	clock_rfc3339(stamp, now_ms);
	stamp[CLOCK_RFC3339_SIZE - 2] = '\0';
	snprintf(head, sizeof(head), "%s.%03dZ %s %s %s%s%s%s%s ", stamp,
	    (int)(now_ms % 1000), level_names[level], program, id,
	    context_msg[0] != '\0' ? " msg=" : "", context_msg,
	    context_cause[0] != '\0' ? " cause=" : "", context_cause);
	(void)line_scrub(line, head);
}

static void PRINTF(3, 0) log_line(
    enum log_level level, const char *id, const char *fmt, va_list args)
{
	static const char cut_mark[] = " (cut)";
	int old_errno = errno;
	char values[LINE_MAX_BYTES];
	struct line line;
	int size;

	if (!log_shows(level))
		return;
	line.size = 0;
	line.limit = sizeof(line.text) - sizeof(cut_mark);
	line_head(&line, level, id);
	size = vsnprintf(values, sizeof(values), fmt, args);
	if (line_scrub(&line, values) < 0 || size >= (int)sizeof(values)) {
		/* The limit kept these bytes, and the newline's, free. */
		memcpy(line.text + line.size, cut_mark, sizeof(cut_mark) - 1);
		line.size += sizeof(cut_mark) - 1;
	}
	line_send(&line);
	errno = old_errno;
}

void
log_debug(const char *id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LOG_LEVEL_DEBUG, id, fmt, args);
	va_end(args);
}

void
log_info(const char *id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LOG_LEVEL_INFO, id, fmt, args);
	va_end(args);
}

void
log_warn(const char *id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LOG_LEVEL_WARN, id, fmt, args);
	va_end(args);
}

void
log_error(const char *id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(LOG_LEVEL_ERROR, id, fmt, args);
	va_end(args);
}

static size_t
quote_step(struct line *line, const char *text, size_t size)
{
	if (text[0] == '\n')
		return line_add(line, "\\n", 2) == 0 ? 1 : 0;
	if (text[0] == '"' || text[0] == '\\') {
		char pair[2] = { '\\', text[0] };

		return line_add(line, pair, sizeof(pair)) == 0 ? 1 : 0;
	}
	return line_add_safely(line, text, size);
}

const char *
log_quote(const char *text)
{
	/* Four bytes for each, the quotes and the NUL. */
	enum { SLOT_SIZE = QUOTE_MAX_BYTES * 4 + 16 };
	static char slots[QUOTE_SLOTS][SLOT_SIZE];
	static unsigned next;
	size_t size = strlen(text);
	size_t shown = utf8_cut(text, size, QUOTE_MAX_BYTES);
	struct line line = { .limit = SLOT_SIZE };
	char *slot = slots[next++ % QUOTE_SLOTS];

	(void)line_add(&line, "\"", 1);
	for (size_t at = 0; at < shown;)
		at += quote_step(&line, text + at, shown - at);
	(void)line_add(&line, "\"", 1);
	if (shown < size)
		(void)line_add(&line, "...", 3);
	memcpy(slot, line.text, line.size);
	slot[line.size] = '\0';
	return slot;
}
