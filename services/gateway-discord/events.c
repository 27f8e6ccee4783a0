/* Discord's events, translated and on their way to the engine. */

#include "services/gateway-discord/events.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "libcommon/json.h"
#include "proto/action.h"
#include "proto/membership.h"
#include "proto/message.h"
#include "services/gateway-discord/complete.h"
#include "services/gateway-discord/cursor.h"
#include "services/gateway-discord/frame.h"
#include "services/gateway-discord/gateway.h"
#include "services/gateway-discord/inbox.h"
#include "services/gateway-discord/interactions.h"
#include "services/gateway-discord/menu.h"
#include "services/gateway-discord/places.h"
#include "services/gateway-discord/roll.h"
#include "services/gateway-discord/session.h"
#include "services/gateway-discord/translate.h"

static bool
take_message(
    struct svc *svc, const struct frame *frame, struct inbox_place place)
{
	const char *guild_id = json_str(json_get(frame->data, "guild_id"), "");
	const struct translate_self self = {
		.user_id = session_cursor(svc->session)->user_id,
		.role_id = places_role(svc->places, guild_id),
	};
	struct message_inbound message;

	if (!translate_message(&message, frame->data,
		strcmp(frame->type, "MESSAGE_UPDATE") == 0, &self, svc->arena))
		return false;
	inbox_take(svc->inbox, place, &message,
	    translate_urls(frame->data, svc->arena));
	return true;
}

static bool
take_button(
    struct svc *svc, const struct frame *frame, struct inbox_place place)
{
	struct button_pressed pressed;

	if (!interactions_take_button(
		svc->interactions, &pressed, frame->data, svc->arena))
		return false;
	inbox_take_button(svc->inbox, place, &pressed);
	return true;
}

static bool
take_command(
    struct svc *svc, const struct frame *frame, struct inbox_place place)
{
	const char *name =
	    json_str(json_get(json_get(frame->data, "data"), "name"), "");
	struct message_inbound message;

	if (!interactions_take(svc->interactions, &message, frame->data,
		menu_is_private(svc->menu, name), svc->arena))
		return false;
	inbox_take(svc->inbox, place, &message, NULL);
	return true;
}

/* Nothing of it is stored. */
static bool
take_typing(
    struct svc *svc, const struct frame *frame, struct inbox_place place)
{
	(void)place;
	(void)complete_take(svc->complete, frame->data, svc->arena);
	return false;
}

/* A new session: what an earlier one did not hear to its end is unknown. */
static bool
take_ready(struct svc *svc, const struct frame *frame, struct inbox_place place)
{
	const struct cursor *cursor = session_cursor(svc->session);
	const struct roll_of of = {
		.session_id = cursor->session_id,
		.seq = frame->seq,
		.shard = cursor->shard,
		.n_shards = cursor->n_shards,
	};

	(void)place;
	roll_call(svc->roll, json_get(frame->data, "guilds"), &of);
	return false;
}

static bool
take_added(struct svc *svc, const struct frame *frame, struct inbox_place place)
{
	struct membership_changed changed;

	roll_arrived(svc->roll, json_str(json_get(frame->data, "id"), ""));
	if (!translate_added(&changed, frame->data, svc->arena))
		return false;
	inbox_take_membership(svc->inbox, place, &changed);
	return true;
}

static bool
take_removed(
    struct svc *svc, const struct frame *frame, struct inbox_place place)
{
	const struct translate_place where = {
		.session_id = session_cursor(svc->session)->session_id,
		.seq = frame->seq,
		.now_ms = clock_unix_ms(),
	};
	struct membership_changed changed;

	if (!translate_removed(&changed, frame->data, &where, svc->arena))
		return false;
	inbox_take_membership(svc->inbox, place, &changed);
	return true;
}

/* The first that is on its way to the engine is the last. */
static const struct {
	const char *type;
	bool (*take)(struct svc *svc, const struct frame *frame,
	    struct inbox_place place);
} events[] = {
	{ "MESSAGE_CREATE", take_message },
	{ "MESSAGE_UPDATE", take_message },
	{ "INTERACTION_CREATE", take_button },
	{ "INTERACTION_CREATE", take_command },
	{ "INTERACTION_CREATE", take_typing },
	{ "READY", take_ready },
	{ "GUILD_CREATE", take_added },
	{ "GUILD_DELETE", take_removed },
};

void
events_pass(void *arg, const struct frame *frame, int64_t session_number)
{
	const struct inbox_place place = { session_number, frame->seq };
	struct svc *svc = arg;

	arena_reset(svc->arena);
	places_note(svc->places, frame->type, frame->data,
	    session_cursor(svc->session)->user_id);
	for (size_t i = 0; i < N_OF(events); i++)
		if (strcmp(events[i].type, frame->type) == 0 &&
		    events[i].take(svc, frame, place))
			return;
	inbox_take(svc->inbox, place, NULL, NULL);
}

void
events_leave(void *arg, int64_t session_number, int64_t seq)
{
	struct svc *svc = arg;

	inbox_take(svc->inbox, (struct inbox_place){ session_number, seq },
	    NULL, NULL);
}
