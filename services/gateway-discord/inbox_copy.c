/* Copies of what an event said, for the time that it waits. */

#include "services/gateway-discord/inbox_copy.h"

#include "libcommon/arena.h"
#include "proto/action.h"
#include "proto/membership.h"
#include "proto/message.h"

static void
copy_attachments(struct message_inbound *to, const struct message_inbound *from,
    struct arena *arena)
{
	to->attachments = arena_alloc(
	    arena, (from->n_attachments + 1) * sizeof(*to->attachments));
	for (size_t i = 0; i < from->n_attachments; i++) {
		const struct message_attachment *one = &from->attachments[i];

		to->attachments[i] = *one;
		to->attachments[i].name = arena_strdup(arena, one->name);
		to->attachments[i].media_type =
		    arena_strdup(arena, one->media_type);
	}
}

void
copy_message(struct message_inbound *to, const struct message_inbound *from,
    struct arena *arena)
{
	*to = *from;
	to->event_id = arena_strdup(arena, from->event_id);
	to->chat_id = arena_strdup(arena, from->chat_id);
	to->space_id = arena_strdup(arena, from->space_id);
	to->message_id = arena_strdup(arena, from->message_id);
	to->reply_to_id = arena_strdup(arena, from->reply_to_id);
	to->user_id = arena_strdup(arena, from->user_id);
	to->user_name = arena_strdup(arena, from->user_name);
	to->text = arena_strdup(arena, from->text);
	copy_attachments(to, from, arena);
}

void
copy_button(struct button_pressed *to, const struct button_pressed *from,
    struct arena *arena)
{
	*to = *from;
	to->event_id = arena_strdup(arena, from->event_id);
	to->chat_id = arena_strdup(arena, from->chat_id);
	to->message_id = arena_strdup(arena, from->message_id);
	to->user_id = arena_strdup(arena, from->user_id);
	to->user_name = arena_strdup(arena, from->user_name);
	to->action_id = arena_strdup(arena, from->action_id);
	to->verb = arena_strdup(arena, from->verb);
}

void
copy_membership(struct membership_changed *to,
    const struct membership_changed *from, struct arena *arena)
{
	*to = *from;
	to->event_id = arena_strdup(arena, from->event_id);
	to->space_id = arena_strdup(arena, from->space_id);
	to->space_name = arena_strdup(arena, from->space_name);
	to->chat_id = arena_strdup(arena, from->chat_id);
}

const char **
copy_urls(const char *const *urls, size_t n, struct arena *arena)
{
	const char **out = arena_alloc(arena, (n + 1) * sizeof(*out));

	for (size_t i = 0; i < n; i++)
		out[i] = arena_strdup(arena, urls[i]);
	return out;
}
