/* Sections hold every byte of a text once, in order, and stay bounded. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/utf8.h"
#include "services/indexer/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_label(const char *text, size_t limit)
{
	assert(strlen(text) <= limit);
	assert(utf8_is_valid(text, strlen(text)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 24);
	const char *text = (const char *)data;
	const char *at = text;
	int64_t line = 1;
	struct chunks chunks;

	chunk_split(&chunks, text, size, arena);
	assert(chunks.n_sections >= 1);
	assert(chunks.n_sections <= CHUNK_MAX_SECTIONS);
	check_label(chunks.title, CHUNK_TITLE_BYTES);
	for (size_t i = 0; i < chunks.n_sections; i++) {
		const struct section *s = &chunks.sections[i];

		assert(s->body >= at);
		assert(s->body + s->body_size <= text + size);
		assert(s->line >= line);
		/* Six levels, " > " between them. */
		check_label(s->heading, 6 * (CHUNK_HEADING_BYTES + 3));
		at = s->body + s->body_size;
		line = s->line;
	}
	return 0;
}
