#ifndef GATEWAY_DISCORD_GATE_H
#define GATEWAY_DISCORD_GATE_H

#include <stdint.h>

struct frame;
struct suspects;

/*
 * Where events wait, after a kill, until the engine knows which of them is
 * looked at; otherwise they pass at once. Their order is kept.
 */
struct gate;

struct gate_events {
	void (*pass)(
	    void *arg, const struct frame *frame, int64_t session_number);
	/* It is not to be looked at. */
	void (*leave)(void *arg, int64_t session_number, int64_t seq);
	/* More waits than should; and again less. */
	void (*full)(void *arg);
	void (*drained)(void *arg);
};

struct gate *gate_new(
    struct suspects *suspects, const struct gate_events *events, void *arg);
void gate_free(struct gate **gate);

void gate_take(struct gate *gate, const struct frame *frame,
    const char *session_id, int64_t session_number);

#endif
