#ifndef PROTO_DOCUMENT_H
#define PROTO_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "proto/shape.h"

/*
 * document.changed: what the indexer saw happen to the Markdown of a
 * workspace. It says so again, perhaps under another id, until it is answered.
 */
struct document_change {
	const char *path;
	/* Of the whole content, in hex; "": the file is gone, or is too large
	 * to be read. */
	const char *sha256;
	const char *change; /* "appeared" | "changed" | "vanished" */
};
PROTO_MESSAGE(document_change);

struct document_changed {
	const char *workspace_id;
	struct document_change *changes; /* of different paths */
	size_t n_changes;
};
PROTO_MESSAGE(document_changed);

struct document_noted {
	int64_t n_noted; /* the others were known, or our own doing */
};
PROTO_MESSAGE(document_noted);

#endif
