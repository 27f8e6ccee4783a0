/* Turns the cards that asked about an action into its outcome. */

#include "services/task-engine/delivery/cards.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/places.h"

/* The chat log has the card already, and gets the outcome alone. */
static int
turn(struct store *store, const struct outbox_row *card, const char *outcome,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	struct context_row context;
	const struct post_note note = {
		.context = &context,
		.instance = card->instance,
		.action_id = card->action_id,
		.edits_id = card->id,
		.text = arena_printf(arena, "%s\n\n%s", card->text, outcome),
		.kept_text = outcome,
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];
	int got;

	if (!connector_edits(card->connector))
		return 0;
	got = store_context_get(store, card->context_id, arena, &context, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	return post_add(store, &note, now_ms, id, err);
}

int
cards_turn(struct store *store, const char *action_id, const char *outcome,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	struct outbox_row *cards;
	size_t n;

	if (store_outbox_cards(store, action_id, arena, &cards, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (turn(store, &cards[i], outcome, now_ms, arena, err) < 0)
			return -1;
	return 0;
}

int
cards_turn_pressed(struct store *store, const struct outbox_copy *pressed,
    const char *outcome, int64_t now_ms, struct arena *arena, struct err *err)
{
	char id[ID_UUID_SIZE];
	struct outbox_row card;
	int got;

	id_uuid_at(id, now_ms);
	got = store_outbox_copy(store, id, pressed, now_ms, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (store_outbox_get(store, id, arena, &card, err) != 0)
		return -1;
	return turn(store, &card, outcome, now_ms, arena, err);
}
