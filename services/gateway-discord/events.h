#ifndef GATEWAY_DISCORD_EVENTS_H
#define GATEWAY_DISCORD_EVENTS_H

#include <stdint.h>

struct frame;

/* What becomes of Discord's events; arg is the gateway's struct svc. */
void events_pass(void *arg, const struct frame *frame, int64_t session_number);
/* The event is not looked at. */
void events_leave(void *arg, int64_t session_number, int64_t seq);

#endif
