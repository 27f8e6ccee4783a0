/* Messages of tools and of the person at the machine. */

#include "proto/chat.h"

#include "proto/bounds.h"

static const char *const states[] = {
	"done",
	"working",
	NULL,
};

static const struct field chat_turn_fields[] = {
	F_OBJECT(struct chat_turn, credential, FIELD_REQUIRED, credential),
	F_STR(
	    struct chat_turn, key, FIELD_REQUIRED | FIELD_ASCII, 1, BOUND_KEY),
	F_STR(struct chat_turn, connector, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct chat_turn, external_id, FIELD_TOKEN, 0, BOUND_CHAT_ID),
	F_STR(struct chat_turn, from_user_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct chat_turn, display_name, 0, 0, BOUND_NAME),
	F_STR(struct chat_turn, text, FIELD_REQUIRED, 1, BOUND_TEXT),
};
SHAPE(chat, chat_turn, chat_turn_fields);

static const struct field chat_result_get_fields[] = {
	F_OBJECT(
	    struct chat_result_get, credential, FIELD_REQUIRED, credential),
	F_STR(struct chat_result_get, key, FIELD_REQUIRED | FIELD_ASCII, 1,
	    BOUND_KEY),
};
SHAPE(chat, chat_result_get, chat_result_get_fields);

static const struct field chat_reply_fields[] = {
	F_STR(
	    struct chat_reply, key, FIELD_REQUIRED | FIELD_ASCII, 1, BOUND_KEY),
	F_CHOICE(struct chat_reply, state, FIELD_REQUIRED, states),
	F_BOOL(struct chat_reply, handled, 0),
	F_STR(struct chat_reply, reply, 0, 0, BOUND_TEXT),
	F_STR(struct chat_reply, delivery_id, FIELD_TOKEN, 0, BOUND_ID),
};
SHAPE(chat, chat_reply, chat_reply_fields);

static const struct field chat_delivered_fields[] = {
	F_STRS(struct chat_delivered, delivery_ids,
	    FIELD_REQUIRED | FIELD_TOKEN, BOUND_DELIVERIES, BOUND_ID),
};
SHAPE(chat, chat_delivered, chat_delivered_fields);
