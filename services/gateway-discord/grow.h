#ifndef GATEWAY_DISCORD_GROW_H
#define GATEWAY_DISCORD_GROW_H

#include <stdbool.h>
#include <stdint.h>

struct edit;
struct rest;

/* A message of ours that grows: changed when nothing else needs the limit. */
bool grow_show(struct rest *rest, struct edit *edit);
int64_t grow_every_ms(const char *chat_id);

#endif
