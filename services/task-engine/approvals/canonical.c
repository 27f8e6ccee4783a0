/* JSON in the one form that is stored, shown and signed for. */

#include "services/task-engine/approvals/canonical.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"

/* Beside utf8_is_deceptive: what takes no place, or looks like a space. */
static bool
is_invisible(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00a0, 0x00a0 }, { 0x00ad, 0x00ad }, { 0x034f, 0x034f },
		{ 0x115f, 0x1160 }, { 0x1680, 0x1680 }, { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f }, { 0x2000, 0x200f }, { 0x202f, 0x202f },
		{ 0x205f, 0x206f }, { 0x2800, 0x2800 }, { 0x3000, 0x3000 },
		{ 0x3164, 0x3164 },
		{ 0xd800, 0xf8ff }, /* for private use, the first of them */
		{ 0xfe00, 0xfe0f }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },
		{ 0xe0000, 0x10ffff }, /* tags, selectors, private use */
	};

	for (size_t i = 0; i < N_OF(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static void
add_escaped(struct buf *out, uint32_t c)
{
	if (c >= 0x10000) {
		c -= 0x10000;
		buf_addf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
		    0xdc00 + (c & 0x3ff));
		return;
	}
	buf_addf(out, "\\u%04x", c);
}

static void
add_character(struct buf *out, uint32_t c, const char *bytes, size_t size)
{
	static const char escapes[] = "\"\"\\\\\nn\tt\rr";

	for (const char *e = escapes; *e; e += 2)
		if (c == (unsigned char)*e) {
			buf_addc(out, '\\');
			buf_addc(out, e[1]);
			return;
		}
	/* A back-tick would end the block of code that it is shown in. */
	if (c == '`' || utf8_is_deceptive(c) || is_invisible(c))
		add_escaped(out, c);
	else
		buf_add(out, bytes, size);
}

void
canonical_string(struct buf *out, const char *text, size_t size)
{
	uint32_t c;
	size_t n;

	buf_addc(out, '"');
	for (size_t at = 0; at < size; at += n) {
		n = utf8_next(text + at, size - at, &c);
		if (n == 0) {
			n = 1;
			c = 0xfffd;
			buf_adds(out, "\\ufffd");
			continue;
		}
		add_character(out, c, text + at, n);
	}
	buf_addc(out, '"');
}

struct member {
	const char *key;
	const struct json *value;
};

static int
compare_keys(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static void
add_object(struct buf *out, const struct json *object)
{
	size_t n = 0, count = json_count(object);
	AUTO(xfree)
	struct member *members = xcalloc(count + 1, sizeof(*members));

	for (const struct json *m = json_first(object); m; m = json_next(m))
		members[n++] = (struct member){ json_key(m), m };
	qsort(members, n, sizeof(*members), compare_keys);
	buf_addc(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(out, ',');
		canonical_string(out, members[i].key, strlen(members[i].key));
		buf_addc(out, ':');
		canonical_json(out, members[i].value);
	}
	buf_addc(out, '}');
}

static void
add_list(struct buf *out, const struct json *list)
{
	buf_addc(out, '[');
	for (const struct json *v = json_first(list); v; v = json_next(v)) {
		if (v != json_first(list))
			buf_addc(out, ',');
		canonical_json(out, v);
	}
	buf_addc(out, ']');
}

void
canonical_json(struct buf *out, const struct json *value)
{
	const char *text;

	switch (json_type(value)) {
	case JSON_OBJECT:
		add_object(out, value);
		return;
	case JSON_LIST:
		add_list(out, value);
		return;
	case JSON_STRING:
		text = json_str(value, "");
		canonical_string(out, text, strlen(text));
		return;
	case JSON_NULL:
	case JSON_BOOL:
	case JSON_NUMBER:
		json_print(value, out);
		return;
	}
}
