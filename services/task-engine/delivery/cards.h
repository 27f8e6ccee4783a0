#ifndef TASK_ENGINE_DELIVERY_CARDS_H
#define TASK_ENGINE_DELIVERY_CARDS_H

#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct outbox_copy;
struct store;

/*
 * Says on each message that has the buttons of an action what became of it,
 * behind what it showed, and takes the buttons away: wherever its gateway can
 * change a message. The chat log gets it once. Within a transaction.
 */
int cards_turn(struct store *store, const char *action_id, const char *text,
    int64_t now_ms, struct arena *arena, struct err *err) MUST_CHECK;

/*
 * The same for the message that was pressed, if it is none of them: its gateway
 * died, or the platform fell silent, before it was known, and the card is sent
 * again. From then on it is one of them. Only for whoever may decide the
 * action: a press may name any message of the bot.
 */
int cards_turn_pressed(struct store *store, const struct outbox_copy *pressed,
    const char *text, int64_t now_ms, struct arena *arena,
    struct err *err) MUST_CHECK;

#endif
