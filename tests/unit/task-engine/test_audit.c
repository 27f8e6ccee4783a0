/* The audit log cannot be edited unnoticed. */

#include "services/task-engine/audit/audit.h"

#include <sqlite3.h>
#include <string.h>

#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static void
fill(struct world *w)
{
	const struct audit_entry entry = { "local", "task.cancel", "w", "t1",
		"running" };

	DONE(store_begin(w->store, &w->err));
	for (int i = 0; i < 5; i++)
		DONE(audit_add(w->store, &entry, w->now_ms + i, &w->err));
	DONE(store_commit(w->store, &w->err));
}

static void
slices_reach_the_end(void **state)
{
	struct audit_check check = { 0 };
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	fill(w);
	DONE(audit_verify(w->store, &check, 2, &w->err));
	DONE(audit_verify(w->store, &check, 2, &w->err));
	OTHER(audit_verify(w->store, &check, 2, &w->err));
	assert_int_equal(check.seq, 5);
	world_close(w);
}

static const char *const edits[] = {
	"UPDATE audit SET actor = 'tool:x' WHERE seq = 3",
	"UPDATE audit SET detail = 'Running' WHERE seq = 1",
	"UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 5",
	"DELETE FROM audit WHERE seq = 2",
	"DELETE FROM audit WHERE seq = 1",
	"UPDATE audit SET workspace_id = 'wt', subject = '1' WHERE seq = 4",
};

static void
every_edit_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(edits); i++) {
		struct audit_check check = { 0 };
		struct world world, *w = &world;
		sqlite3 *db;

		world_open(w);
		fill(w);
		assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
		assert_int_equal(
		    sqlite3_exec(db, edits[i], NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		FAILS(
		    audit_verify(w->store, &check, 100, &w->err), ERR_CONFLICT);
		world_close(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_reach_the_end),
		cmocka_unit_test(every_edit_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
