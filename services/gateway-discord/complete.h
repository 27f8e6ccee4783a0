#ifndef GATEWAY_DISCORD_COMPLETE_H
#define GATEWAY_DISCORD_COMPLETE_H

#include <stdbool.h>

struct arena;
struct connector;
struct json;
struct rest;

/*
 * Somebody types the argument of a slash command: the engine is asked what
 * they may mean, and Discord shows it to them alone, within three seconds or
 * not at all. Nothing of it is kept.
 */
struct complete;

struct complete *complete_new(struct connector *connector, struct rest *rest);
void complete_free(struct complete **complete);

/* INTERACTION_CREATE. False: it is another one. */
bool complete_take(
    struct complete *complete, const struct json *event, struct arena *arena);

#endif
