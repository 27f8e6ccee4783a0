#ifndef TASK_ENGINE_APPROVALS_PROPOSAL_H
#define TASK_ENGINE_APPROVALS_PROPOSAL_H

#include <stddef.h>

#include "libcommon/defs.h"
#include "libcommon/id.h"

struct arena;
struct err;

/*
 * What an answer proposes, read strictly. Pure.
 *
 * A proposal is one JSON object: type (of the table), target, summary, and an
 * object payload; keys beside them count as the payload's. bytes is all of it
 * in canonical form, and nothing else ever runs: what is stored, what is shown
 * and what the digest is of are these same bytes.
 */
enum {
	PROPOSAL_MAX_BYTES = 32 * 1024,
	PROPOSAL_MAX_TARGET = 2048,
	PROPOSAL_MAX_SUMMARY = 500,
	PROPOSALS_MAX = 5, /* in one answer */
};

struct proposal {
	const char *type;
	const char *target;
	const char *summary;
	const char *bytes;
	char sha256[ID_SHA256_HEX_SIZE];
};

int proposal_read(struct proposal *out, const char *text, size_t size,
    struct arena *arena, struct err *err) MUST_CHECK;

/*
 * An answer without its blocks, and what stood in them. Only a whole block
 * that begins a line of its own with three back-ticks and the word "action"
 * is one: not a brace in a sentence, nothing inside another block of code,
 * nothing in a quotation.
 */
struct proposals {
	const char *text; /* the rest of the answer, trimmed */
	struct proposal items[PROPOSALS_MAX];
	size_t n_items;
	const char *faults[PROPOSALS_MAX]; /* why another block is none */
	size_t n_faults;
	size_t n_left_out; /* beyond these */
};
void
proposals_read(struct proposals *out, const char *answer, struct arena *arena);

#endif
