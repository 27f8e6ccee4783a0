/* Workspaces and contexts over HTTP: which there are, and which is meant. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "proto/place.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/policy/names.h"
#include "services/task-engine/store/places.h"

enum { LIMIT_DEFAULT = 100, ID_BEGIN_MIN = 4 };

static struct workspace
show_workspace(
    const struct svc *svc, const struct workspace_row *row, struct arena *arena)
{
	return (struct workspace){
		.id = row->id,
		.slug = row->slug,
		.name = row->name,
		.kind = row->kind,
		.folder =
		    arena_printf(arena, "%s/%s", svc->workspace_root, row->id),
		.created_at_unix = row->created_ms / 1000,
	};
}

static struct context
show_context(const struct context_row *row, struct arena *arena)
{
	return (struct context){
		.id = row->id,
		.workspace_id = row->workspace_id,
		.connector = row->connector,
		.external_id = row->external_id,
		.name = row->name,
		.chat_log =
		    name_chat_log(arena, row->connector, row->external_id),
		.is_admin = row->is_admin,
		.is_direct = row->is_direct,
		.created_at_unix = row->created_ms / 1000,
	};
}

int
on_workspace_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct workspace_list out = { 0 };
	struct workspace_row *rows;
	struct place_query in;
	struct actor actor;

	if (place_query_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    store_workspaces_list(svc->store,
		in.limit ? in.limit : LIMIT_DEFAULT, request->arena, &rows,
		&out.n_items, err) < 0)
		return -1;
	out.items =
	    arena_alloc(request->arena, (out.n_items + 1) * sizeof(*out.items));
	for (size_t i = 0; i < out.n_items; i++)
		out.items[i] = show_workspace(svc, &rows[i], request->arena);
	api_encode_list(&workspace_list_shape, &out, &out.n_items, reply->body);
	return 0;
}

int
on_context_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct context_list out = { 0 };
	struct context_row *rows;
	struct place_query in;
	struct actor actor;

	if (place_query_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    store_contexts_list(svc->store, in.workspace_id,
		in.limit ? in.limit : LIMIT_DEFAULT, request->arena, &rows,
		&out.n_items, err) < 0)
		return -1;
	out.items =
	    arena_alloc(request->arena, (out.n_items + 1) * sizeof(*out.items));
	for (size_t i = 0; i < out.n_items; i++)
		out.items[i] = show_context(&rows[i], request->arena);
	api_encode_list(&context_list_shape, &out, &out.n_items, reply->body);
	return 0;
}

static int
check_one(const char *what, size_t n, struct err *err)
{
	if (n == 1)
		return 0;
	if (n == 0)
		return err_set(err, ERR_NOT_FOUND,
		    "no such %s: GET /api/v1/%ss lists them", what, what);
	return err_set(err, ERR_CONFLICT,
	    "that is more than one %s: give (more of) the id; GET "
	    "/api/v1/%ss lists them",
	    what, what);
}

static int
check_id(const char *id, struct err *err)
{
	if (strlen(id) >= ID_BEGIN_MIN)
		return 0;
	return err_set(err, ERR_INVALID,
	    "id must be whole, or at least its first %d characters",
	    ID_BEGIN_MIN);
}

/* The bits of the strings that are not empty, the first being 1. */
static unsigned
which_are_given(const char *const *texts, size_t n)
{
	unsigned given = 0;

	for (size_t i = 0; i < n; i++)
		given |= (*texts[i] != '\0') << i;
	return given;
}

static int
workspaces_meant(struct svc *svc, const struct workspace_ref *in,
    struct arena *arena, struct workspace_row **rows_out, size_t *n_out,
    struct err *err)
{
	enum { BY_ID = 1, BY_NAME = 2, BY_SPACE = 4 | 8 | 16 };
	const char *const texts[] = { in->id, in->name, in->connector, in->kind,
		in->space_id };
	int got;

	switch (which_are_given(texts, N_OF(texts))) {
	case BY_ID:
		if (check_id(in->id, err) < 0)
			return -1;
		return store_workspaces_begin(
		    svc->store, in->id, arena, rows_out, n_out, err);
	case BY_NAME:
		return store_workspaces_named(
		    svc->store, in->name, arena, rows_out, n_out, err);
	case BY_SPACE:
		*rows_out = arena_alloc(arena, sizeof(**rows_out));
		got = store_workspace_find(svc->store, in->connector, in->kind,
		    in->space_id, arena, *rows_out, err);
		*n_out = got == 0;
		return got < 0 ? -1 : 0;
	default:
		return err_set(err, ERR_INVALID,
		    "give id, or name, or connector, kind and space_id");
	}
}

static int
contexts_meant(struct svc *svc, const struct context_ref *in,
    struct arena *arena, struct context_row **rows_out, size_t *n_out,
    struct err *err)
{
	enum { BY_ID = 1, BY_CHAT = 2 | 4 };
	const char *const texts[] = { in->id, in->connector, in->external_id };
	int got;

	switch (which_are_given(texts, N_OF(texts))) {
	case BY_ID:
		if (check_id(in->id, err) < 0)
			return -1;
		return store_contexts_begin(
		    svc->store, in->id, arena, rows_out, n_out, err);
	case BY_CHAT:
		*rows_out = arena_alloc(arena, sizeof(**rows_out));
		got = store_context_find(svc->store, in->connector,
		    in->external_id, arena, *rows_out, err);
		*n_out = got == 0;
		return got < 0 ? -1 : 0;
	default:
		return err_set(
		    err, ERR_INVALID, "give id, or connector and external_id");
	}
}

int
on_workspace_get(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct workspace_row *rows;
	struct workspace_ref in;
	struct workspace out;
	struct actor actor;
	size_t n;

	if (workspace_ref_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    workspaces_meant(svc, &in, request->arena, &rows, &n, err) < 0 ||
	    check_one("workspace", n, err) < 0)
		return -1;
	out = show_workspace(svc, rows, request->arena);
	workspace_encode(&out, reply->body);
	return 0;
}

int
on_context_get(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct context_row *rows;
	struct context_ref in;
	struct context out;
	struct actor actor;
	size_t n;

	if (context_ref_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    contexts_meant(svc, &in, request->arena, &rows, &n, err) < 0 ||
	    check_one("context", n, err) < 0)
		return -1;
	out = show_context(rows, request->arena);
	context_encode(&out, reply->body);
	return 0;
}
