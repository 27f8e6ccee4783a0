/*
 * Whatever a model endpoint sends in pieces is put together or refused, is the
 * same wherever it is split, and reads as an answer in one.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/llm/provider.h"
#include "services/task-engine/llm/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	int rc;
	bool is_complete;
	struct buf body;
};

/* A copy, so that a byte too many is seen. */
static void
feed(struct llm_stream *stream, const uint8_t *data, size_t size)
{
	AUTO(xfree)
	char *copy = xcalloc(1, size ? size : 1);
	bool has_heard;

	if (size)
		memcpy(copy, data, size);
	(void)stream_feed(stream, copy, size, &has_heard);
}

static void
read_split(struct outcome *out, const struct llm_provider_row *provider,
    const uint8_t *data, size_t size, size_t step)
{
	struct llm_stream stream;
	AUTO(buf_release)
	struct buf made;
	const char *body = "";
	size_t body_size = 0;
	struct err err;

	buf_init(&made);
	buf_init(&out->body);
	stream_init(&stream, provider);
	for (size_t at = 0; at < size; at += step)
		feed(&stream, data + at, size - at < step ? size - at : step);
	out->is_complete = stream_is_complete(&stream);
	out->rc = stream_body(&stream, &made, &body, &body_size, &err);
	if (out->rc == 0)
		buf_add(&out->body, body, body_size);
	stream_release(&stream);
}

static void
check(const struct llm_provider_row *provider, const uint8_t *data, size_t size)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(8 << 20);
	struct outcome one, many;
	struct llm_answer answer;
	struct err err;

	read_split(&one, provider, data, size, size ? size : 1);
	read_split(&many, provider, data, size, size % 7 + 1);
	assert(one.rc == many.rc && one.is_complete == many.is_complete);
	assert(one.body.size == many.body.size &&
	       memcmp(one.body.data, many.body.data, one.body.size) == 0);
	if (one.rc == 0 && one.is_complete)
		(void)provider->parse(
		    &answer, one.body.data, one.body.size, arena, &err);
	buf_release(&one.body);
	buf_release(&many.body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(llm_provider_find("openai"), data, size);
	check(llm_provider_find("anthropic"), data, size);
	return 0;
}
