#ifndef LIBCOMMON_ARENA_H
#define LIBCOMMON_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "libcommon/defs.h"

/*
 * Memory that is freed together: one arena for each message that is handled.
 * Allocation never fails: out of memory aborts. Passing the ceiling is a
 * state, not a failure: memory is still handed out, and the dispatcher, which
 * asks arena_is_over() before it answers, refuses the message as too large.
 * Under AddressSanitizer memory is poisoned by arena_reset.
 */
struct arena;

struct arena *arena_new(size_t ceiling_bytes);
void arena_free(struct arena **arena);

/* Forgets everything that was handed out; keeps the first block. */
void arena_reset(struct arena *arena);
bool arena_is_over(const struct arena *arena);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size_bytes);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t size_bytes);
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF(2, 3);

/* malloc and friends for what is not in an arena: never return NULL. */
void *xcalloc(size_t n, size_t size_bytes) __attribute__((malloc));
void *xrealloc(void *old, size_t size_bytes);
char *xstrdup(const char *text) __attribute__((malloc));
void xfree(void *slot); /* frees *(void **)slot and sets it NULL: AUTO(xfree) */

#endif
