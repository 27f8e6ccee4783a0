#ifndef TASK_ENGINE_CONVERSATION_GUIDANCE_H
#define TASK_ENGINE_CONVERSATION_GUIDANCE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct speech;

/*
 * Questions about the commands themselves, which are answered without a model
 * and by facts. Pure. Everybody may ask; what is said of pending actions is
 * only what the asker may decide.
 */
enum guidance {
	GUIDANCE_NONE,
	GUIDANCE_PLAIN_WORDS, /* how to ask for pending actions in words */
	GUIDANCE_PRIORITIES,  /* many are pending: which first? */
	GUIDANCE_PENDING,     /* which command lists them */
	GUIDANCE_NEXT,	      /* what to do about an approval that is due */
	GUIDANCE_COUNT
};

enum guidance guidance_asked(const struct speech *speech);

struct guidance_facts {
	const char *const *ids; /* pending, of those the asker may decide */
	size_t n_ids;
	bool is_linked;
	bool may_decide;
};
void guidance_say(struct buf *out, enum guidance guidance,
    const struct guidance_facts *facts);

#endif
