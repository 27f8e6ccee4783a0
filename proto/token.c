/* Credentials of tools. */

#include "proto/token.h"

#include "proto/bounds.h"

static const struct field token_add_fields[] = {
	F_OBJECT(struct token_add, credential, FIELD_REQUIRED, credential),
	F_STR(struct token_add, name, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct token_add, connector, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct token_add, external_id, FIELD_TOKEN, 0, BOUND_CHAT_ID),
};
SHAPE(token, token_add, token_add_fields);

static const struct field token_made_fields[] = {
	F_STR(struct token_made, name, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct token_made, token, FIELD_REQUIRED | FIELD_ASCII, 1,
	    BOUND_NAME),
	F_STR(struct token_made, connector, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct token_made, external_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
};
SHAPE(token, token_made, token_made_fields);

static const struct field token_query_fields[] = {
	F_OBJECT(struct token_query, credential, FIELD_REQUIRED, credential),
};
SHAPE(token, token_query, token_query_fields);

static const struct field token_ref_fields[] = {
	F_OBJECT(struct token_ref, credential, FIELD_REQUIRED, credential),
	F_STR(struct token_ref, name, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
};
SHAPE(token, token_ref, token_ref_fields);

static const struct field token_revoked_fields[] = {
	F_BOOL(struct token_revoked, revoked, FIELD_REQUIRED),
};
SHAPE(token, token_revoked, token_revoked_fields);

static const struct field token_item_fields[] = {
	F_STR(struct token_item, name, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct token_item, connector, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct token_item, external_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_INT(struct token_item, created_at_unix, 0, 0, BOUND_INT),
	F_INT(struct token_item, last_used_unix, 0, 0, BOUND_INT),
	F_BOOL(struct token_item, is_revoked, 0),
};
SHAPE(token, token_item, token_item_fields);

static const struct field token_list_fields[] = {
	F_LIST(
	    struct token_list, items, FIELD_REQUIRED, token_item, BOUND_TOKENS),
};
SHAPE(token, token_list, token_list_fields);
