/* The floor under every durable answer: plain SQLite, one row a commit. */

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char schema[] =
    "pragma journal_mode = wal; pragma synchronous = full;"
    "create table message (id integer primary key, instance text not null,"
    " chat text not null, event text not null, user text not null,"
    " body text not null, at integer not null,"
    " unique (instance, chat, event)) strict;";

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

static void
insert(sqlite3_stmt *stmt, int i, const char *body)
{
	char event[32], chat[32];

	snprintf(event, sizeof(event), "m:%d", i);
	snprintf(chat, sizeof(chat), "chat-%d", i % 64);
	sqlite3_bind_text(stmt, 1, "gateway-telegram.main", -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, chat, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(stmt, 3, event, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(stmt, 4, "user-1", -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 5, body, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 6, i);
	check(sqlite3_step(stmt), sqlite3_db_handle(stmt));
	sqlite3_reset(stmt);
}

int
main(int argc, char **argv)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	char body[513];

	if (argc != 3) {
		fprintf(stderr, "usage: floor_commit DATABASE ROWS\n");
		return 2;
	}
	int rows = atoi(argv[2]);
	int64_t *took = calloc((size_t)rows, sizeof(*took));

	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	unlink(argv[1]);
	check(sqlite3_open(argv[1], &db), db);
	check(sqlite3_exec(db, schema, NULL, NULL, NULL), db);
	check(sqlite3_prepare_v2(db,
		  "insert into message (instance, chat, event, user, body, at)"
		  " values (?, ?, ?, ?, ?, ?)",
		  -1, &stmt, NULL),
	    db);
	int64_t began = now_ns();
	for (int i = 0; i < rows; i++) {
		int64_t at = now_ns();
		insert(stmt, i, body);
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
