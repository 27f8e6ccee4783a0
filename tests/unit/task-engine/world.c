/* What the tests of the engine's rooms stand on. */

#include "tests/unit/task-engine/world.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/unit.h"

void
expect(struct world *w, int rc, int wanted, const char *what)
{
	if (rc != wanted) {
		fprintf(stderr, "%s: %d, wanted %d (%s)\n", what, rc, wanted,
		    rc < 0 ? w->err.text : "");
		abort();
	}
}

struct context_row
world_context(struct world *w, const char *connector, const char *external_id,
    const char *space_kind, const char *space_id)
{
	const struct place place = {
		.connector = connector,
		.instance = strcmp(connector, "codex") == 0 ? "api.main"
							    : "telegram.main",
		.external_id = external_id,
		.parent_external_id = "",
		.context_name = "A place",
		.space_kind = space_kind,
		.space_id = space_id,
		.space_name = "A space",
		.is_direct = strcmp(space_kind, "community") != 0,
	};
	struct context_row out;

	DONE(store_begin(w->store, &w->err));
	DONE(store_place_ensure(
	    w->store, &place, w->now_ms, w->arena, &out, &w->err));
	DONE(store_commit(w->store, &w->err));
	return out;
}

int64_t
world_say(struct world *w, const struct context_row *x, const char *event_id,
    const char *text)
{
	const struct message_row message = {
		.instance = x->instance,
		.chat_id = x->external_id,
		.event_id = event_id,
		.direction = "inbound",
		.workspace_id = x->workspace_id,
		.context_id = x->id,
		.actor = "42",
		.said_by = "telegram:42",
		.said_as = "guest",
		.platform_id = event_id,
		.text = text,
		.at_ms = w->now_ms,
	};
	int64_t seq;

	DONE(store_begin(w->store, &w->err));
	DONE(store_message_add(w->store, &message, &seq, &w->err));
	DONE(store_commit(w->store, &w->err));
	return seq;
}

struct message_row
world_said(struct world *w, int64_t seq)
{
	struct message_row row;

	DONE(store_message_get(w->store, seq, w->arena, &row, &w->err));
	return row;
}

void
world_run(struct world *w, const char *sql)
{
	char *why = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
}

const char *
world_ask(struct world *w, const char *sql)
{
	const char *text = "no row";
	sqlite3_stmt *stmt;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		text = arena_strdup(
		    w->arena, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return text;
}

const char *
world_path(struct world *w, const char *name)
{
	return arena_printf(w->arena, "%s/%s", w->folder, name);
}

void
world_start(struct world *w)
{
	DONE(store_open(&w->store, w->db_path, &w->err));
	DONE(audit_open(&w->audit, w->store, w->folder, w->now_ms, &w->err));
}

void
world_stop(struct world *w)
{
	audit_close(&w->audit);
	store_close(&w->store);
}

void
world_open(struct world *w)
{
	*w = (struct world){ .now_ms = INT64_C(1700000000000) };
	unit_folder(w->folder, sizeof(w->folder), "engine-unit");
	w->arena = arena_new(1 << 24);
	w->db_path = world_path(w, "meta.sqlite");
	world_start(w);
	w->context = world_context(w, "codex", "s1", "session", "s1");
}

void
world_reopen(struct world *w)
{
	world_stop(w);
	world_start(w);
}

void
world_close(struct world *w)
{
	world_stop(w);
	assert_int_equal(
	    system(arena_printf(w->arena, "rm -rf '%s'", w->folder)), 0);
	arena_free(&w->arena);
}
