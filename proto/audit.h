#ifndef PROTO_AUDIT_H
#define PROTO_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/* audit.list; what is empty filters nothing. */
struct audit_query {
	struct credential credential;
	const char *order; /* oldest (default), newest: which come first */
	int64_t after;	   /* in that order; 0: from its beginning */
	int64_t limit;	   /* 0: 100 */
	int64_t since_unix;
	int64_t until_unix;    /* exclusive */
	const char *operation; /* "task." is all that begin so */
	const char *actor;     /* or whom it spoke for */
	const char *workspace_id;
	const char *outcome; /* done, refused */
};
PROTO_MESSAGE(audit_query);

struct audit_item {
	int64_t seq;
	const char *id;
	int64_t at_unix_ms;
	const char *actor;
	const char *speaks_as; /* the identity that the actor spoke for */
	const char *operation;
	const char *outcome;
	const char *door; /* "api.main"; "": the engine itself */
	const char *workspace_id;
	const char *context_id;
	const char *subject;
	const char *detail;
	const char *reason;
	const char *cause; /* id of the message that led to it */
	bool is_keyed;
	const char *hash;
};
PROTO_MESSAGE(audit_item);

struct audit_list {
	struct audit_item *items;
	size_t n_items;
	/* `after` of the next page, which may hold rows even where this one
	 * holds none; 0: this was the last. */
	int64_t next;
};
PROTO_MESSAGE(audit_list);

struct audit_verify {
	struct credential credential;
	const char *head; /* "17:<64 hex digits>", kept elsewhere; or "" */
};
PROTO_MESSAGE(audit_verify);

struct audit_verdict {
	/* intact edited missing cut restored other-key */
	const char *state;
	const char *text; /* what is wrong; "" when nothing is */
	int64_t bad_seq;  /* where */
	int64_t seq;	  /* the last row that was checked, and its hash */
	const char *hash;
	/* The newest row that says that the key or the head was lost and a
	 * new one begun; 0: none. */
	int64_t begun_seq;
};
PROTO_MESSAGE(audit_verdict);

#endif
