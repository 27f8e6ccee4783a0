/* Whatever an embedding endpoint answers is refused, or is vectors. */

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "proto/bounds.h"
#include "services/task-engine/llm/embeddings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct embeddings *found, size_t n_texts)
{
	assert(found->n_dimensions >= 1 &&
	       found->n_dimensions <= BOUND_DIMENSIONS);
	assert(found->n_tokens >= 0);
	for (size_t i = 0; i < n_texts; i++) {
		double sum = 0;

		for (size_t k = 0; k < found->n_dimensions; k++) {
			float x = found->values[i * found->n_dimensions + k];

			assert(isfinite(x));
			sum += (double)x * (double)x;
		}
		assert(fabs(sum - 1) < 0.001);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(4 << 20);
	struct embeddings found;
	struct err err;
	size_t n_texts;

	/* How many were asked for is the first byte. */
	if (size == 0)
		return 0;
	n_texts = data[0] % 4;
	if (embeddings_parse(&found, (const char *)data + 1, size - 1, n_texts,
		arena, &err) == 0)
		check(&found, n_texts);
	return 0;
}
