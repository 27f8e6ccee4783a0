/* A process that is killed while it migrates leaves the old or the new. */

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "services/task-engine/store/schema.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

enum { N_ROWS = 5000, N_KILLS = 50, MAX_KILLS = 500 };

static const char *const one[] = { "CREATE TABLE a (x INTEGER) STRICT;",
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	" WHERE i < 5000) INSERT INTO a (x) SELECT i FROM n;",
	NULL };
static const char *const two[] = {
	"ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT '';",
	"UPDATE a SET y = 'two ' || x;", "CREATE INDEX a_y ON a (y);", NULL
};
static const struct migration steps[] = { { 1, one }, { 2, two } };

static sqlite3 *
open_wal(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
			     "PRAGMA journal_mode = WAL;"
			     "PRAGMA wal_autocheckpoint = 50",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	return db;
}

static int64_t
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t n;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void
make_old(struct world *w)
{
	sqlite3 *db = open_wal(w->db_path);

	DONE(schema_migrate(db, w->db_path, steps, 1, &w->err));
	sqlite3_close(db);
}

static pid_t
migrate_in_child(const struct world *w)
{
	pid_t pid = fork();
	struct err err;
	sqlite3 *db;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (sqlite3_open(w->db_path, &db) != SQLITE_OK ||
	    schema_migrate(db, w->db_path, steps, 2, &err) < 0)
		_exit(1);
	_exit(0);
}

/* The copy is there, or the child has ended without one. */
static void
wait_for_copy(const char *copy, pid_t pid)
{
	const struct timespec step = { .tv_nsec = 50 * 1000L };
	int64_t deadline_ms = clock_mono_ms() + 20 * 1000L;
	siginfo_t info = { 0 };

	while (access(copy, F_OK) < 0 && info.si_pid == 0) {
		assert_true(clock_mono_ms() < deadline_ms);
		nanosleep(&step, NULL);
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
	}
}

/* Whether it was killed, and not done or failed before. */
static bool
kill_child(pid_t pid, long after_us)
{
	const struct timespec delay = { .tv_nsec = after_us * 1000 };
	int status;

	nanosleep(&delay, NULL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

static void
must_be_whole(sqlite3 *db, int64_t version)
{
	assert_int_equal(number(db, "PRAGMA user_version"), version);
	assert_int_equal(
	    number(db, "SELECT count(*) FROM pragma_integrity_check"
		       " WHERE integrity_check <> 'ok'"),
	    0);
	assert_int_equal(number(db, "SELECT count(*) FROM a"), N_ROWS);
	assert_int_equal(
	    number(db, "SELECT count(*) FROM pragma_table_info('a')"), version);
	if (version == 2)
		assert_int_equal(
		    number(db, "SELECT count(*) FROM a WHERE y = 'two ' || x"),
		    N_ROWS);
}

/* Opens what the killed one left; the version that it found. */
static int64_t
open_again(struct world *w, const char *copy)
{
	sqlite3 *db = open_wal(w->db_path);
	int64_t version = number(db, "PRAGMA user_version");

	must_be_whole(db, version);
	DONE(schema_migrate(db, w->db_path, steps, 2, &w->err));
	must_be_whole(db, 2);
	sqlite3_close(db);
	assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
	must_be_whole(db, 1);
	sqlite3_close(db);
	return version;
}

static void
remove_all(struct world *w)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".before-2",
		".before-2.tmp", ".before-2.tmp-journal" };

	for (size_t i = 0; i < N_OF(ends); i++)
		unlink(arena_printf(w->arena, "%s%s", w->db_path, ends[i]));
}

/*
 * Every other one is killed after its copy is there, which is before the
 * commit; the moments move on from try to try, and begin anew when the child
 * was done first.
 */
static void
one_that_is_killed_is_resumed(void **state)
{
	struct world world, *w = &world;
	unsigned n_kills = 0, n_between = 0;
	long after_us[2] = { 0 };
	const char *copy;

	(void)state;
	world_open(w);
	world_stop(w);
	w->db_path = world_path(w, "m.sqlite");
	copy = arena_printf(w->arena, "%s.before-2", w->db_path);
	for (unsigned i = 0; n_kills < N_KILLS; i++) {
		long *after = &after_us[i % 2];
		bool was_killed;
		pid_t pid;

		assert_true(i < MAX_KILLS);
		make_old(w);
		pid = migrate_in_child(w);
		if (i % 2)
			wait_for_copy(copy, pid);
		was_killed = kill_child(pid, *after);
		*after = was_killed ? *after + 1500 : 0;
		n_kills += was_killed;
		if (open_again(w, copy) == 1 && i % 2)
			n_between++;
		remove_all(w);
	}
	print_message(
	    "%u of %u killed between copy and commit\n", n_between, n_kills);
	assert_true(n_between > 0);
	world_close(w);
}

static int64_t
count(struct world *w, const char *where)
{
	sqlite3 *db = open_wal(w->db_path);
	int64_t n = number(
	    db, arena_printf(w->arena, "SELECT count(*) FROM %s", where));

	sqlite3_close(db);
	return n;
}

/* What schema 1 knew of who said a message is what schema 2 goes by. */
static void
who_said_it_outlives_schema_1(void **state)
{
	static const char old[] =
	    "INSERT INTO workspaces (id, slug, name, kind, created_ms)"
	    " VALUES ('w', 's', 'n', 'session', 1);"
	    "INSERT INTO contexts (id, workspace_id, connector, external_id,"
	    " instance, created_ms) VALUES ('c', 'w', 'codex', 'x', 'i', 1);"
	    "INSERT INTO messages (instance, chat_id, event_id, direction,"
	    " workspace_id, context_id, actor, actor_kind, text, at_ms) VALUES"
	    " ('api.main', 'local', '1', 'inbound', 'w', 'c', 'codex-cli',"
	    "  'local', 't', 1),"
	    " ('api.main', 'tool:ci', '2', 'inbound', 'w', 'c', 'ci', 'tool',"
	    "  't', 1),"
	    " ('telegram.main', '-1', 'm:1', 'inbound', 'w', 'c', '42',"
	    "  'guest', 't', 1),"
	    " ('telegram.main', '-1', 'o:1', 'outbound', 'w', 'c',"
	    "  'agent-runtime', '', 't', 1);"
	    "INSERT INTO tasks (id, workspace_id, context_id, kind, title,"
	    " prompt, status, asked_by, created_ms, instance) VALUES"
	    " ('t1', 'w', 'c', 'general', 't', 'p', 'open', 'local', 1, 'i'),"
	    " ('t2', 'w', 'c', 'general', 't', 'p', 'open', 'tool:ci', 1, 'i')";
	static const char *const rows[] = {
		"messages WHERE event_id = '1' AND said_by = 'local'"
		" AND said_as = 'overlord'",
		"messages WHERE event_id = '2' AND said_by = 'tool:ci'"
		" AND said_as = 'guest'",
		"messages WHERE event_id = 'm:1' AND said_by = 'telegram:42'"
		" AND said_as = 'guest'",
		"messages WHERE event_id = 'o:1' AND said_by = ''",
		"tasks WHERE id = 't1' AND asked_as = 'overlord' AND depth = 0",
		"tasks WHERE id = 't2' AND asked_as = 'guest'",
	};
	struct world world, *w = &world;
	sqlite3 *db;

	(void)state;
	world_open(w);
	world_stop(w);
	w->db_path = world_path(w, "m.sqlite");
	db = open_wal(w->db_path);
	DONE(schema_migrate(db, w->db_path, schema_migrations, 1, &w->err));
	assert_int_equal(sqlite3_exec(db, old, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	world_start(w);
	for (size_t i = 0; i < N_OF(rows); i++)
		if (count(w, rows[i]) != 1)
			fail_msg("%s", rows[i]);
	world_close(w);
}

/* One row of each table that schema 4 changes. */
static const char rows_of_3[] =
    "INSERT INTO workspaces (id, slug, name, kind, created_ms)"
    " VALUES ('w', 's', 'n', 'session', 1);"
    "INSERT INTO contexts (id, workspace_id, connector, external_id,"
    " instance, created_ms) VALUES ('c', 'w', 'codex', 'x', 'i', 1);"
    "INSERT INTO messages (seq, instance, chat_id, event_id, direction,"
    " workspace_id, context_id, actor, text, at_ms) VALUES"
    " (1, 'telegram.main', '-1', 'm:1', 'inbound', 'w', 'c', '42', 't', 1),"
    " (2, 'telegram.main', '-1', 'o:1', 'outbound', 'w', 'c', 'a', 't', 1);"
    "INSERT INTO outbox (seq, id, instance, connector, chat_id, context_id,"
    " message_seq, in_reply_to_seq, text, is_urgent, is_handled, state,"
    " due_ms, created_ms, updated_ms) VALUES (1, 'o', 'telegram.main',"
    " 'telegram', '-1', 'c', 2, 1, 't', 0, 1, 'queued', 1, 1, 1);"
    "INSERT INTO tasks (id, workspace_id, context_id, kind, title, prompt,"
    " status, asked_by, created_ms, instance) VALUES"
    " ('t', 'w', 'c', 'general', 't', 'p', 'open', 'local', 1, 'i');"
    "INSERT INTO log_files (context_id, written_seq, size_bytes)"
    " VALUES ('c', 2, 100);"
    "INSERT INTO action_approvals (id, workspace_id, context_id,"
    " connector, external_id, requester_user_id, action_type,"
    " action_target, action_summary, payload_json, payload_sha256,"
    " status, execution_status, created_at_unix, updated_at_unix,"
    " expires_at_unix, asked_by, asked_as, asked_user_id, provenance)"
    " VALUES ('act_1', 'w', 'c', 'codex', 'x', 'u', 'run_command',"
    " 'ls', 's', '{}', 'h', 'pending', 'not_executed', 1, 1, 2,"
    " 'local', 'overlord', '', 'p');"
    "INSERT INTO suspects (instance, update_id, n, updated_ms, is_current)"
    " VALUES ('telegram.main', '7', 1, 1, 0);"
    "INSERT INTO turns (seq, kind, state, workspace_id, context_id,"
    " message_seq, priority, due_unix, created_ms, updated_ms) VALUES"
    " (1, 1, 'done', 'w', 'c', 1, 1, 1, 1, 1);"
    "INSERT INTO usage_of_turns (turn_seq, model, calls, tokens_in,"
    " tokens_cached, tokens_out) VALUES (1, 'm', 1, 3, 0, 2);"
    "INSERT INTO usage_of_days (day, scope, key, calls, tokens_in,"
    " tokens_cached, tokens_out) VALUES (1, 'all', '', 1, 3, 0, 2);"
    "INSERT INTO objectives (id, workspace_id, context_id, title, prompt,"
    " trigger_type, cron_expr, active, created_at_unix, updated_at_unix,"
    " asked_by, asked_as) VALUES ('obj_1', 'w', 'c', 't', 'p', 'schedule',"
    " '0 */6 * * *', 1, 1, 1, 'local', 'overlord'), ('obj_2', 'w', 'c', 't',"
    " 'p', 'schedule', '0 */6 * * *', 0, 1, 1, 'local', 'overlord');";

/* What schema 4 adds or fills, and what a row from before says of it. */
static const struct {
	const char *added, *holds;
} added_by_4[] = {
	{ "action_approvals.turn_seq",
	    "action_approvals WHERE id = 'act_1' AND turn_seq IS NULL" },
	{ "log_files.epoch", "log_files WHERE written_seq = 2 AND epoch = 0" },
	{ "messages.heard_ms", "messages WHERE seq = 1 AND heard_ms = 0" },
	{ "objectives.next_run_unix",
	    "objectives WHERE next_run_unix % 21600 = 0"
	    " AND next_run_unix > unixepoch('now', '-1 hour')"
	    " AND next_run_unix <= unixepoch('now', '+6 hours')" },
	{ "outbox.n_deaths", "outbox WHERE id = 'o' AND n_deaths = 0" },
	{ "outbox.partial_of_seq",
	    "outbox WHERE id = 'o' AND partial_of_seq IS NULL" },
	{ "suspects.is_waiting",
	    "suspects WHERE update_id = '7' AND is_waiting = 0" },
	{ "tasks.depth", "tasks WHERE id = 't' AND depth = 0" },
	{ "usage_of_days.tokens_estimated",
	    "usage_of_days WHERE tokens_out = 2 AND tokens_estimated = 0" },
	{ "usage_of_turns.tokens_estimated",
	    "usage_of_turns WHERE tokens_out = 2 AND tokens_estimated = 0" },
	{ "components", NULL },
	{ "document_changes", NULL },
	{ "document_changes_newest", NULL },
	{ "forgettings", NULL },
	{ "forgettings_context", NULL },
	{ "heard_traces", NULL },
	{ "outbox_failed", NULL },
	{ "outbox_lease", NULL },
	{ "outbox_partial", NULL },
	{ "outbox_suspects", NULL },
	{ "own_writes", NULL },
	{ "own_writes_oldest", NULL },
	{ "summaries", NULL },
	{ "summaries_plain", NULL },
	{ "summary_items", NULL },
	{ "turn_traces", NULL },
};

/* Tables and indexes by name, and columns of tables that were there before as
 * table.column. */
static const char things[] =
    "(SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' UNION ALL"
    " SELECT m.name || '.' || c.name FROM sqlite_master m,"
    " pragma_table_info(m.name) c WHERE m.type = 'table')";

static void
begin_as_3(struct world *w)
{
	sqlite3 *db;

	world_open(w);
	world_stop(w);
	w->db_path = world_path(w, "m.sqlite");
	db = open_wal(w->db_path);
	DONE(schema_migrate(db, w->db_path, schema_migrations, 3, &w->err));
	assert_int_equal(
	    sqlite3_exec(db, rows_of_3, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
must_hold_all(struct world *w)
{
	for (size_t i = 0; i < N_OF(added_by_4); i++) {
		const char *holds = added_by_4[i].holds;

		if (!holds)
			holds = arena_printf(w->arena,
			    "sqlite_master WHERE name = '%s'",
			    added_by_4[i].added);
		if (count(w, holds) != 1)
			fail_msg("%s: %s", added_by_4[i].added, holds);
	}
}

static void
rows_outlive_schema_3(void **state)
{
	struct world world, *w = &world;

	(void)state;
	begin_as_3(w);
	world_start(w);
	must_hold_all(w);
	assert_int_equal(
	    access(arena_printf(w->arena, "%s.before-4", w->db_path), F_OK), 0);
	world_close(w);
}

/* So that nothing is added without a row above. */
static void
all_that_schema_4_adds_is_looked_at(void **state)
{
	struct world world, *w = &world;
	sqlite3 *db;
	sqlite3_stmt *stmt;
	char sql[1024];

	(void)state;
	begin_as_3(w);
	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	snprintf(sql, sizeof(sql), "CREATE TEMP TABLE old AS SELECT * FROM %s",
	    things);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	DONE(schema_migrate(db, w->db_path, schema_migrations, 4, &w->err));
	snprintf(sql, sizeof(sql),
	    "SELECT name FROM %s WHERE name NOT IN (SELECT name FROM old) AND"
	    " (instr(name, '.') = 0 OR substr(name, 1, instr(name, '.') - 1)"
	    "  IN (SELECT name FROM old))",
	    things);
	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		bool is_known = false;

		for (size_t i = 0; i < N_OF(added_by_4); i++)
			is_known |= strcmp(added_by_4[i].added, name) == 0;
		if (!is_known)
			fail_msg("%s has no row in added_by_4", name);
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	world_close(w);
}

static int
kill_in_time(void *arg)
{
	int *n_left = arg;

	if (--*n_left <= 0)
		raise(SIGKILL);
	return 0;
}

/* Whether it was killed: before that one of SQLite's instructions. */
static bool
migrate_and_die(const struct world *w, int n_left)
{
	pid_t pid = fork();
	int status;
	struct err err;
	sqlite3 *db;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (sqlite3_open(w->db_path, &db) != SQLITE_OK)
			_exit(1);
		sqlite3_progress_handler(db, 1, kill_in_time, &n_left);
		_exit(schema_migrate(db, w->db_path, schema_migrations,
			  n_schema_migrations, &err) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	return WIFSIGNALED(status);
}

/* Killed later and later, each time it leaves schema 3, whole; and then it is
 * done in one. */
static void
schema_4_is_all_or_nothing(void **state)
{
	struct world world, *w = &world;
	int64_t version, n_before;
	unsigned n_kills = 0;
	sqlite3 *db;

	(void)state;
	begin_as_3(w);
	n_before = count(w, things);
	for (int at = 1; migrate_and_die(w, at); at += at / 4 + 1) {
		db = open_wal(w->db_path);
		version = number(db, "PRAGMA user_version");
		sqlite3_close(db);
		assert_int_equal(version, 3);
		assert_int_equal(count(w, things), n_before);
		assert_int_equal(count(w, "outbox WHERE id = 'o'"), 1);
		n_kills++;
	}
	assert_true(n_kills > 10);
	world_start(w);
	must_hold_all(w);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_said_it_outlives_schema_1),
		cmocka_unit_test(rows_outlive_schema_3),
		cmocka_unit_test(all_that_schema_4_adds_is_looked_at),
		cmocka_unit_test(schema_4_is_all_or_nothing),
		cmocka_unit_test(one_that_is_killed_is_resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
