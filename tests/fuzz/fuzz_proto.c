/*
 * Any JSON as the body of every shape: what one accepts, it must write so that
 * it accepts it again and writes the same. The corpus is proto/examples.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 1024 * 1024 };

static void
give_up(const struct shape *shape, const struct buf *text, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", shape->name, why, text->data);
	abort();
}

/* 0: the shape accepts the body, which was appended to out as it writes it. */
static int
rewrite(const struct shape *shape, const struct json *body, struct arena *arena,
    struct buf *out)
{
	void *decoded = arena_alloc(arena, shape->size);
	struct err err;

	if (shape_decode(shape, decoded, body, arena, &err) < 0)
		return -1;
	shape_encode(shape, decoded, out);
	return 0;
}

static void
check(const struct shape *shape, const struct json *body, struct arena *arena)
{
	AUTO(json_free)
	struct json *again = NULL;
	AUTO(buf_release)
	struct buf first;
	AUTO(buf_release)
	struct buf second;
	struct err err;

	buf_init(&first);
	buf_init(&second);
	if (rewrite(shape, body, arena, &first) < 0)
		return;
	if (json_parse(&again, first.data, first.size, &err) < 0)
		give_up(shape, &first, err.text);
	if (rewrite(shape, again, arena, &second) < 0)
		give_up(shape, &first, "refuses what it wrote");
	if (strcmp(first.data, second.data) != 0)
		give_up(shape, &first, "writes something else again");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	AUTO(json_free)
	struct json *body = NULL;
	struct err err;

	if (json_parse(&body, (const char *)data, size, &err) < 0)
		return 0;
	for (size_t i = 0; i < n_shapes; i++) {
		check(shapes[i], body, arena);
		arena_reset(arena);
	}
	return 0;
}
