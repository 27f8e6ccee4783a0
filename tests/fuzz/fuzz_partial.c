/*
 * Whatever a model says piece by piece: what is shown of it is short enough,
 * whole characters without control codes, and only grows, as long as there is
 * no tag: what a thought is, is known at its end, and with it what was quoted.
 */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "libcommon/buf.h"
#include "libcommon/utf8.h"
#include "services/task-engine/llm/partial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 4096, MAX_INPUT = 2048 };

static size_t
without_blanks(const struct buf *text)
{
	size_t size = text->size;

	while (size > 0 && strchr(" \t\r\n", text->data[size - 1]))
		size--;
	return size;
}

static void
check_text(const struct buf *shown, size_t most)
{
	assert(shown->size <= most);
	assert(strlen(shown->data) == shown->size);
	assert(utf8_is_valid(shown->data, shown->size));
	for (const char *c = shown->data; *c; c++)
		assert((unsigned char)*c >= ' ' || *c == '\n' || *c == '\t');
}

/* The blanks at its end may yet stand before a mark. */
static void
check_grows(const struct buf *before, const struct buf *after)
{
	size_t size = without_blanks(before);

	assert(after->size >= size);
	assert(memcmp(before->data, after->data, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_release)
	struct buf text = { 0 }, before = { 0 }, now = { 0 }, cut = { 0 };
	bool grows = true;

	if (size > MAX_INPUT || memchr(data, '\0', size) ||
	    !utf8_is_valid((const char *)data, size))
		return 0;
	buf_init(&text);
	buf_init(&before);
	buf_init(&now);
	buf_init(&cut);
	for (size_t i = 0; i < size; i++) {
		buf_addc(&text, (char)data[i]);
		if (i + 1 < size && (data[i + 1] & 0xc0) == 0x80)
			continue;
		buf_reset(&now);
		partial_visible(&now, text.data, MOST_BYTES);
		check_text(&now, MOST_BYTES);
		grows = grows && strchr(text.data, '<') == NULL &&
			strcasestr(text.data, "think") == NULL;
		if (grows)
			check_grows(&before, &now);
		buf_reset(&before);
		buf_add(&before, now.data, now.size);
	}
	partial_visible(&cut, text.data, size / 2);
	check_text(&cut, size / 2);
	return 0;
}
