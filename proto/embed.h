#ifndef PROTO_EMBED_H
#define PROTO_EMBED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/shape.h"

/*
 * embed.request: texts to vectors. The engine asks the endpoint: it has the
 * key, and decides again what may be sent there. No texts: which model there
 * is, if any.
 */
struct embed_text {
	const char *path; /* of the document; "": the words of a question */
	const char *text;
};
PROTO_MESSAGE(embed_text);

struct embed_request {
	const char *workspace_id;
	struct embed_text *texts;
	size_t n_texts;
};
PROTO_MESSAGE(embed_request);

struct embed_vectors {
	const char *model; /* "": none is configured */
	int64_t n_dimensions;
	/* In the order of the texts: IEEE floats of 32 bits, the lowest byte
	 * first, in base64; each vector has the length 1. */
	const char **vectors;
	size_t n_vectors;
};
PROTO_MESSAGE(embed_vectors);

/*
 * Whether one of the globs (CSV) covers the path: one without a '/' a name in
 * any folder, one that ends in '/' everything beneath. An asterisk stands for no
 * '/', two of them between slashes for any folders, or none.
 */
bool embed_excludes(const char *globs, const char *path);

#endif
