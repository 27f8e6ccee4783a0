/* What happens to documents, whoever does it. */

#include "proto/document.h"

#include "proto/bounds.h"

static const char *const changes[] = { "appeared", "changed", "vanished",
	NULL };

static const struct field document_change_fields[] = {
	F_STR(struct document_change, path, FIELD_REQUIRED, 1, BOUND_PATH),
	F_STR(struct document_change, sha256, FIELD_ASCII, 64, 64),
	F_CHOICE(struct document_change, change, FIELD_REQUIRED, changes),
};
SHAPE(document, document_change, document_change_fields);

static const struct field document_changed_fields[] = {
	F_STR(struct document_changed, workspace_id,
	    FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
	F_LIST(struct document_changed, changes, FIELD_REQUIRED,
	    document_change, BOUND_CHANGES),
};
SHAPE(document, document_changed, document_changed_fields);

static const struct field document_noted_fields[] = {
	F_INT(struct document_noted, n_noted, 0, 0, BOUND_CHANGES),
};
SHAPE(document, document_noted, document_noted_fields);
