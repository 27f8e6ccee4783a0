#ifndef PROTO_TURN_H
#define PROTO_TURN_H

#include "proto/shape.h"

/*
 * turn.progress (published): somebody's answer is being made in that chat. It
 * is told at the beginning, every few seconds while it lasts, and when it
 * ends; each of them may be lost, so it holds for TURN_PROGRESS_HOLDS_MS and no
 * longer. What was answered comes by delivery.claim alone.
 */
enum { TURN_PROGRESS_EVERY_MS = 4000, TURN_PROGRESS_HOLDS_MS = 10000 };

struct turn_progress {
	const char *chat_id;
	const char *state; /* "working" | "done": nobody's any more */
	/* The answer so far, Markdown, for that message of the platform, which
	 * holds what was told before; both "": nothing is to be shown. */
	const char *text;
	const char *edit_id;
};
PROTO_MESSAGE(turn_progress);

#endif
