#ifndef TASK_ENGINE_STORE_PLACES_H
#define TASK_ENGINE_STORE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/* Workspaces, and the contexts (chats, channels, sessions) inside them. */

struct workspace_row {
	const char *id;
	const char *slug; /* unique, made without loss from the platform's id */
	const char *name;
	const char *kind; /* community private session mailbox */
	int64_t created_ms;
};

struct context_row {
	const char *id;
	const char *workspace_id;
	const char *connector; /* "telegram" */
	const char *external_id;
	const char *chat_id;		/* what the platform calls it now */
	const char *parent_external_id; /* "" or the channel of a thread */
	const char *name;
	const char *instance; /* "telegram.main": last heard through */
	bool is_admin;	      /* hears the notices of its workspace */
	bool is_global_hub;   /* and those of all */
	bool is_direct;
	int64_t created_ms;
};

/* What a message says about where it came from. */
struct place {
	const char *connector;
	const char *instance;
	const char *external_id;
	const char *parent_external_id;
	const char *context_name;
	const char *space_kind; /* community private session mailbox */
	const char *space_id;	/* guild, group, account or session */
	const char *space_name;
	bool is_direct;
};

/*
 * Finds the context, making it and its workspace when they are new, and notes
 * the instance through which it was heard.
 */
int store_place_ensure(struct store *store, const struct place *place,
    int64_t now_ms, struct arena *arena, struct context_row *context_out,
    struct err *err) MUST_CHECK;

/* The same of its workspace alone. */
int store_workspace_ensure(struct store *store, const struct place *place,
    int64_t now_ms, struct arena *arena, const char **id_out,
    struct err *err) MUST_CHECK;

/* Return 1 when there is none. */
int store_context_get(struct store *store, const char *context_id,
    struct arena *arena, struct context_row *out, struct err *err) MUST_CHECK;
int store_context_find(struct store *store, const char *connector,
    const char *external_id, struct arena *arena, struct context_row *out,
    struct err *err) MUST_CHECK;
/* What its admins tell the model there; a thread without such words has its
 * channel's. */
struct context_prompt {
	const char *text; /* "": nothing */
	bool is_of_channel;
};
int store_context_prompt(struct store *store, const char *context_id,
    struct arena *arena, struct context_prompt *out,
    struct err *err) MUST_CHECK;
int store_context_set_prompt(struct store *store, const char *context_id,
    const char *text, struct err *err) MUST_CHECK;
int store_workspace_get(struct store *store, const char *workspace_id,
    struct arena *arena, struct workspace_row *out, struct err *err) MUST_CHECK;

int store_context_set_admin(struct store *store, const char *context_id,
    bool is_admin, bool is_global_hub, struct err *err) MUST_CHECK;

/* At most two, which tells one from several: whose id begins so, or that have
 * that name. */
int
store_workspaces_begin(struct store *store, const char *id, struct arena *arena,
    struct workspace_row **rows_out, size_t *n_out, struct err *err) MUST_CHECK;
int store_workspaces_named(struct store *store, const char *name,
    struct arena *arena, struct workspace_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;
int
store_contexts_begin(struct store *store, const char *id, struct arena *arena,
    struct context_row **rows_out, size_t *n_out, struct err *err) MUST_CHECK;

/* The workspace of that space of the connector; 1 when there is none. */
int store_workspace_find(struct store *store, const char *connector,
    const char *kind, const char *space_id, struct arena *arena,
    struct workspace_row *out, struct err *err) MUST_CHECK;

/* Whether the workspace is that space of the connector: 0 if so, 1 if not. */
int store_workspace_is_of(struct store *store, const char *workspace_id,
    const char *connector, const char *kind, const char *space_id,
    struct err *err) MUST_CHECK;

/* At most limit rows, oldest first. workspace_id "": all. */
int
store_workspaces_list(struct store *store, int64_t limit, struct arena *arena,
    struct workspace_row **rows_out, size_t *n_out, struct err *err) MUST_CHECK;
int store_contexts_list(struct store *store, const char *workspace_id,
    int64_t limit, struct arena *arena, struct context_row **rows_out,
    size_t *n_out, struct err *err) MUST_CHECK;

/* Those that hear what concerns the workspace ("*": any): its admin channels
 * and the hubs of all, each once. */
int store_contexts_told(struct store *store, const char *workspace_id,
    struct arena *arena, struct context_row **rows_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/* The private chats of whoever is admin or overlord for all workspaces. */
int store_contexts_of_admins(struct store *store, struct arena *arena,
    struct context_row **rows_out, size_t *n_out, struct err *err) MUST_CHECK;

#endif
