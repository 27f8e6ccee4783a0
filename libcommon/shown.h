#ifndef LIBCOMMON_SHOWN_H
#define LIBCOMMON_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Text of others where a reader must see what it is, and not what it looks
 * like. Pure.
 */

/* True for what takes no place, looks like a space, or moves the text beside
 * it (utf8_is_deceptive). */
bool shown_is_hidden(uint32_t code_point);
/* As JSON does: "\u202e", or the two halves of what is beyond U+FFFF. */
void shown_escape(struct buf *out, uint32_t code_point);

/*
 * The name of a file, within code: what is hidden, a back-tick and a backslash
 * are escaped, so that no two names are shown alike. Returns whether it is
 * shown as it is; only then can it be typed as it is shown.
 */
bool shown_name(struct buf *out, const char *name, size_t size);

#endif
