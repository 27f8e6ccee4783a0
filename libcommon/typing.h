#ifndef LIBCOMMON_TYPING_H
#define LIBCOMMON_TYPING_H

#include <stdbool.h>
#include <stdint.h>

struct envelope;
struct loop;

/*
 * Signs of life in the chats of a gateway ("is typing…"): one soon after a
 * message that may be answered, again and again while the engine says that an
 * answer is being made, and none behind the answer. Nobody waits for one: few
 * are under way at a time, and what the platform does not take is left out.
 */
struct typing;
struct typing_sign; /* one under way */

struct typing_platform {
	int64_t again_ms; /* a little less than the platform shows one */
	/* Shows one; typing_shown is called when that has ended, later. False:
	 * it cannot be shown there. */
	bool (*show)(void *arg, struct typing_sign *sign, const char *chat_id);
};

struct typing *typing_new(
    struct loop *loop, const struct typing_platform *platform, void *arg);
void typing_free(struct typing **typing);

/* A message was accepted that may be answered. */
void typing_expect(struct typing *typing, const char *chat_id);
/* turn.progress was heard. */
void typing_take(struct typing *typing, const struct envelope *news);
/* An answer is being sent. */
void typing_end(struct typing *typing, const char *chat_id);

/* pause_ms: it was not shown, and none shall be for so long; 0: it was, or
 * cannot be. */
void typing_shown(struct typing_sign *sign, int64_t pause_ms);

#endif
