/* Events of a platform. */

#include "proto/message.h"

#include "proto/bounds.h"

static const char *const outcomes[] = {
	"accepted",
	"duplicate",
	NULL,
};

static const struct field message_attachment_fields[] = {
	F_STR(struct message_attachment, name, 0, 0, BOUND_NAME),
	F_STR(struct message_attachment, media_type, FIELD_TOKEN, 0, BOUND_ID),
	F_INT(struct message_attachment, size_bytes, 0, 0, BOUND_INT),
	F_STR(struct message_attachment, problem, 0, 0, BOUND_NOTE),
};
SHAPE(message, message_attachment, message_attachment_fields);

static const struct field message_inbound_fields[] = {
	F_STR(struct message_inbound, event_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct message_inbound, chat_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_STR(struct message_inbound, parent_chat_id, FIELD_TOKEN, 0,
	    BOUND_CHAT_ID),
	F_STR(struct message_inbound, space_id, FIELD_TOKEN, 0, BOUND_CHAT_ID),
	F_STR(struct message_inbound, space_name, 0, 0, BOUND_NAME),
	F_STR(struct message_inbound, chat_name, 0, 0, BOUND_NAME),
	F_STR(struct message_inbound, message_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct message_inbound, reply_to_id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct message_inbound, user_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct message_inbound, user_name, 0, 0, BOUND_NAME),
	F_STR(struct message_inbound, text, 0, 0, BOUND_TEXT),
	F_STR(struct message_inbound, cursor, 0, 0, BOUND_CURSOR),
	F_INT(
	    struct message_inbound, sent_unix_ms, FIELD_REQUIRED, 0, BOUND_INT),
	F_BOOL(struct message_inbound, is_direct, 0),
	F_BOOL(struct message_inbound, is_addressed, 0),
	F_BOOL(struct message_inbound, is_edit, 0),
	F_LIST(struct message_inbound, attachments, 0, message_attachment,
	    BOUND_ATTACHMENTS),
};
SHAPE(message, message_inbound, message_inbound_fields);

static const struct field message_accepted_fields[] = {
	F_CHOICE(struct message_accepted, outcome, FIELD_REQUIRED, outcomes),
	F_STR(struct message_accepted, message_id, FIELD_TOKEN, 0, BOUND_ID),
};
SHAPE(message, message_accepted, message_accepted_fields);
