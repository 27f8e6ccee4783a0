/* The floor under every durable answer: plain SQLite, one row a commit. The row
 * is the engine's for a message: its table, its index, its statement. */

#include <assert.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/store/schema.h"
#include "services/task-engine/store/statements.h"

static void
check(int rc, sqlite3 *db)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
		return;
	fprintf(stderr, "floor_commit: %s\n", sqlite3_errmsg(db));
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Random as the engine's, for each of 64 chats. */
static const char *
chat_uuid(char *out, size_t size, int chat)
{
	snprintf(out, size, "%08x-7d3a-4c59-9e21-0f6b2a84%04x",
	    (unsigned)chat * 2654435761u, (unsigned)chat);
	return out;
}

static void
insert(sqlite3_stmt *stmt, int i, const char *text)
{
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
	check(sqlite3_step(stmt), sqlite3_db_handle(stmt));
	sqlite3_reset(stmt);
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
		fprintf(stderr, "floor_commit: %s\n", err.text);
		exit(1);
	}
	check(sqlite3_exec(db,
		  "pragma journal_mode = wal; pragma synchronous = full", NULL,
		  NULL, NULL),
	    db);
	return db;
}

int
main(int argc, char **argv)
{
	sqlite3_stmt *stmt;

	if (argc != 4) {
		fprintf(stderr, "usage: floor_commit DATABASE ROWS TEXT\n");
		return 2;
	}
	sqlite3 *db = open_database(argv[1]);
	int rows = atoi(argv[2]);
	int64_t *took = calloc((size_t)rows, sizeof(*took));

	check(sqlite3_prepare_v2(
		  db, stmt_text(STMT_MESSAGE_ADD), -1, &stmt, NULL),
	    db);
	int64_t began = now_ns();
	for (int i = 0; i < rows; i++) {
		int64_t at = now_ns();
		insert(stmt, i, argv[3]);
		took[i] = now_ns() - at;
	}
	double seconds = (double)(now_ns() - began) / 1e9;
	qsort(took, (size_t)rows, sizeof(*took), by_value);
	printf("{\"rows_per_s\": %.0f, \"p50_us\": %.1f}\n", rows / seconds,
	    (double)took[rows / 2] / 1e3);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	free(took);
	return 0;
}
