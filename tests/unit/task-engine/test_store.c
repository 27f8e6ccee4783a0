/* What a transaction promises, and what the rows do. */

#include "services/task-engine/store/store.h"

#include <sqlite3.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/store/log_files.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/replies.h"
#include "services/task-engine/store/statements.h"
#include "services/task-engine/store/status.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

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
	STMT_MESSAGES_SINCE,
	STMT_LOG_LINES,
	STMT_LOG_LINES_OF,
	STMT_LOG_FILES_BEHIND,
	STMT_FILES_PENDING,
	STMT_TURN_NEXT,
	STMT_TURN_END,
	STMT_TURN_OF_TASK,
	STMT_OUTBOX_COPY,
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
