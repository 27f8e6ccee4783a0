/* Whatever is typed, FTS5 understands what is made of it. */

#include <assert.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/indexer/match.h"
#include "services/indexer/tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sqlite3_stmt *
open_table(void)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	struct err err;
	int rc = sqlite3_open(":memory:", &db);

	assert(rc == SQLITE_OK);
	rc = tokens_register(db, &err);
	assert(rc == 0);
	rc = sqlite3_exec(db,
	    "CREATE VIRTUAL TABLE t USING fts5(a, tokenize = 'words')", NULL,
	    NULL, NULL);
	assert(rc == SQLITE_OK);
	rc = sqlite3_prepare_v2(
	    db, "SELECT 1 FROM t WHERE t MATCH ?1", -1, &stmt, NULL);
	assert(rc == SQLITE_OK);
	return stmt;
}

static void
run(const char *match)
{
	static sqlite3_stmt *stmt;
	int rc;

	if (!match)
		return;
	if (!stmt)
		stmt = open_table();
	sqlite3_bind_text(stmt, 1, match, -1, SQLITE_STATIC);
	rc = sqlite3_step(stmt);
	assert(rc == SQLITE_DONE);
	sqlite3_reset(stmt);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	struct match match;

	match_build(
	    &match, arena_strndup(arena, (const char *)data, size), arena);
	assert(match.best || (!match.begun && !match.none));
	run(match.best);
	run(match.begun);
	run(match.none);
	return 0;
}
