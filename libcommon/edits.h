#ifndef LIBCOMMON_EDITS_H
#define LIBCOMMON_EDITS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/split.h"

struct arena;
struct envelope;

/*
 * Messages that grow while an answer is made: what turn.progress says of one
 * is shown in its place, seldom enough for the platform, and given up where it
 * cannot be. The last word is outbound's: once it has been said, or is about to
 * be, nothing that was under way may come behind it.
 */
struct edits;

/* One under way; its texts live until edits_shown. */
struct edit {
	struct edits *edits;
	struct arena *arena; /* NULL: free */
	const char *chat_id, *message_id;
	const char *written, *plain;
	/* Who waits for its end. */
	void (*then)(void *arg);
	void *then_arg;
};

struct edits_platform {
	struct split_options split;
	unsigned markup_flags;
	/* The least time between two of a message. */
	int64_t (*every_ms)(const char *chat_id);
	/* Shows one; edits_shown is called when that has ended, later. False:
	 * it cannot be shown there. */
	bool (*show)(void *arg, struct edit *edit);
};

struct edits *edits_new(const struct edits_platform *platform, void *arg);
void edits_free(struct edits **edits);

/* turn.progress was heard. */
void edits_take(struct edits *edits, const struct envelope *news);

/* pause_ms: it was not shown, and none of that message shall be for so long;
 * 0: it was; -1: none of it can be. */
void edits_shown(struct edit *edit, int64_t pause_ms);

/* The last word on a message is about to be said: fn is called when nothing of
 * it is under way any more, which may be at once. */
void edits_end(struct edits *edits, const char *message_id,
    void (*fn)(void *arg), void *arg);

#endif
