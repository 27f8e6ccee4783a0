/* Turns the cards that asked about an action into its outcome. */

#include "services/task-engine/delivery/cards.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/places.h"

/* What became of an action, for the messages that have its buttons. */
struct outcome {
	struct store *store;
	const char *text;
	bool is_old; /* the action was settled before */
	int64_t now_ms;
	struct arena *arena;
};

/* Of a card that is shown twice the chat log says once what became of it. */
static int
find_logged(const struct outcome *o, const struct outbox_row *card,
    int64_t *seq_out, struct err *err)
{
	struct outbox_told told;
	int got = store_outbox_told(o->store, card, o->arena, &told, err);

	*seq_out = 0;
	if (got == 0 && (o->is_old || strcmp(told.text, o->text) == 0))
		*seq_out = told.message_seq;
	return got < 0 ? -1 : 0;
}

/* The chat log has the card already, and gets the outcome alone. */
static int
turn(const struct outcome *o, const struct outbox_row *card, struct err *err)
{
	struct context_row context;
	struct post_note note = {
		.context = &context,
		.instance = card->instance,
		.action_id = card->action_id,
		.edits_id = card->id,
		.text = arena_printf(o->arena, "%s\n\n%s", card->text, o->text),
		.kept_text = o->text,
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];
	int got;

	if (!connector_edits(card->connector))
		return 0;
	got = store_context_get(
	    o->store, card->context_id, o->arena, &context, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (find_logged(o, card, &note.logged_seq, err) < 0)
		return -1;
	return post_add(o->store, &note, o->now_ms, id, err);
}

int
cards_turn(struct store *store, const char *action_id, const char *text,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	const struct outcome outcome = { store, text, false, now_ms, arena };
	struct outbox_row *cards;
	size_t n;

	if (store_outbox_cards(store, action_id, arena, &cards, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (turn(&outcome, &cards[i], err) < 0)
			return -1;
	return 0;
}

int
cards_turn_pressed(struct store *store, const struct outbox_copy *pressed,
    const char *text, int64_t now_ms, struct arena *arena, struct err *err)
{
	const struct outcome outcome = { store, text, true, now_ms, arena };
	char id[ID_UUID_SIZE];
	struct outbox_row card;
	int got;

	id_uuid_at(id, now_ms);
	got = store_outbox_copy(store, id, pressed, now_ms, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (store_outbox_get(store, id, arena, &card, err) != 0)
		return -1;
	return turn(&outcome, &card, err);
}
