/* JSON in the one form that is stored, shown and signed for. */

#include "services/task-engine/approvals/canonical.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "libcommon/shown.h"
#include "libcommon/utf8.h"

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
	if (c == '`' || shown_is_hidden(c))
		shown_escape(out, c);
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
