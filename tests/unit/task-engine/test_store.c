/* Opening, refusing, migrating, and what a transaction promises. */

#include "services/task-engine/store/store.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "services/task-engine/store/log_files.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/replies.h"
#include "services/task-engine/store/schema.h"
#include "services/task-engine/store/statements.h"
#include "services/task-engine/store/status.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static void
run_sql(const char *path, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	sqlite3_close(db);
}

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
every_statement_is_sql(void **state)
{
	struct world world, *w = &world;
	sqlite3 *db;

	(void)state;
	world_open(w);
	world_stop(w);
	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		sqlite3_stmt *stmt;

		assert_non_null(stmt_text(i));
		if (sqlite3_prepare_v2(db, stmt_text(i), -1, &stmt, NULL) !=
		    SQLITE_OK)
			fail_msg("%s: %s", stmt_text(i), sqlite3_errmsg(db));
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
	world_close(w);
}

/* What runs often must not read a whole table. */
static const enum stmt_id often[] = {
	STMT_CONTEXT_FIND,
	STMT_MESSAGE_FIND,
	STMT_MESSAGES_BEFORE,
	STMT_LOG_LINES,
	STMT_LOG_LINES_OF,
	STMT_LOG_FILES_BEHIND,
	STMT_FILES_PENDING,
	STMT_TURN_NEXT,
	STMT_TURN_END,
	STMT_TURN_OF_TASK,
	STMT_OUTBOX_DUE,
	STMT_OUTBOX_OF_MESSAGE,
	STMT_OUTBOX_RELEASE,
	STMT_OUTBOX_UNDER_WAY,
	STMT_REPLY_GET,
	STMT_TOKEN_FIND,
	STMT_TASKS_LIST,
	STMT_TASKS_LIST_WORKSPACE,
	STMT_TASKS_LIST_CONTEXT,
	STMT_COUNT_TASKS,
	STMT_CURSOR_MOVE,
	STMT_ROUTING_DUE,
	STMT_ROUTING_ENDS,
	STMT_ROUTING_SPAN,
};

static void
often_run_statements_use_an_index(void **state)
{
	struct world world, *w = &world;
	sqlite3 *db;

	(void)state;
	world_open(w);
	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	for (size_t i = 0; i < N_OF(often); i++) {
		const char *sql = arena_printf(
		    w->arena, "EXPLAIN QUERY PLAN %s", stmt_text(often[i]));
		sqlite3_stmt *stmt;

		assert_int_equal(
		    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *plan =
			    (const char *)sqlite3_column_text(stmt, 3);

			if (strncmp(plan, "SCAN ", 5) == 0 &&
			    !strstr(plan, "USING") && !strstr(plan, "chats") &&
			    !strstr(plan, "subquery") &&
			    !strstr(plan, "CONSTANT"))
				fail_msg("%s\n%s", stmt_text(often[i]), plan);
			if (strstr(plan, "USE TEMP B-TREE FOR ORDER BY") &&
			    often[i] != STMT_OUTBOX_DUE &&
			    often[i] != STMT_MESSAGES_BEFORE)
				fail_msg("%s\n%s", stmt_text(often[i]), plan);
		}
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
	world_close(w);
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
	run_sql(w->db_path,
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
	run_sql(w->db_path, "CREATE TABLE bookmarks (url TEXT);");
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
	run_sql(w->db_path, "PRAGMA user_version = 77");
	FAILS(store_open(&w->store, w->db_path, &w->err), ERR_CONFLICT);
	assert_non_null(strstr(w->err.text, "schema 77"));
	assert_non_null(strstr(w->err.text, "knows 4"));
	run_sql(w->db_path, "PRAGMA user_version = 4");
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

static unsigned told;

static void
on_change(void *arg, unsigned changes)
{
	(void)arg;
	told |= changes;
}

static void
listeners_hear_of_commits_only(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	store_on_commit(w->store, on_change, NULL);
	told = 0;
	DONE(store_begin(w->store, &w->err));
	DONE(store_kv_put(w->store, "k", "v", &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(told, 0);
	world_say(w, &w->context, "m:1", "hello");
	assert_int_equal(told, STORE_CHANGED_MESSAGES);
	world_close(w);
}

static int64_t
count_messages(struct world *w)
{
	struct message_row *rows;
	size_t n;

	DONE(store_messages_before(w->store, w->context.id, INT64_MAX, 100,
	    w->arena, &rows, &n, &w->err));
	return (int64_t)n;
}

static void
a_savepoint_loses_only_its_own(void **state)
{
	struct world world, *w = &world;
	struct message_row m = {
		.instance = "i",
		.chat_id = "c",
		.direction = "inbound",
		.actor = "1",
		.text = "x",
	};
	int64_t seq;

	(void)state;
	world_open(w);
	m.workspace_id = w->context.workspace_id;
	m.context_id = w->context.id;
	DONE(store_begin(w->store, &w->err));
	for (int i = 0; i < 3; i++) {
		m.event_id = arena_printf(w->arena, "m:%d", i);
		DONE(store_savepoint(w->store, &w->err));
		DONE(store_message_add(w->store, &m, &seq, &w->err));
		if (i == 1)
			store_rollback_to(w->store);
		else
			DONE(store_release(w->store, &w->err));
	}
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(count_messages(w), 2);
	DONE(store_begin(w->store, &w->err));
	m.event_id = "m:9";
	DONE(store_message_add(w->store, &m, &seq, &w->err));
	store_rollback(w->store);
	assert_int_equal(count_messages(w), 2);
	world_close(w);
}

static void
a_message_is_stored_once(void **state)
{
	struct world world, *w = &world;
	int64_t seq, again;

	(void)state;
	world_open(w);
	seq = world_say(w, &w->context, "m:1", "hello");
	struct message_row m = {
		.instance = w->context.instance,
		.chat_id = w->context.external_id,
		.event_id = "m:1",
		.direction = "inbound",
		.workspace_id = w->context.workspace_id,
		.context_id = w->context.id,
		.actor = "42",
		.text = "another text",
	};

	DONE(store_begin(w->store, &w->err));
	OTHER(store_message_add(w->store, &m, &again, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(seq, again);
	DONE(store_message_get(w->store, seq, w->arena, &m, &w->err));
	assert_string_equal(m.text, "hello");
	world_close(w);
}

static void
replies_are_kept_and_then_tidied(void **state)
{
	struct world world, *w = &world;
	struct buf bytes, got;
	int64_t n;

	(void)state;
	world_open(w);
	buf_init(&bytes);
	buf_init(&got);
	buf_add(&bytes, "{\"a\":1}", 7);
	DONE(store_begin(w->store, &w->err));
	DONE(store_reply_put(w->store, "d", "id1", &bytes, w->now_ms, &w->err));
	DONE(store_reply_put(
	    w->store, "d", "id2", &bytes, w->now_ms + REPLY_KEPT_MS, &w->err));
	DONE(store_commit(w->store, &w->err));
	DONE(store_reply_get(w->store, "d", "id1", &got, &w->err));
	assert_string_equal(got.data, bytes.data);
	OTHER(store_reply_get(w->store, "other", "id1", &got, &w->err));
	DONE(store_begin(w->store, &w->err));
	DONE(store_tidy(
	    w->store, w->now_ms + REPLY_KEPT_MS + 1, 100, &n, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(n, 1);
	OTHER(store_reply_get(w->store, "d", "id1", &got, &w->err));
	DONE(store_reply_get(w->store, "d", "id2", &got, &w->err));
	buf_release(&bytes);
	buf_release(&got);
	world_close(w);
}

static void
places_are_never_shared_by_chance(void **state)
{
	static const char *const ids[] = { "42", "-42", "Chan-A", "chan-a",
		"a/b", "a~b", "a b" };
	struct world world, *w = &world;
	const char *workspaces[N_OF(ids)];
	char longest[257];

	(void)state;
	world_open(w);
	for (size_t i = 0; i < N_OF(ids); i++)
		workspaces[i] =
		    world_context(w, "telegram", ids[i], "community", ids[i])
			.workspace_id;
	for (size_t i = 0; i < N_OF(ids); i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(workspaces[i], workspaces[j]);
	/* The same place again is the same place; a thread shares its
	 * guild's workspace. */
	assert_string_equal(
	    world_context(w, "telegram", "42", "community", "42").workspace_id,
	    workspaces[0]);
	assert_string_equal(
	    world_context(w, "telegram", "thread", "community", "42")
		.workspace_id,
	    workspaces[0]);
	memset(longest, 'x', 256);
	longest[256] = '\0';
	struct workspace_row row;
	struct context_row x =
	    world_context(w, "telegram", longest, "community", longest);

	DONE(store_workspace_get(
	    w->store, x.workspace_id, w->arena, &row, &w->err));
	assert_true(strlen(row.slug) <= 256);
	world_close(w);
}

static void
a_contexts_messages_are_found_ordered_or_not(void **state)
{
	struct world world, *w = &world;
	struct context_row other;
	struct message_row *rows;
	int64_t seqs[6];
	size_t n;

	(void)state;
	world_open(w);
	other = world_context(w, "codex", "s2", "session", "s2");
	for (int i = 0; i < 6; i++)
		seqs[i] = world_say(w, i % 3 == 2 ? &other : &w->context,
		    arena_printf(w->arena, "m:%d", i), "x");
	/* None, some, and all of them are in the order table. */
	for (int done = 0; done <= 6; done += 3) {
		if (done) {
			DONE(store_begin_relaxed(w->store, &w->err));
			DONE(store_logs_done_note(w->store,
			    done == 3 ? 0 : seqs[2], seqs[done - 1], &w->err));
			DONE(store_commit(w->store, &w->err));
		}
		DONE(store_messages_before(w->store, w->context.id, seqs[4], 2,
		    w->arena, &rows, &n, &w->err));
		assert_int_equal(n, 2);
		assert_int_equal(rows[0].seq, seqs[1]);
		assert_int_equal(rows[1].seq, seqs[3]);
	}
	world_close(w);
}

static void
counts_have_every_name(void **state)
{
	struct world world, *w = &world;
	struct beat_counter *counts;
	size_t n;

	(void)state;
	world_open(w);
	DONE(store_counts(w->store, w->arena, &counts, &n, &w->err));
	assert_true(n >= 16);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(counts[i].value, 0);
	world_close(w);
}

static void
all_of_it_survives_closing(void **state)
{
	struct world world, *w = &world;
	const char *value;

	(void)state;
	world_open(w);
	DONE(store_begin_relaxed(w->store, &w->err));
	DONE(store_kv_put(w->store, "k", "v", &w->err));
	DONE(store_commit(w->store, &w->err));
	world_say(w, &w->context, "m:1", "hello");
	world_reopen(w);
	DONE(store_kv_get(w->store, "k", w->arena, &value, &w->err));
	assert_string_equal(value, "v");
	assert_int_equal(count_messages(w), 1);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_is_sql),
		cmocka_unit_test(often_run_statements_use_an_index),
		cmocka_unit_test(a_new_one_is_ours_and_durable),
		cmocka_unit_test(the_predecessors_is_refused_and_not_touched),
		cmocka_unit_test(another_programs_is_refused),
		cmocka_unit_test(a_newer_one_is_refused_naming_both),
		cmocka_unit_test(a_damaged_one_is_refused_with_its_name),
		cmocka_unit_test(
		    migrating_copies_first_and_a_failed_step_changes_nothing),
		cmocka_unit_test(three_copies_are_kept),
		cmocka_unit_test(listeners_hear_of_commits_only),
		cmocka_unit_test(a_savepoint_loses_only_its_own),
		cmocka_unit_test(a_message_is_stored_once),
		cmocka_unit_test(replies_are_kept_and_then_tidied),
		cmocka_unit_test(places_are_never_shared_by_chance),
		cmocka_unit_test(a_contexts_messages_are_found_ordered_or_not),
		cmocka_unit_test(counts_have_every_name),
		cmocka_unit_test(all_of_it_survives_closing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
