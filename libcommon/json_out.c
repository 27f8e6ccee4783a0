/* Writing JSON. */

#include "libcommon/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"

static void
add_escaped(struct buf *buf, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t";
	static const char to[] = "\"\\bfnrt";
	const char *found = c != '\0' ? strchr(from, c) : NULL;

	if (found != NULL) {
		buf_addc(buf, '\\');
		buf_addc(buf, to[found - from]);
	} else
		buf_addf(buf, "\\u%04x", c);
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static size_t
plain_run(const char *text, size_t size)
{
	size_t run = 0;

	while (run < size && is_plain((unsigned char)text[run]))
		run++;
	return run;
}

/* One code point that is not plain; returns how many bytes it was. */
static size_t
add_special(struct buf *buf, const char *text, size_t size)
{
	unsigned char c = (unsigned char)text[0];
	uint32_t code_point;
	size_t step;

	if (c < 0x80) {
		if (c == '\0')
			buf_adds(buf, "\xef\xbf\xbd");
		else
			add_escaped(buf, c);
		return 1;
	}
	step = utf8_next(text, size, &code_point);
	if (step == 0) {
		buf_adds(buf, "\xef\xbf\xbd");
		return 1;
	}
	buf_add(buf, text, step);
	return step;
}

static void
add_string(struct buf *buf, const char *text, size_t size)
{
	size_t at = 0;

	buf_addc(buf, '"');
	while (at < size) {
		size_t run = plain_run(text + at, size - at);

		buf_add(buf, text + at, run);
		at += run;
		if (at < size)
			at += add_special(buf, text + at, size - at);
	}
	buf_addc(buf, '"');
}

static void
begin_value(struct json_out *out, const char *key)
{
	if (out->needs_comma)
		buf_addc(out->buf, ',');
	out->needs_comma = true;
	if (key != NULL) {
		add_string(out->buf, key, strlen(key));
		buf_addc(out->buf, ':');
	}
}

static void
open_items(struct json_out *out, const char *key, char opening)
{
	begin_value(out, key);
	buf_addc(out->buf, opening);
	out->needs_comma = false;
}

static void
close_items(struct json_out *out, char closing)
{
	buf_addc(out->buf, closing);
	out->needs_comma = true;
}

void
json_out_init(struct json_out *out, struct buf *buf)
{
	out->buf = buf;
	out->needs_comma = false;
}

void
json_out_object(struct json_out *out, const char *key)
{
	open_items(out, key, '{');
}

void
json_out_object_end(struct json_out *out)
{
	close_items(out, '}');
}

void
json_out_list(struct json_out *out, const char *key)
{
	open_items(out, key, '[');
}

void
json_out_list_end(struct json_out *out)
{
	close_items(out, ']');
}

void
json_out_strn(
    struct json_out *out, const char *key, const char *value, size_t size)
{
	begin_value(out, key);
	add_string(out->buf, value, size);
}

void
json_out_str(struct json_out *out, const char *key, const char *value)
{
	json_out_strn(out, key, value, strlen(value));
}

/* By hand: printf, which is called twice, takes longer than the rest of a
 * short message. */
static void
add_int(struct buf *buf, int64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		buf_addc(buf, '-');
	buf_add(buf, digits + at, sizeof(digits) - at);
}

void
json_out_int(struct json_out *out, const char *key, int64_t value)
{
	begin_value(out, key);
	add_int(out->buf, value);
}

/* The fewest digits that read back as the same number. */
static void
add_real(struct buf *buf, double value)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	/* Some locales have a comma for the point. */
	for (char *c = text; *c != '\0'; c++)
		if (*c == ',')
			*c = '.';
	buf_adds(buf, text);
	/* Without a fraction it would read as an integer that is refused. */
	if (strpbrk(text, ".e") == NULL && fabs(value) > 9007199254740991.0)
		buf_adds(buf, ".0");
}

void
json_out_real(struct json_out *out, const char *key, double value)
{
	if (!isfinite(value)) {
		json_out_null(out, key);
		return;
	}
	begin_value(out, key);
	add_real(out->buf, value);
}

void
json_out_bool(struct json_out *out, const char *key, bool value)
{
	begin_value(out, key);
	buf_adds(out->buf, value ? "true" : "false");
}

void
json_out_null(struct json_out *out, const char *key)
{
	begin_value(out, key);
	buf_adds(out->buf, "null");
}

void
json_out_raw(
    struct json_out *out, const char *key, const char *text, size_t size)
{
	begin_value(out, key);
	buf_add(out->buf, text, size);
}
