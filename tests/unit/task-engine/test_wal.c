/* Commits that are written at once: seen by others, whole or not at all. */

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "services/task-engine/store/wal.h"

enum { N_ROWS = 64 };

/* The system's VFS, which counts what is written to a -wal, and fails. */
static struct {
	sqlite3_vfs *vfs;
	const sqlite3_io_methods *methods;
	int n_writes;
	int fail_at;  /* from that one on, of 1; 0: none */
	bool is_once; /* and only that one */
	int code;
} below;

static char folder[256], path[300];
static sqlite3 *ours, *other;

static int
write_below(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	below.n_writes++;
	if (below.fail_at == 0 || below.n_writes < below.fail_at ||
	    (below.is_once && below.n_writes > below.fail_at))
		return below.methods->xWrite(file, data, size, at);
	/* As a disk does that fills up: some of it is there. */
	(void)below.methods->xWrite(file, data, size / 2, at);
	return below.code;
}

static int
open_below(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *flags_out)
{
	static sqlite3_io_methods counting;
	int rc = below.vfs->xOpen(below.vfs, name, file, flags, flags_out);

	(void)vfs;
	if (rc != SQLITE_OK || !(flags & SQLITE_OPEN_WAL))
		return rc;
	below.methods = file->pMethods;
	counting = *file->pMethods;
	counting.xWrite = write_below;
	file->pMethods = &counting;
	return rc;
}

static void
count_writes(void)
{
	static sqlite3_vfs vfs;

	below.vfs = sqlite3_vfs_find(NULL);
	vfs = *below.vfs;
	vfs.zName = "below";
	vfs.xOpen = open_below;
	assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

static int
try(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void
run(sqlite3 *db, const char *sql)
{
	if (try(db, sql) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

/* The first column of the first row. */
static sqlite3_int64
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3_int64 value;

	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static void
check_whole(sqlite3 *db)
{
	assert_int_equal(
	    number(db, "SELECT count(*) FROM pragma_integrity_check"
		       " WHERE integrity_check = 'ok'"),
	    1);
}

static sqlite3 *
open_by(const char *vfs)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(path, &db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
	    SQLITE_OK);
	run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
	return db;
}

static sqlite3 *
open_ours(void)
{
	sqlite3 *db;

	assert_non_null(wal_vfs());
	db = open_by(wal_vfs());
	wal_attach(db);
	return db;
}

static int
open_world(void **state)
{
	(void)state;
	unit_folder(folder, sizeof(folder), "wal");
	snprintf(path, sizeof(path), "%s/db", folder);
	ours = open_ours();
	run(ours, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, b BLOB)");
	other = open_by(below.vfs->zName);
	below.n_writes = below.fail_at = 0;
	below.code = SQLITE_FULL;
	return 0;
}

static int
close_world(void **state)
{
	struct err err;

	(void)state;
	sqlite3_close(ours);
	sqlite3_close(other);
	ours = other = NULL;
	return file_remove_tree(folder, &err);
}

/* That many rows, a page each, in the transaction that is open. */
static void
add_pages(sqlite3 *db, int n)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
	    " INSERT INTO t (v, b) SELECT i, randomblob(3500) FROM n",
	    n);
	run(db, sql);
}

static const struct {
	const char *name;
	const char *synchronous;
	int n_pages, at_most;
} commits[] = {
	{ "a page", "FULL", 1, 1 },
	{ "a message's, waiting for the disk", "FULL", 12, 1 },
	{ "a message's, not waiting", "NORMAL", 12, 1 },
	{ "a batch's", "FULL", 60, 4 },
	{ "of hundreds", "NORMAL", 400, 20 },
};

static void
a_commit_is_one_write_and_seen_at_once(void **state)
{
	sqlite3_int64 n_rows = 0;

	(void)state;
	for (size_t i = 0; i < N_OF(commits); i++) {
		char sql[100];

		print_message("%s\n", commits[i].name);
		snprintf(sql, sizeof(sql), "PRAGMA synchronous = %s",
		    commits[i].synchronous);
		run(ours, sql);
		run(ours, "BEGIN IMMEDIATE");
		add_pages(ours, commits[i].n_pages);
		below.n_writes = 0;
		assert_int_equal(
		    number(other, "SELECT count(*) FROM t"), n_rows);
		run(ours, "COMMIT");
		assert_in_range(below.n_writes, 1, commits[i].at_most);
		n_rows += commits[i].n_pages;
		assert_int_equal(
		    number(other, "SELECT count(*) FROM t"), n_rows);
	}
	check_whole(other);
}

static void
copy_file(const char *from, const char *to)
{
	AUTO(buf_release)
	struct buf bytes = { 0 };
	struct err err;

	buf_init(&bytes);
	if (file_read(&bytes, AT_FDCWD, from, 1 << 26, &err) < 0 ||
	    file_replace(AT_FDCWD, to, bytes.data, bytes.size, 0600, &err) < 0)
		fail_msg("%s", err.text);
}

/* As after a loss of power: database and -wal, and what is in no file not. */
static sqlite3_int64
recovered(const char *sql)
{
	char copy[320], from[320], to[330];
	sqlite3 *db = NULL;
	sqlite3_int64 value;

	snprintf(copy, sizeof(copy), "%s/copy", folder);
	snprintf(from, sizeof(from), "%s-wal", path);
	snprintf(to, sizeof(to), "%s-wal", copy);
	copy_file(path, copy);
	copy_file(from, to);
	assert_int_equal(
	    sqlite3_open_v2(copy, &db, SQLITE_OPEN_READWRITE, below.vfs->zName),
	    SQLITE_OK);
	value = number(db, sql);
	check_whole(db);
	sqlite3_close(db);
	return value;
}

static const struct {
	const char *name;
	int n_pages, fail_at, code;
	bool is_once;
} failures[] = {
	{ "the disk is full", 12, 1, SQLITE_FULL, false },
	{ "the disk fails", 12, 1, SQLITE_IOERR_WRITE, false },
	{ "it is full for a moment", 12, 1, SQLITE_FULL, true },
	{ "it fails once", 12, 1, SQLITE_IOERR_WRITE, true },
	{ "at the second of several", 100, 2, SQLITE_FULL, false },
	{ "once at the second of several", 100, 2, SQLITE_FULL, true },
	{ "at the last of several", 100, 4, SQLITE_FULL, false },
	{ "once at the last of several", 100, 4, SQLITE_FULL, true },
};

/* It changes rows, too: the rollback reads them again. */
static void
fail_to_commit(size_t i)
{
	run(ours, "BEGIN IMMEDIATE");
	add_pages(ours, failures[i].n_pages);
	run(ours, "UPDATE t SET v = v + 1 WHERE id < 6");
	below.n_writes = 0;
	below.fail_at = failures[i].fail_at;
	below.code = failures[i].code;
	below.is_once = failures[i].is_once;
	assert_int_not_equal(try(ours, "COMMIT"), SQLITE_OK);
	below.fail_at = 0;
	(void)try(ours, "ROLLBACK");
}

/* Neither does a loss of power bring it back, nor is who writes between written
 * over with what failed. */
static void
a_commit_that_cannot_be_written_is_none(void **state)
{
	sqlite3_int64 n_rows = 20;

	(void)state;
	add_pages(other, 20);
	for (size_t i = 0; i < N_OF(failures); i++) {
		print_message("%s\n", failures[i].name);
		fail_to_commit(i);
		assert_int_equal(
		    number(other, "SELECT count(*) FROM t"), n_rows);
		assert_int_equal(recovered("SELECT count(*) FROM t"), n_rows);
		add_pages(other, 5);
		assert_int_equal(
		    number(ours, "SELECT count(*) FROM t"), n_rows + 5);
		add_pages(ours, 7);
		n_rows += 12;
		assert_int_equal(
		    number(other, "SELECT count(*) FROM t"), n_rows);
		check_whole(other);
		check_whole(ours);
	}
}

/* The cache is small: pages are written long before the commit. */
static void
what_was_spilled_goes_with_the_rollback(void **state)
{
	(void)state;
	run(ours, "PRAGMA cache_size = 5");
	run(ours, "BEGIN IMMEDIATE");
	add_pages(ours, 200);
	run(ours, "ROLLBACK");
	add_pages(other, 40);
	add_pages(ours, 3);
	assert_int_equal(number(other, "SELECT count(*) FROM t"), 43);
	check_whole(other);
	run(ours, "BEGIN IMMEDIATE");
	add_pages(ours, 10);
	run(ours, "SAVEPOINT s");
	add_pages(ours, 100);
	run(ours, "ROLLBACK TO s");
	add_pages(ours, 4);
	run(ours, "COMMIT");
	assert_int_equal(number(other, "SELECT count(*) FROM t"), 57);
	check_whole(other);
	add_pages(other, 1);
	check_whole(ours);
}

/* Pages that were spilled and changed again are written in their place, and
 * the checksums of all behind them anew; in a relaxed commit nothing follows
 * that would bring the last of them to the file. */
static void
checksums_that_are_made_anew_are_written(void **state)
{
	(void)state;
	run(ours, "PRAGMA cache_size = 5; PRAGMA synchronous = NORMAL");
	add_pages(ours, 50);
	for (int i = 1; i <= 5; i++) {
		run(ours, "BEGIN IMMEDIATE");
		run(ours, "UPDATE t SET v = v + 1, b = randomblob(3500)");
		run(ours, "UPDATE t SET v = v + 1, b = randomblob(3400)");
		run(ours, "COMMIT");
		assert_int_equal(
		    recovered("SELECT sum(v) FROM t"), 1275 + 100 * i);
	}
	check_whole(other);
}

static void
the_wal_begins_anew(void **state)
{
	static const struct {
		const char *name;
		const char *sql;
		bool is_by_other;
	} ways[] = {
		{ "restart", "PRAGMA wal_checkpoint(RESTART)", false },
		{ "truncate", "PRAGMA wal_checkpoint(TRUNCATE)", false },
		{ "restart by another", "PRAGMA wal_checkpoint(RESTART)",
		    true },
		{ "truncate by another", "PRAGMA wal_checkpoint(TRUNCATE)",
		    true },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(ways); i++) {
		sqlite3_int64 n = number(ours, "SELECT count(*) FROM t");

		print_message("%s\n", ways[i].name);
		add_pages(ours, 30);
		run(ways[i].is_by_other ? other : ours, ways[i].sql);
		if (ways[i].is_by_other)
			add_pages(other, 2);
		add_pages(ours, 1);
		add_pages(ours, 12);
		n += 43 + 2 * ways[i].is_by_other;
		assert_int_equal(number(other, "SELECT count(*) FROM t"), n);
		assert_int_equal(recovered("SELECT count(*) FROM t"), n);
	}
}

/* Counts up as fast as it can, and says what is committed. */
static void
count_up(int out, const char *synchronous)
{
	char sql[100];
	sqlite3 *db = open_ours();

	snprintf(sql, sizeof(sql), "PRAGMA synchronous = %s", synchronous);
	run(db, sql);
	for (;;) {
		sqlite3_int64 v;

		run(db, "BEGIN IMMEDIATE");
		add_pages(db, 6);
		run(db, "UPDATE t SET v = v + 1 WHERE id = 1");
		run(db, "COMMIT");
		v = number(db, "SELECT v FROM t WHERE id = 1");
		if (write(out, &v, sizeof(v)) != sizeof(v))
			_exit(1);
	}
}

static void
kill_while_it_counts(const char *synchronous, int n_commits)
{
	sqlite3_int64 said = 0, v;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
		count_up(ends[1], synchronous);
	close(ends[1]);
	for (int i = 0; i < n_commits; i++)
		assert_int_equal(
		    read(ends[0], &said, sizeof(said)), sizeof(said));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (read(ends[0], &v, sizeof(v)) == sizeof(v))
		said = v;
	close(ends[0]);
	ours = open_ours();
	check_whole(ours);
	v = number(ours, "SELECT v FROM t WHERE id = 1");
	assert_in_range(v, said, said + 1);
	assert_int_equal(
	    number(ours, "SELECT count(*) FROM t"), 1 + 6 * (v - 1));
}

static void
what_was_committed_outlives_a_kill(void **state)
{
	(void)state;
	run(ours, "INSERT INTO t (id, v) VALUES (1, 1)");
	for (int i = 0; i < 12; i++) {
		/* No process that forks may have it open. */
		sqlite3_close(ours);
		sqlite3_close(other);
		ours = other = NULL;
		kill_while_it_counts(i % 2 ? "FULL" : "NORMAL", 3 + 7 * i);
	}
}

/* Less than that; the same numbers in every run. */
static int
chance(int limit)
{
	static uint32_t state = 20;

	state = state * 1664525u + 1013904223u;
	return (int)(state >> 8) % limit;
}

/* What the rows are, and were at the marks one may go back to. */
struct model {
	int now[N_ROWS], at_savepoint[N_ROWS], committed[N_ROWS];
	bool has_savepoint;
};

static void
check_model(sqlite3 *db, const int *values)
{
	sqlite3_stmt *stmt = NULL;
	int i = 0;

	assert_int_equal(
	    sqlite3_prepare_v2(
		db, "SELECT id, v FROM t ORDER BY id", -1, &stmt, NULL),
	    SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		while (i < N_ROWS && values[i] == 0)
			i++;
		assert_int_equal(sqlite3_column_int(stmt, 0), i);
		assert_int_equal(sqlite3_column_int(stmt, 1), values[i]);
		i++;
	}
	sqlite3_finalize(stmt);
	while (i < N_ROWS)
		assert_int_equal(values[i++], 0);
}

static void
change_a_row(sqlite3 *db, int *values, int step)
{
	int id = chance(N_ROWS);
	char sql[160];

	values[id] = chance(4) ? step : 0;
	if (values[id])
		snprintf(sql, sizeof(sql),
		    "REPLACE INTO t VALUES (%d, %d, randomblob(%d))", id, step,
		    chance(9000));
	else
		snprintf(sql, sizeof(sql), "DELETE FROM t WHERE id = %d", id);
	run(db, sql);
}

static void
mark_or_go_back(struct model *m)
{
	if (!m->has_savepoint) {
		run(ours, "SAVEPOINT s");
		memcpy(m->at_savepoint, m->now, sizeof(m->now));
		m->has_savepoint = true;
	} else {
		run(ours, "ROLLBACK TO s");
		memcpy(m->now, m->at_savepoint, sizeof(m->now));
	}
}

static void
end_transaction(struct model *m)
{
	const char *how = chance(5) ? "COMMIT" : "ROLLBACK";

	below.n_writes = 0;
	below.fail_at = chance(6) ? 0 : 1 + chance(3);
	if (try(ours, how) == SQLITE_OK && *how == 'C')
		memcpy(m->committed, m->now, sizeof(m->now));
	else
		(void)try(ours, "ROLLBACK");
	below.fail_at = 0;
	m->has_savepoint = false;
}

/* One transaction of ours, and perhaps something between it and the next. */
static void
take_a_step(struct model *m, int step)
{
	memcpy(m->now, m->committed, sizeof(m->now));
	run(ours, chance(2) ? "PRAGMA synchronous = FULL"
			    : "PRAGMA synchronous = NORMAL");
	run(ours, "BEGIN IMMEDIATE");
	for (int n = 1 + chance(30); n > 0; n--) {
		if (chance(12) == 0)
			mark_or_go_back(m);
		change_a_row(ours, m->now, step);
	}
	end_transaction(m);
	if (chance(4) == 0)
		change_a_row(other, m->committed, step);
	if (chance(20) == 0)
		(void)try(chance(2) ? ours : other,
		    chance(2) ? "PRAGMA wal_checkpoint(RESTART)"
			      : "PRAGMA wal_checkpoint(TRUNCATE)");
}

static void
whatever_happens_others_read_what_was_committed(void **state)
{
	static struct model model;

	(void)state;
	run(ours, "PRAGMA cache_size = 12");
	for (int step = 1; step <= 600; step++) {
		take_a_step(&model, step);
		check_model(other, model.committed);
		check_model(ours, model.committed);
		if (step % 50 == 0)
			check_whole(other);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, open_world, close_world)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_commit_is_one_write_and_seen_at_once),
		TEST(a_commit_that_cannot_be_written_is_none),
		TEST(what_was_spilled_goes_with_the_rollback),
		TEST(checksums_that_are_made_anew_are_written),
		TEST(the_wal_begins_anew),
		TEST(what_was_committed_outlives_a_kill),
		TEST(whatever_happens_others_read_what_was_committed),
	};

	count_writes();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
