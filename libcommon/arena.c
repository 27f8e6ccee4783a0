/* Memory that is freed together, and the allocator that never fails. */

#include "libcommon/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(HAS_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

/* Most messages fit the first block; blocks then double up to the largest. */
enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 128 * 1024 };

struct block {
	struct block *next;
	size_t room;
	size_t used;
	alignas(max_align_t) char data[];
};

struct arena {
	struct block *newest; /* the first block is the last of the list */
	size_t ceiling;
	size_t handed_out;
};

static size_t
align_up(size_t size)
{
	size_t mask = alignof(max_align_t) - 1;

	return (size + mask) & ~mask;
}

static struct block *
block_new(size_t room, struct block *next)
{
	struct block *block = xrealloc(NULL, sizeof(*block) + room);

	block->next = next;
	block->room = room;
	block->used = 0;
	ASAN_POISON_MEMORY_REGION(block->data, room);
	return block;
}

static void
block_free(struct block *block)
{
	ASAN_UNPOISON_MEMORY_REGION(block->data, block->room);
	free(block);
}

struct arena *
arena_new(size_t ceiling_bytes)
{
	struct arena *arena = xcalloc(1, sizeof(*arena));

	arena->ceiling = ceiling_bytes;
	arena->newest = block_new(FIRST_BLOCK, NULL);
	return arena;
}

void
arena_reset(struct arena *arena)
{
	struct block *first;

	while (arena->newest->next != NULL) {
		struct block *block = arena->newest;

		arena->newest = block->next;
		block_free(block);
	}
	first = arena->newest;
	first->used = 0;
	ASAN_POISON_MEMORY_REGION(first->data, first->room);
	arena->handed_out = 0;
}

void
arena_free(struct arena **arena)
{
	if (*arena == NULL)
		return;
	arena_reset(*arena);
	block_free((*arena)->newest);
	free(*arena);
	*arena = NULL;
}

bool
arena_is_over(const struct arena *arena)
{
	return arena->handed_out > arena->ceiling;
}

static struct block *
block_for(struct arena *arena, size_t size)
{
	struct block *newest = arena->newest;
	size_t room;

	if (newest->room - newest->used >= size)
		return newest;
	room = newest->room * 2;
	if (room > LARGEST_BLOCK)
		room = LARGEST_BLOCK;
	arena->newest = block_new(room > size ? room : size, newest);
	return arena->newest;
}

void *
arena_alloc(struct arena *arena, size_t size_bytes)
{
	struct block *block;
	size_t taken;
	char *at;

	assert(size_bytes < SIZE_MAX / 2);
	taken = align_up(size_bytes > 0 ? size_bytes : 1);
	block = block_for(arena, taken);
	at = block->data + block->used;
	block->used += taken;
	arena->handed_out += taken;
	/* Only what was asked for: reading into the padding is a bug too. */
	ASAN_UNPOISON_MEMORY_REGION(at, size_bytes);
	memset(at, 0, size_bytes);
	return at;
}

char *
arena_strndup(struct arena *arena, const char *text, size_t size_bytes)
{
	char *copy = arena_alloc(arena, size_bytes + 1);

	memcpy(copy, text, size_bytes);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text;
	int size;

	va_start(args, fmt);
	size = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(size >= 0);
	text = arena_alloc(arena, (size_t)size + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)size + 1, fmt, args);
	va_end(args);
	return text;
}

static void *
must_have(void *memory)
{
	if (memory == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *
xcalloc(size_t n, size_t size_bytes)
{
	return must_have(
	    calloc(n > 0 ? n : 1, size_bytes > 0 ? size_bytes : 1));
}

void *
xrealloc(void *old, size_t size_bytes)
{
	return must_have(realloc(old, size_bytes > 0 ? size_bytes : 1));
}

char *
xstrdup(const char *text)
{
	return must_have(strdup(text));
}

void
xfree(void *slot)
{
	void **pointer = slot;

	free(*pointer);
	*pointer = NULL;
}
