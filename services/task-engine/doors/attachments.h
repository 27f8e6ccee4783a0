#ifndef TASK_ENGINE_DOORS_ATTACHMENTS_H
#define TASK_ENGINE_DOORS_ATTACHMENTS_H

#include <stddef.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct heard;
struct message_attachment;
struct svc;

/* The attachments of one message, and what became of each. */
struct attachments {
	const struct message_attachment *items;
	size_t n_items;
	struct attachment_fate *fates;
};

/*
 * Gives those that are held their names in the workspace of the message. Of a
 * message that was here before, and of an edit, nothing is taken.
 */
int attachments_take(struct svc *svc, const struct heard *heard,
    struct attachments *files, struct arena *arena, struct err *err) MUST_CHECK;

/* The words and, below them, the names: a file's of the workspace as its path
 * there. In the arena. */
const char *attachments_in_log(
    const struct attachments *files, const char *words, struct arena *arena);

/*
 * Tells where they are; of what was not kept only whoever spoke to us. It is
 * the answer to a message that has no words.
 */
int attachments_tell(struct svc *svc, const struct heard *heard,
    const struct attachments *files, struct err *err) MUST_CHECK;

#endif
