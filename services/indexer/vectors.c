/* Vectors as they travel; pure. */

#include "services/indexer/vectors.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/base64.h"
#include "libcommon/err.h"
#include "proto/embed.h"

static int
unpack_one(float *out, size_t n_dimensions, const char *text,
    struct arena *arena, struct err *err)
{
	size_t size = strlen(text), n_bytes;
	unsigned char *bytes = arena_alloc(arena, size / 4 * 3 + 1);

	if (base64_read(bytes, &n_bytes, text, size, err) < 0)
		return -1;
	if (n_bytes != n_dimensions * 4)
		return err_set(
		    err, ERR_INVALID, "a vector of other dimensions");
	for (size_t i = 0; i < n_dimensions; i++) {
		uint32_t bits = 0;

		for (size_t k = 4; k > 0; k--)
			bits = bits << 8 | bytes[4 * i + k - 1];
		memcpy(&out[i], &bits, sizeof(bits));
		if (!isfinite(out[i]))
			return err_set(
			    err, ERR_INVALID, "a vector that is no number");
	}
	return 0;
}

int
vectors_unpack(const struct embed_vectors *in, size_t n_wanted,
    struct arena *arena, float **values_out, struct err *err)
{
	size_t n_dimensions = (size_t)in->n_dimensions;

	if (in->n_vectors != n_wanted || (n_wanted > 0 && n_dimensions == 0))
		return err_set(
		    err, ERR_INVALID, "not one vector for each text");
	*values_out = arena_alloc(
	    arena, n_wanted * n_dimensions * sizeof(**values_out) + 1);
	for (size_t i = 0; i < n_wanted; i++)
		if (unpack_one(*values_out + i * n_dimensions, n_dimensions,
			in->vectors[i], arena, err) < 0)
			return -1;
	return 0;
}
