/* Who stands at the api's listener. */

#include "proto/credential.h"

#include "proto/bounds.h"

static const char *const listeners[] = {
	"public",
	"admin",
	"local",
	NULL,
};

static const struct field credential_fields[] = {
	F_CHOICE(struct credential, listener, FIELD_REQUIRED, listeners),
	F_STR(struct credential, token_sha256, FIELD_ASCII, 0, 64),
	/* Absent must not read as 0, which is root. */
	F_INT(struct credential, peer_uid, FIELD_REQUIRED, -1, UINT32_MAX),
	F_STR(struct credential, subject, FIELD_TOKEN, 0, BOUND_SUBJECT),
};
SHAPE(credential, credential, credential_fields);

static const struct field access_check_fields[] = {
	F_OBJECT(struct access_check, credential, FIELD_REQUIRED, credential),
	F_STR(struct access_check, operation, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
};
SHAPE(credential, access_check, access_check_fields);

static const struct field access_granted_fields[] = {
	F_STR(struct access_granted, actor, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
};
SHAPE(credential, access_granted, access_granted_fields);
