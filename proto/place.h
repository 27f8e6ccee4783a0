#ifndef PROTO_PLACE_H
#define PROTO_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/* workspace.list and context.list: where things are, for the admin surface. */
struct place_query {
	struct credential credential;
	const char *workspace_id; /* context.list: only this one; "" all */
	int64_t limit;		  /* 0: 100 */
};
PROTO_MESSAGE(place_query);

/* workspace.get: by id, by name, or by what the platform calls its space. */
struct workspace_ref {
	struct credential credential;
	const char *id; /* whole, or how it alone begins */
	const char *name;
	const char *connector;
	const char *kind; /* community private session mailbox */
	const char *space_id;
};
PROTO_MESSAGE(workspace_ref);

/* context.get: by id, or by connector and external_id. */
struct context_ref {
	struct credential credential;
	const char *id; /* whole, or how it alone begins */
	const char *connector;
	const char *external_id;
};
PROTO_MESSAGE(context_ref);

struct workspace {
	const char *id;
	const char *slug;
	const char *name;
	const char *kind;
	const char *folder; /* absolute path */
	int64_t created_at_unix;
};
PROTO_MESSAGE(workspace);

struct workspace_list {
	struct workspace *items;
	size_t n_items;
};
PROTO_MESSAGE(workspace_list);

struct context {
	const char *id;
	const char *workspace_id;
	const char *connector;
	const char *external_id;
	const char *name;
	const char *chat_log; /* path beneath the workspace's folder */
	bool is_admin;
	bool is_direct;
	int64_t created_at_unix;
};
PROTO_MESSAGE(context);

struct context_list {
	struct context *items;
	size_t n_items;
};
PROTO_MESSAGE(context_list);

#endif
