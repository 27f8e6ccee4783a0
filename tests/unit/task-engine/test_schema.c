/* Opening, refusing and migrating a database. */

#include "services/task-engine/store/schema.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static void
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char bytes[4096];
	size_t n;

	assert_non_null(f);
	buf_init(out);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(out, bytes, n);
	fclose(f);
}

static size_t
count_files(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t n = 0;

	for (struct dirent *e; (e = readdir(dir));)
		n += *e->d_name != '.';
	closedir(dir);
	return n;
}

static void
a_new_one_is_ours_and_durable(void **state)
{
	struct world world, *w = &world;
	sqlite3 *db;
	sqlite3_stmt *stmt;

	(void)state;
	world_open(w);
	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT (SELECT application_id FROM pragma_application_id),"
		" (SELECT user_version FROM pragma_user_version),"
		" (SELECT journal_mode FROM pragma_journal_mode)",
		-1, &stmt, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), SCHEMA_APPLICATION_ID);
	assert_int_equal(sqlite3_column_int(stmt, 1), STORE_SCHEMA_VERSION);
	assert_string_equal((const char *)sqlite3_column_text(stmt, 2), "wal");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	assert_int_equal(schema_migrations[n_schema_migrations - 1].version,
	    STORE_SCHEMA_VERSION);
	world_close(w);
}

static void
the_predecessors_is_refused_and_not_touched(void **state)
{
	struct world world, *w = &world;
	struct buf before, after;

	(void)state;
	world_open(w);
	world_stop(w);
	w->db_path = world_path(w, "old.sqlite");
	world_run(w,
	    "PRAGMA journal_mode = WAL;"
	    "CREATE TABLE tasks (id TEXT); CREATE TABLE contexts (id TEXT);"
	    "CREATE TABLE pairing_requests (id TEXT);"
	    "CREATE TABLE action_approvals (id TEXT);"
	    "CREATE TABLE imap_ingestions (id TEXT);");
	size_t n = count_files(w->folder);

	read_file(w->db_path, &before);
	FAILS(store_open(&w->store, w->db_path, &w->err), ERR_CONFLICT);
	assert_non_null(strstr(w->err.text, "Go agent-runtime"));
	assert_non_null(strstr(w->err.text, w->db_path));
	read_file(w->db_path, &after);
	assert_int_equal(before.size, after.size);
	assert_memory_equal(before.data, after.data, before.size);
	assert_int_equal(count_files(w->folder), n);
	buf_release(&before);
	buf_release(&after);
	world_close(w);
}

static void
another_programs_is_refused(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	world_stop(w);
	w->db_path = world_path(w, "x.sqlite");
	world_run(w, "CREATE TABLE bookmarks (url TEXT);");
	FAILS(store_open(&w->store, w->db_path, &w->err), ERR_CONFLICT);
	assert_non_null(strstr(w->err.text, "another program"));
	world_close(w);
}

static void
a_newer_one_is_refused_naming_both(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	world_stop(w);
	world_run(w, "PRAGMA user_version = 77");
	FAILS(store_open(&w->store, w->db_path, &w->err), ERR_CONFLICT);
	assert_non_null(strstr(w->err.text, "schema 77"));
	assert_non_null(strstr(w->err.text, "knows 4"));
	world_run(w, "PRAGMA user_version = 4");
	world_start(w);
	world_close(w);
}

static void
damage(const char *path, long at)
{
	static const char noise[512] = "this is no page of a database";
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(noise, sizeof(noise), 1, f), 1);
	fclose(f);
}

static void
a_damaged_one_is_refused_with_its_name(void **state)
{
	static const long places[] = { 0, 4096, 3 * 4096, 20 * 4096 };

	(void)state;
	for (size_t i = 0; i < N_OF(places); i++) {
		struct world world, *w = &world;
		struct buf before, after;

		world_open(w);
		world_stop(w);
		damage(w->db_path, places[i]);
		read_file(w->db_path, &before);
		FAILS(store_open(&w->store, w->db_path, &w->err),
		    ERR_UNAVAILABLE);
		assert_non_null(strstr(w->err.text, "damaged"));
		assert_non_null(strstr(w->err.text, "backup"));
		assert_non_null(strstr(w->err.text, w->db_path));
		read_file(w->db_path, &after);
		assert_int_equal(before.size, after.size);
		buf_release(&before);
		buf_release(&after);
		world_close(w);
	}
}

static const char *const one[] = { "CREATE TABLE a (x TEXT) STRICT;", NULL };
static const char *const two[] = { "ALTER TABLE a ADD COLUMN y TEXT;",
	"INSERT INTO a (x) VALUES ('two');", NULL };
static const char *const three[] = { "CREATE TABLE b (x TEXT) STRICT;",
	"INSERT INTO no_such_table VALUES (1);", NULL };
static const struct migration steps[] = { { 1, one }, { 2, two },
	{ 3, three } };

static sqlite3 *
open_plain(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

static void
migrating_copies_first_and_a_failed_step_changes_nothing(void **state)
{
	struct world world, *w = &world;
	const char *path;
	sqlite3 *db;

	(void)state;
	world_open(w);
	world_stop(w);
	w->db_path = world_path(w, "m.sqlite");
	db = open_plain(w->db_path);
	DONE(schema_migrate(db, w->db_path, steps, 1, &w->err));
	path = arena_printf(w->arena, "%s.before-1", w->db_path);
	assert_int_equal(access(path, F_OK), -1);
	DONE(schema_migrate(db, w->db_path, steps, 2, &w->err));
	path = arena_printf(w->arena, "%s.before-2", w->db_path);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(schema_probe(path, &w->err), 0);
	FAILS(schema_migrate(db, w->db_path, steps, 3, &w->err), ERR_INTERNAL);
	/* Still version 2, and usable. */
	DONE(schema_migrate(db, w->db_path, steps, 2, &w->err));
	assert_int_equal(
	    sqlite3_exec(db, "SELECT y FROM a", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(
	    sqlite3_exec(db, "SELECT x FROM b", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	world_close(w);
}

static void
a_fifo_is_not_waited_for(void **state)
{
	struct world world, *w = &world;
	const char *path;

	(void)state;
	world_open(w);
	path = world_path(w, "fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(20);
	FAILS(schema_probe(path, &w->err), ERR_REFUSED);
	alarm(0);
	assert_non_null(strstr(w->err.text, "is not a regular file"));
	world_close(w);
}

static void
three_copies_are_kept(void **state)
{
	static const char *const nothing[] = { "SELECT 1;", NULL };
	struct migration all[8];
	struct world world, *w = &world;
	sqlite3 *db;

	(void)state;
	world_open(w);
	world_stop(w);
	w->db_path = world_path(w, "m.sqlite");
	db = open_plain(w->db_path);
	for (int i = 0; i < 8; i++) {
		all[i] = (struct migration){ i + 1, nothing };
		DONE(schema_migrate(
		    db, w->db_path, all, (size_t)i + 1, &w->err));
	}
	sqlite3_close(db);
	for (int i = 1; i <= 8; i++) {
		const char *path =
		    arena_printf(w->arena, "%s.before-%d", w->db_path, i);

		assert_int_equal(access(path, F_OK), i >= 6 ? 0 : -1);
	}
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_is_ours_and_durable),
		cmocka_unit_test(the_predecessors_is_refused_and_not_touched),
		cmocka_unit_test(another_programs_is_refused),
		cmocka_unit_test(a_newer_one_is_refused_naming_both),
		cmocka_unit_test(a_damaged_one_is_refused_with_its_name),
		cmocka_unit_test(
		    migrating_copies_first_and_a_failed_step_changes_nothing),
		cmocka_unit_test(a_fifo_is_not_waited_for),
		cmocka_unit_test(three_copies_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
