#ifndef GATEWAY_DISCORD_INTERACTIONS_H
#define GATEWAY_DISCORD_INTERACTIONS_H

#include <stdbool.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct button_outcome;
struct button_pressed;
struct json;
struct message_inbound;
struct rest;

/*
 * Slash commands that were used. Discord wants to hear of us within three
 * seconds, so each is deferred at once, and what the engine answers later is
 * edited in. Its token lives here and nowhere else: after a restart the answer
 * becomes a message of the channel, if it is for everybody.
 */
struct interactions;

struct interactions *interactions_new(struct rest *rest);
void interactions_free(struct interactions **interactions);

/*
 * INTERACTION_CREATE: defers it and fills out. is_private: only who used the
 * command shall see the answer. False: it is none that we know.
 */
bool interactions_take(struct interactions *interactions,
    struct message_inbound *out, const struct json *event, bool is_private,
    struct arena *arena);

/* A press on a button of ours: acknowledges it. False as above. */
bool interactions_take_button(struct interactions *interactions,
    struct button_pressed *out, const struct json *event, struct arena *arena);
/* The notice turns into its outcome, or who pressed is told why not. */
void interactions_decide(struct interactions *interactions,
    const struct button_pressed *pressed, const struct button_outcome *outcome);

/* Where the first answer to it goes. False: it cannot be answered. */
bool interactions_callback(const struct json *event, struct buf *path_out);

/* What a reply to this id is. */
enum interaction_kind {
	INTERACTION_NONE,    /* an ordinary message's */
	INTERACTION_LIVE,    /* path_out is where its answer goes */
	INTERACTION_PUBLIC,  /* gone; the answer is for everybody */
	INTERACTION_PRIVATE, /* gone, and the answer was for one alone */
};
/* The path of the answer itself, and of what follows it. */
enum { INTERACTION_PATH_SIZE = 512 };
struct interaction_paths {
	char original[INTERACTION_PATH_SIZE];
	char follow_up[INTERACTION_PATH_SIZE];
	bool is_private;
};
enum interaction_kind interactions_find(struct interactions *interactions,
    const char *reply_to_id, struct interaction_paths *paths_out);
/* Discord does not know it any longer. */
void
interactions_forget(struct interactions *interactions, const char *reply_to_id);

#endif
