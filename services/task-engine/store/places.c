/* Rows of workspaces and contexts. */

#include "services/task-engine/store/places.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/store/memberships.h"
#include "services/task-engine/store/row.h"

enum { SPACE_ID_PLAIN_MAX = 150, SLUG_ARENA_BYTES = 4096 };

static void
read_text(struct columns *c, void *row_out)
{
	*(const char **)row_out = next_text(c);
}

static void
read_workspace(struct columns *c, void *row_out)
{
	struct workspace_row *w = row_out;

	w->id = next_text(c);
	w->slug = next_text(c);
	w->name = next_text(c);
	w->kind = next_text(c);
	w->created_ms = next_int(c);
}

static void
read_context(struct columns *c, void *row_out)
{
	struct context_row *x = row_out;

	x->id = next_text(c);
	x->workspace_id = next_text(c);
	x->connector = next_text(c);
	x->external_id = next_text(c);
	x->chat_id = next_text(c);
	x->parent_external_id = next_text(c);
	x->name = next_text(c);
	x->instance = next_text(c);
	x->is_admin = next_bool(c);
	x->is_global_hub = next_bool(c);
	x->is_direct = next_bool(c);
	x->created_ms = next_int(c);
}

/*
 * Connector, kind and id, only the last of which may hold a '/': two different
 * spaces never have one slug. A long id is known by its hash.
 */
static const char *
make_slug(const struct place *place, struct arena *arena)
{
	size_t size = strlen(place->space_id);
	char sha256[ID_SHA256_HEX_SIZE];

	if (size <= SPACE_ID_PLAIN_MAX)
		return arena_printf(arena, "%s/%s/%s", place->connector,
		    place->space_kind, place->space_id);
	id_sha256_hex(sha256, place->space_id, size);
	return arena_printf(
	    arena, "%s/%s~/%s", place->connector, place->space_kind, sha256);
}

/* A chat that has moved is the space it was. */
static int
known_as(
    struct store *s, struct place *place, struct arena *arena, struct err *err)
{
	return store_alias_find(
	    s, place->connector, place->space_id, arena, &place->space_id, err);
}

static int
find_space(struct store *s, const char *connector, const char *kind,
    const char *space_id, struct arena *arena, const char **id_out,
    struct err *err)
{
	struct place place = {
		.connector = connector,
		.space_kind = kind,
		.space_id = space_id,
	};

	if (known_as(s, &place, arena, err) < 0)
		return -1;
	return stmt_get_recent(s, STMT_WORKSPACE_BY_SLUG, arena, read_text,
	    id_out, BINDS(b_text(make_slug(&place, arena))), err);
}

int
store_workspace_is_of(struct store *s, const char *workspace_id,
    const char *connector, const char *kind, const char *space_id,
    struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(SLUG_ARENA_BYTES);
	const char *id;
	int got = find_space(s, connector, kind, space_id, arena, &id, err);

	return got == 0 ? strcmp(id, workspace_id) != 0 : got;
}

int
store_workspace_ensure(struct store *s, const struct place *at, int64_t now_ms,
    struct arena *arena, const char **id_out, struct err *err)
{
	struct place place = *at;
	const char *slug, *name;
	char id[ID_UUID_SIZE];
	int got;

	if (known_as(s, &place, arena, err) < 0)
		return -1;
	slug = make_slug(&place, arena);
	name = *place.space_name ? place.space_name : slug;
	got = stmt_get(s, STMT_WORKSPACE_BY_SLUG, arena, read_text, id_out,
	    BINDS(b_text(slug)), err);
	if (got <= 0)
		return got;
	id_uuid(id);
	*id_out = arena_strdup(arena, id);
	return stmt_run(s, STMT_WORKSPACE_ADD, NULL,
	    BINDS(b_text(id), b_text(slug), b_text(name),
		b_text(place.space_kind), b_int(now_ms)),
	    err);
}

static int
add_context(struct store *s, const struct place *place, int64_t now_ms,
    struct arena *arena, struct context_row *out, struct err *err)
{
	char id[ID_UUID_SIZE];
	const char *workspace_id, *parent;

	/* Of a chat that has moved its new threads have the parent it was. */
	if (store_workspace_ensure(
		s, place, now_ms, arena, &workspace_id, err) < 0 ||
	    store_alias_find(s, place->connector, place->parent_external_id,
		arena, &parent, err) < 0)
		return -1;
	id_uuid(id);
	*out = (struct context_row){
		.id = arena_strdup(arena, id),
		.workspace_id = workspace_id,
		.connector = place->connector,
		.external_id = place->external_id,
		.chat_id = place->external_id,
		.parent_external_id = parent,
		.name = *place->context_name ? place->context_name
					     : place->external_id,
		.instance = place->instance,
		.is_direct = place->is_direct,
		.created_ms = now_ms,
	};
	return stmt_run(s, STMT_CONTEXT_ADD, NULL,
	    BINDS(b_text(id), b_text(workspace_id), b_text(out->connector),
		b_text(out->external_id), b_text(out->parent_external_id),
		b_text(out->name), b_text(out->instance), b_int(out->is_direct),
		b_int(now_ms)),
	    err);
}

int
store_place_ensure(struct store *s, const struct place *place, int64_t now_ms,
    struct arena *arena, struct context_row *out, struct err *err)
{
	const char *name = place->context_name;
	int got = store_context_find(
	    s, place->connector, place->external_id, arena, out, err);

	if (got < 0)
		return -1;
	if (got == 1)
		return add_context(s, place, now_ms, arena, out, err);
	if (!*name)
		name = out->name;
	if (strcmp(out->instance, place->instance) == 0 &&
	    strcmp(out->name, name) == 0)
		return 0;
	out->instance = place->instance;
	out->name = name;
	return stmt_run(s, STMT_CONTEXT_HEARD, NULL,
	    BINDS(b_text(out->id), b_text(out->instance), b_text(out->name)),
	    err);
}

int
store_context_get(struct store *s, const char *context_id, struct arena *arena,
    struct context_row *out, struct err *err)
{
	return stmt_get_recent(s, STMT_CONTEXT_GET, arena, read_context, out,
	    BINDS(b_text(context_id)), err);
}

int
store_context_find(struct store *s, const char *connector,
    const char *external_id, struct arena *arena, struct context_row *out,
    struct err *err)
{
	return stmt_get_recent(s, STMT_CONTEXT_FIND, arena, read_context, out,
	    BINDS(b_text(connector), b_text(external_id)), err);
}

int
store_context_set_admin(struct store *s, const char *context_id, bool is_admin,
    bool is_global_hub, struct err *err)
{
	return stmt_run(s, STMT_CONTEXT_SET_ADMIN, NULL,
	    BINDS(b_text(context_id), b_int(is_admin), b_int(is_global_hub)),
	    err);
}

static void
read_prompt(struct columns *c, void *row_out)
{
	struct context_prompt *prompt = row_out;

	prompt->text = next_text(c);
	prompt->is_of_channel = next_bool(c);
}

int
store_context_prompt(struct store *s, const char *context_id,
    struct arena *arena, struct context_prompt *out, struct err *err)
{
	return stmt_get(s, STMT_CONTEXT_PROMPT, arena, read_prompt, out,
	    BINDS(b_text(context_id)), err);
}

int
store_context_set_prompt(
    struct store *s, const char *context_id, const char *text, struct err *err)
{
	return stmt_run(s, STMT_CONTEXT_SET_PROMPT, NULL,
	    BINDS(b_text(context_id), b_text(text)), err);
}

int
store_workspace_get(struct store *s, const char *workspace_id,
    struct arena *arena, struct workspace_row *out, struct err *err)
{
	return stmt_get(s, STMT_WORKSPACE_GET, arena, read_workspace, out,
	    BINDS(b_text(workspace_id)), err);
}

int
store_workspace_find(struct store *s, const char *connector, const char *kind,
    const char *space_id, struct arena *arena, struct workspace_row *out,
    struct err *err)
{
	const char *id;
	int got = find_space(s, connector, kind, space_id, arena, &id, err);

	return got == 0 ? store_workspace_get(s, id, arena, out, err) : got;
}

int
store_workspaces_begin(struct store *s, const char *id, struct arena *arena,
    struct workspace_row **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_WORKSPACES_BEGIN, arena, read_workspace,
	    sizeof(**rows_out), rows_out, n_out, BINDS(b_text(id)), err);
}

int
store_workspaces_named(struct store *s, const char *name, struct arena *arena,
    struct workspace_row **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_WORKSPACES_NAMED, arena, read_workspace,
	    sizeof(**rows_out), rows_out, n_out, BINDS(b_text(name)), err);
}

int
store_contexts_begin(struct store *s, const char *id, struct arena *arena,
    struct context_row **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_CONTEXTS_BEGIN, arena, read_context,
	    sizeof(**rows_out), rows_out, n_out, BINDS(b_text(id)), err);
}

int
store_workspaces_list(struct store *s, int64_t limit, struct arena *arena,
    struct workspace_row **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_WORKSPACES_LIST, arena, read_workspace,
	    sizeof(**rows_out), rows_out, n_out, BINDS(b_int(limit)), err);
}

int
store_contexts_list(struct store *s, const char *workspace_id, int64_t limit,
    struct arena *arena, struct context_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_CONTEXTS_LIST, arena, read_context,
	    sizeof(**rows_out), rows_out, n_out,
	    BINDS(b_text(workspace_id), b_int(limit)), err);
}

int
store_contexts_told(struct store *s, const char *workspace_id,
    struct arena *arena, struct context_row **rows_out, size_t *n_out,
    struct err *err)
{
	return stmt_list(s, STMT_CONTEXTS_TOLD, arena, read_context,
	    sizeof(**rows_out), rows_out, n_out, BINDS(b_text(workspace_id)),
	    err);
}

int
store_contexts_of_admins(struct store *s, struct arena *arena,
    struct context_row **rows_out, size_t *n_out, struct err *err)
{
	return stmt_list(s, STMT_CONTEXTS_OF_ADMINS, arena, read_context,
	    sizeof(**rows_out), rows_out, n_out, NO_BINDS, err);
}
