/* Whatever qmd prints: refused, or results with all that they need. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/utf8.h"
#include "services/indexer/qmd_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *text)
{
	assert(utf8_is_valid(text, strlen(text)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(16 << 20);
	AUTO(buf_release)
	struct buf text;
	struct qmd_hits hits;
	struct err err;

	buf_init(&text);
	buf_add(&text, data, size);
	if (qmd_hits_parse(
		&hits, &text, "workspace", "agent-runtime", arena, &err) < 0)
		return 0;
	for (size_t i = 0; i < hits.n_hits; i++) {
		check(hits.hits[i].path);
		check(hits.hits[i].title);
		check(hits.hits[i].snippet);
		assert(hits.hits[i].score >= 0 && hits.hits[i].score <= 1);
		assert(hits.hits[i].line > 0);
	}
	return 0;
}
