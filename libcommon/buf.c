/* A growing byte string. */

#include "libcommon/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"

/* What an empty buf shows; room 0 says that it is not ours to write. */
static char nothing[1];

enum { LEAST_ROOM = 64 };

void
buf_init(struct buf *buf)
{
	buf->data = nothing;
	buf->size = 0;
	buf->room = 0;
}

void
buf_release(struct buf *buf)
{
	if (buf->room > 0)
		xfree(&buf->data);
	buf_init(buf);
}

void
buf_reset(struct buf *buf)
{
	buf_truncate(buf, 0);
}

char *
buf_grow(struct buf *buf, size_t size)
{
	size_t start = buf->size;
	size_t need, room;

	assert(size < SIZE_MAX / 4 && start < SIZE_MAX / 4);
	need = start + size + 1;
	if (need > buf->room) {
		room = buf->room * 2;
		if (room < LEAST_ROOM)
			room = LEAST_ROOM;
		if (room < need)
			room = need;
		buf->data = xrealloc(buf->room > 0 ? buf->data : NULL, room);
		buf->room = room;
	}
	buf->size = start + size;
	buf->data[buf->size] = '\0';
	return buf->data + start;
}

void
buf_add(struct buf *buf, const void *bytes, size_t size)
{
	if (size > 0)
		memcpy(buf_grow(buf, size), bytes, size);
}

void
buf_adds(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_addc(struct buf *buf, char c)
{
	*buf_grow(buf, 1) = c;
}

void
buf_addf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	int size;

	va_start(args, fmt);
	size = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(size >= 0);
	va_start(args, fmt);
	vsnprintf(buf_grow(buf, (size_t)size), (size_t)size + 1, fmt, args);
	va_end(args);
}

void
buf_truncate(struct buf *buf, size_t size)
{
	assert(size <= buf->size);
	buf->size = size;
	if (buf->room > 0)
		buf->data[size] = '\0';
}

char *
buf_steal(struct buf *buf)
{
	char *bytes = buf->room > 0 ? buf->data : xstrdup("");

	buf_init(buf);
	return bytes;
}
