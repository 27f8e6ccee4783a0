#ifndef GATEWAY_DISCORD_PLACES_H
#define GATEWAY_DISCORD_PLACES_H

#include <stdbool.h>

struct arena;
struct json;
struct message_inbound;
struct rest;

/*
 * What servers, channels and threads are called, from the events of a session
 * and, after a resumed one, from Discord itself. Nothing that matters hangs on
 * a name; a thread's parent does.
 */
struct places;

/* known is called when a place that was asked for is known, or will not be. */
struct places *
places_new(struct rest *rest, void (*known)(void *arg), void *arg);
void places_free(struct places **places);

/* Of any event; self is our own id, to find our role by. */
void places_note(struct places *places, const char *type,
    const struct json *event, const char *self);

/* Our own role in that guild; "": not known. It lives until the next event. */
const char *places_role(const struct places *places, const char *guild_id);

/*
 * Fills names and parent in, copied into the arena. False: they have to be
 * asked for first, which was begun.
 */
bool places_fill(
    struct places *places, struct message_inbound *out, struct arena *arena);

#endif
