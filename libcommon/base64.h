#ifndef LIBCOMMON_BASE64_H
#define LIBCOMMON_BASE64_H

#include <stddef.h>

#include "libcommon/defs.h"

struct err;

/* Bytes as text: RFC 4648, section 4, with padding and without line breaks. */

/* Without the NUL. */
size_t base64_size(size_t n_bytes);

/* Writes base64_size(size) characters and a NUL. */
void base64_write(char *out, const void *data, size_t size);

/*
 * Strict: one text for each sequence of bytes, all else is ERR_INVALID. out
 * has room for size / 4 * 3 bytes.
 */
int base64_read(void *out, size_t *n_bytes_out, const char *text, size_t size,
    struct err *err) MUST_CHECK;

#endif
