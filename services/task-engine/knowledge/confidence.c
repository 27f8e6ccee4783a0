/* Reads how sure a model says it is of its answer. Pure. */

#include "services/task-engine/knowledge/confidence.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"

enum {
	/* "**Confidence:** 0.85" and the like; a longer line is a sentence */
	MAX_LINE = 40,
	MAX_WHOLE = 100,
};

static const char word[] = "confidence";

int64_t
confidence_parse(const char *text)
{
	int64_t value = 0, unit = CONFIDENCE_FULL;
	const char *p = text;

	for (; isdigit((unsigned char)*p) && value <= MAX_WHOLE; p++)
		value = 10 * value + (*p - '0');
	value *= CONFIDENCE_FULL;
	if (*p == '.' && isdigit((unsigned char)p[1]))
		for (p++; isdigit((unsigned char)*p); p++) {
			unit /= 10;
			value += unit * (*p - '0');
		}
	if (p > text && *p == '%') {
		value /= 100;
		p++;
	}
	return p == text || *p || value > CONFIDENCE_FULL ? CONFIDENCE_UNSAID
							  : value;
}

/* The line without blanks and marks of emphasis; false: it is too long. */
static bool
strip(char out[MAX_LINE], const char *line, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		if (strchr(" \t\r*_`", line[i]))
			continue;
		if (n + 1 == MAX_LINE)
			return false;
		out[n++] = line[i];
	}
	out[n] = '\0';
	return true;
}

static int64_t
read_line(const char *line, size_t size)
{
	static const size_t at = sizeof(word) - 1;
	char plain[MAX_LINE] = "";

	if (!strip(plain, line, size) || strncasecmp(plain, word, at) != 0 ||
	    (plain[at] != ':' && plain[at] != '='))
		return CONFIDENCE_UNSAID;
	return confidence_parse(plain + at + 1);
}

static size_t
trimmed(const char *text, size_t size)
{
	while (size && strchr(" \t\r\n", text[size - 1]))
		size--;
	return size;
}

int64_t
confidence_begin(const char *text, const char **rest_out)
{
	size_t size = strcspn(text, "\n");
	int64_t said =
	    text[size] == '\n' ? read_line(text, size) : CONFIDENCE_UNSAID;

	*rest_out = text;
	if (said != CONFIDENCE_UNSAID)
		*rest_out += size + strspn(text + size, " \t\r\n");
	return said;
}

static int64_t
take_last(const char **text, struct arena *arena)
{
	size_t end = trimmed(*text, strlen(*text)), begin = end;
	int64_t said;

	while (begin && (*text)[begin - 1] != '\n')
		begin--;
	said = read_line(*text + begin, end - begin);
	if (said != CONFIDENCE_UNSAID)
		*text = arena_strndup(arena, *text, trimmed(*text, begin));
	return said;
}

int64_t
confidence_take(const char **text, struct arena *arena)
{
	int64_t last = take_last(text, arena);
	int64_t first = confidence_begin(*text, text);

	if (first == CONFIDENCE_UNSAID ||
	    (last != CONFIDENCE_UNSAID && last < first))
		return last;
	return first;
}
