#ifndef LIBCOMMON_UTF8_H
#define LIBCOMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond
 * U+10FFFF. A NUL byte is refused too, because text is passed as C strings.
 */

/* Bytes of the code point that text begins with; 0 when it is none. */
size_t utf8_next(const char *text, size_t size, uint32_t *code_point_out);

/* Used wherever text comes from outside. */
bool utf8_is_valid(const char *text, size_t size);

/* Largest length <= limit that does not split a code point. */
size_t utf8_cut(const char *text, size_t size, size_t limit);

/* Writes the code point, 1 to 4 bytes and no NUL, and returns how many. What
 * is none becomes U+FFFD. */
size_t utf8_put(char out[4], uint32_t code_point);

/* What platforms count in: Telegram the one, Discord the other. */
enum utf8_unit { UTF8_UTF16, UTF8_CODE_POINTS };
size_t utf8_units(const char *text, size_t size, enum utf8_unit unit);
/* The byte at which so many units end; the code point that the count would
 * split is left out. size when there are fewer. */
size_t
utf8_offset(const char *text, size_t size, size_t n_units, enum utf8_unit unit);

/*
 * True for what must not reach a log or a terminal as it is: control
 * characters, line separators, and marks that turn the reading direction.
 */
bool utf8_is_deceptive(uint32_t code_point);

#endif
