/* Plain SQLite, one row a commit. */

#include "tests/bench/floor_row.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/store/schema.h"
#include "services/task-engine/store/statements.h"

struct floor_rows {
	sqlite3 *db;
	sqlite3_stmt *stmt;
};

static void
check(int rc, sqlite3 *db)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
		return;
	fprintf(stderr, "floor_row: %s\n", sqlite3_errmsg(db));
	exit(1);
}

static sqlite3 *
open_database(const char *path)
{
	sqlite3 *db;
	struct err err;

	unlink(path);
	check(sqlite3_open(path, &db), db);
	if (schema_migrate(
		db, path, schema_migrations, n_schema_migrations, &err) < 0) {
		fprintf(stderr, "floor_row: %s\n", err.text);
		exit(1);
	}
	check(sqlite3_exec(db,
		  "pragma journal_mode = wal; pragma synchronous = full", NULL,
		  NULL, NULL),
	    db);
	return db;
}

struct floor_rows *
floor_rows_open(const char *path)
{
	struct floor_rows *rows = xcalloc(1, sizeof(*rows));

	rows->db = open_database(path);
	check(sqlite3_prepare_v2(
		  rows->db, stmt_text(STMT_MESSAGE_ADD), -1, &rows->stmt, NULL),
	    rows->db);
	return rows;
}

void
floor_rows_close(struct floor_rows **slot)
{
	struct floor_rows *rows = *slot;

	*slot = NULL;
	sqlite3_finalize(rows->stmt);
	sqlite3_close(rows->db);
	free(rows);
}

/* Random as the engine's, for each of 64 chats. */
static const char *
chat_uuid(char *out, size_t size, int chat)
{
	snprintf(out, size, "%08x-7d3a-4c59-9e21-0f6b2a84%04x",
	    (unsigned)chat * 2654435761u, (unsigned)chat);
	return out;
}

void
floor_rows_add(struct floor_rows *rows, int i, const char *text)
{
	sqlite3_stmt *stmt = rows->stmt;
	char event[32], chat[32], user[32], uuid[40], said_by[48], cause[32];
	const char *context = chat_uuid(uuid, sizeof(uuid), i % 64);
	const char *const texts[] = { "telegram.load", chat, event, "inbound",
		context, context, user, user, said_by, "guest", event + 2, "",
		text, "", cause };
	const int64_t at_ms = INT64_C(1790000000000) + i;
	const int64_t numbers[] = { at_ms, 0, 0, at_ms };
	int at = 0;

	snprintf(event, sizeof(event), "m:load-%d", i);
	snprintf(chat, sizeof(chat), "load-chat-%d", i % 64);
	snprintf(user, sizeof(user), "load-user-%d", i % 64);
	snprintf(said_by, sizeof(said_by), "telegram:%s", user);
	snprintf(cause, sizeof(cause), "01K5J8W2H0ZX4T9C%010d", i);
	assert(sqlite3_bind_parameter_count(stmt) ==
	       (int)(N_OF(texts) + N_OF(numbers)));
	for (size_t k = 0; k < N_OF(texts); k++)
		sqlite3_bind_text(stmt, ++at, texts[k], -1, SQLITE_STATIC);
	for (size_t k = 0; k < N_OF(numbers); k++)
		sqlite3_bind_int64(stmt, ++at, numbers[k]);
	check(sqlite3_step(stmt), rows->db);
	sqlite3_reset(stmt);
}
