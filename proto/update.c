/* Updates that may be poison. */

#include "proto/update.h"

#include "proto/bounds.h"

static const char *const verdicts[] = { "go", "wait", "skip", NULL };

static const struct field update_suspect_fields[] = {
	F_STR(struct update_suspect, update_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_NAME),
	F_BOOL(struct update_suspect, is_over, FIELD_SPARSE),
};
SHAPE(update, update_suspect, update_suspect_fields);

static const struct field update_verdict_fields[] = {
	F_CHOICE(struct update_verdict, verdict, FIELD_REQUIRED, verdicts),
};
SHAPE(update, update_verdict, update_verdict_fields);
