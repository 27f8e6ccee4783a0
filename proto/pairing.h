#ifndef PROTO_PAIRING_H
#define PROTO_PAIRING_H

#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/*
 * Linking an account of a connector to a person: a one-time token is made for
 * the account, and whoever may, approves or denies it within ten minutes.
 */

/* pairing.start: for an account of a tool or of a chat platform. */
struct pairing_start {
	struct credential credential;
	const char *connector;
	const char *connector_user_id;
	const char *display_name;
	int64_t expires_in_sec; /* 0: 600 */
};
PROTO_MESSAGE(pairing_start);

struct pairing_started {
	const char *id;
	const char *token; /* shown once; the engine keeps its SHA-256 */
	const char *token_hint;
	const char *connector;
	const char *connector_user_id;
	const char *display_name;
	const char *status;
	int64_t expires_at_unix;
};
PROTO_MESSAGE(pairing_started);

/* pairing.lookup */
struct pairing_ref {
	struct credential credential;
	const char *token;
};
PROTO_MESSAGE(pairing_ref);

struct pairing {
	const char *id;
	const char *token_hint;
	const char *connector;
	const char *connector_user_id;
	const char *display_name;
	const char *status; /* pending approved denied expired */
	int64_t expires_at_unix;
	const char *approved_user_id;
	const char *approver_user_id;
	const char *denied_reason;
};
PROTO_MESSAGE(pairing);

/*
 * pairing.approve. approver_user_id is a remark for the audit log: who approves
 * is whoever the credential says. workspace_id "": for all workspaces.
 */
struct pairing_approve {
	struct credential credential;
	const char *token;
	const char *approver_user_id;
	const char *role;	    /* "": member */
	const char *target_user_id; /* an existing person; "": a new one */
	const char *workspace_id;
};
PROTO_MESSAGE(pairing_approve);

struct pairing_approved {
	const char *id;
	const char *status;
	const char *approved_user_id;
	const char *approver_user_id;
	const char *identity_id;
	const char *connector;
	const char *connector_user_id;
	const char *role;
	const char *workspace_id;
};
PROTO_MESSAGE(pairing_approved);

/* pairing.deny; approver_user_id as above. */
struct pairing_deny {
	struct credential credential;
	const char *token;
	const char *approver_user_id;
	const char *reason;
};
PROTO_MESSAGE(pairing_deny);

struct pairing_denied {
	const char *id;
	const char *status;
	const char *approver_user_id;
	const char *denied_reason;
};
PROTO_MESSAGE(pairing_denied);

#endif
