#ifndef LIBCOMMON_CLOCK_H
#define LIBCOMMON_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/*
 * Wall time for what is stored and shown; monotonic time for waiting. Handlers
 * do neither: their time is passed in (request.now_ms).
 */
int64_t clock_unix_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);

/* "2026-11-22T14:12:03Z" (RFC 3339, UTC); out has room for 21 bytes. */
enum { CLOCK_RFC3339_SIZE = 21 };
void clock_rfc3339(char *out, int64_t unix_ms);

/* Reads that form; -1 when it is anything else. */
int clock_parse_rfc3339(const char *text, int64_t *unix_ms_out);

#endif
