#ifndef LIBCOMMON_BUF_H
#define LIBCOMMON_BUF_H

#include <stddef.h>

#include "libcommon/defs.h"

/*
 * A growing byte string. After buf_init, and at all times, data is
 * NUL-terminated and size does not count that NUL; data is never NULL.
 */
struct buf {
	char *data;
	size_t size;
	size_t room;
};

void buf_init(struct buf *buf);
void buf_release(struct buf *buf);
void buf_reset(struct buf *buf); /* empties, keeps the memory */

void buf_add(struct buf *buf, const void *bytes, size_t size);
void buf_adds(struct buf *buf, const char *text);
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *fmt, ...) PRINTF(2, 3);
void buf_truncate(struct buf *buf, size_t size); /* size <= buf->size */

/*
 * Adds size bytes and returns where the caller now writes them; what it did
 * not fill after all it takes off again with buf_truncate.
 */
char *buf_grow(struct buf *buf, size_t size);

/* Hands the malloc'ed bytes to the caller and leaves the buf initialised. */
char *buf_steal(struct buf *buf);

#endif
