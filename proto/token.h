#ifndef PROTO_TOKEN_H
#define PROTO_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/* Credentials of tools: token.add, token.list, token.revoke. */
struct token_add {
	struct credential credential;
	const char *name;
	const char *connector;
	const char *external_id; /* "": <connector>-<name> */
};
PROTO_MESSAGE(token_add);

struct token_made {
	const char *name;
	const char *token; /* shown once; the engine keeps its SHA-256 */
	const char *connector;
	const char *external_id;
};
PROTO_MESSAGE(token_made);

struct token_query {
	struct credential credential;
};
PROTO_MESSAGE(token_query);

struct token_ref {
	struct credential credential;
	const char *name;
};
PROTO_MESSAGE(token_ref);

struct token_revoked {
	bool revoked;
};
PROTO_MESSAGE(token_revoked);

struct token_item {
	const char *name;
	const char *connector;
	const char *external_id;
	int64_t created_at_unix;
	int64_t last_used_unix;
	bool is_revoked;
};
PROTO_MESSAGE(token_item);

struct token_list {
	struct token_item *items;
	size_t n_items;
};
PROTO_MESSAGE(token_list);

#endif
