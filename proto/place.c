/* Workspaces and contexts. */

#include "proto/place.h"

#include "proto/bounds.h"

static const struct field place_query_fields[] = {
	F_OBJECT(struct place_query, credential, FIELD_REQUIRED, credential),
	F_STR(struct place_query, workspace_id, FIELD_TOKEN, 0, BOUND_ID),
	F_INT(struct place_query, limit, 0, 0, BOUND_PLACES),
};
SHAPE(place, place_query, place_query_fields);

static const char *const kinds[] = {
	"community",
	"private",
	"session",
	"mailbox",
	NULL,
};

static const struct field workspace_ref_fields[] = {
	F_OBJECT(struct workspace_ref, credential, FIELD_REQUIRED, credential),
	F_STR(struct workspace_ref, id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct workspace_ref, name, 0, 0, BOUND_NAME),
	F_STR(struct workspace_ref, connector, FIELD_TOKEN, 0, BOUND_WORD),
	F_CHOICE(struct workspace_ref, kind, 0, kinds),
	F_STR(struct workspace_ref, space_id, FIELD_TOKEN, 0, BOUND_CHAT_ID),
};
SHAPE(place, workspace_ref, workspace_ref_fields);

static const struct field context_ref_fields[] = {
	F_OBJECT(struct context_ref, credential, FIELD_REQUIRED, credential),
	F_STR(struct context_ref, id, FIELD_TOKEN, 0, BOUND_ID),
	F_STR(struct context_ref, connector, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct context_ref, external_id, FIELD_TOKEN, 0, BOUND_CHAT_ID),
};
SHAPE(place, context_ref, context_ref_fields);

static const struct field workspace_fields[] = {
	F_STR(struct workspace, id, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct workspace, slug, FIELD_TOKEN, 0, BOUND_NAME),
	F_STR(struct workspace, name, 0, 0, BOUND_NAME),
	F_STR(struct workspace, kind, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct workspace, folder, FIELD_REQUIRED, 1, BOUND_FOLDER),
	F_INT(struct workspace, created_at_unix, 0, 0, BOUND_INT),
};
SHAPE(place, workspace, workspace_fields);

static const struct field workspace_list_fields[] = {
	F_LIST(struct workspace_list, items, FIELD_REQUIRED, workspace,
	    BOUND_PLACES),
};
SHAPE(place, workspace_list, workspace_list_fields);

static const struct field context_fields[] = {
	F_STR(struct context, id, FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_STR(struct context, workspace_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct context, connector, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct context, external_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_STR(struct context, name, 0, 0, BOUND_NAME),
	F_STR(struct context, chat_log, 0, 0, BOUND_PATH),
	F_BOOL(struct context, is_admin, 0),
	F_BOOL(struct context, is_direct, 0),
	F_INT(struct context, created_at_unix, 0, 0, BOUND_INT),
};
SHAPE(place, context, context_fields);

static const struct field context_list_fields[] = {
	F_LIST(
	    struct context_list, items, FIELD_REQUIRED, context, BOUND_PLACES),
};
SHAPE(place, context_list, context_list_fields);
