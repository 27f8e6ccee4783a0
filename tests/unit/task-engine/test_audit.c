/* The audit log cannot be changed unnoticed. */

#include "services/task-engine/audit/verify.h"

#include <sqlite3.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/audit/chain.h"
#include "services/task-engine/store/schema.h"
#include "tests/unit/task-engine/trail.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

/* Row 1 says that the key begins; these are 2 to 6. */
enum { N_FILLED = 5, LAST = N_FILLED + 1 };

static void
slices_reach_the_end(void **state)
{
	struct audit_check check = { 0 };
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	trail_add(w, N_FILLED);
	DONE(audit_verify(w->store, &check, 2, &w->err));
	DONE(audit_verify(w->store, &check, 2, &w->err));
	DONE(audit_verify(w->store, &check, 2, &w->err));
	OTHER(audit_verify(w->store, &check, 2, &w->err));
	assert_int_equal(check.at.seq, LAST);
	assert_int_equal(check.state, AUDIT_INTACT);
	assert_int_equal(check.begun_seq, 0);
	world_close(w);
}

#define FIELD_CASE(name)                                                       \
	{                                                                      \
		"the field " #name,                                            \
		    "UPDATE audit SET " #name " = " #name " || 'x'"            \
		    " WHERE seq = 4",                                          \
		    AUDIT_EDITED, 4                                            \
	}

static const struct {
	const char *what, *sql;
	enum audit_state state;
	int64_t bad_seq;
} tampers[] = {
	FIELD_CASE(id),
	FIELD_CASE(actor),
	FIELD_CASE(speaks_as),
	FIELD_CASE(operation),
	FIELD_CASE(door),
	FIELD_CASE(workspace_id),
	FIELD_CASE(context_id),
	FIELD_CASE(subject),
	FIELD_CASE(detail),
	FIELD_CASE(reason),
	FIELD_CASE(cause),
	FIELD_CASE(hash),
	{ "the time", "UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 6",
	    AUDIT_EDITED, 6 },
	{ "the outcome", "UPDATE audit SET outcome = 'refused' WHERE seq = 2",
	    AUDIT_EDITED, 2 },
	{ "the key's own row", "UPDATE audit SET detail = 'x' WHERE seq = 1",
	    AUDIT_EDITED, 1 },
	{ "a border between fields is moved",
	    "UPDATE audit SET workspace_id = 'wt', subject = '1'"
	    " WHERE seq = 4",
	    AUDIT_EDITED, 4 },
	{ "a row is called unkeyed",
	    "UPDATE audit SET is_keyed = 0 WHERE seq = 4", AUDIT_EDITED, 4 },
	{ "all rows are called unkeyed", "UPDATE audit SET is_keyed = 0",
	    AUDIT_EDITED, 1 },
	{ "the key's mark is another's",
	    "UPDATE audit SET subject = '0123456789abcdef' WHERE seq = 1",
	    AUDIT_OTHER_KEY, 1 },
	{ "two rows change places",
	    "UPDATE audit SET seq = 99 WHERE seq = 3;"
	    "UPDATE audit SET seq = 3 WHERE seq = 4;"
	    "UPDATE audit SET seq = 4 WHERE seq = 99",
	    AUDIT_EDITED, 3 },
	{ "a row is added",
	    "INSERT INTO audit (id, at_ms, actor, operation, workspace_id,"
	    " subject, detail, is_keyed, hash) VALUES ('x', 0, 'local',"
	    " 'token.add', '', '', '', 1, hex(zeroblob(32)))",
	    AUDIT_EDITED, 7 },
	{ "an unkeyed row is added",
	    "INSERT INTO audit (id, at_ms, actor, operation, workspace_id,"
	    " subject, detail, hash) VALUES ('x', 0, 'local', 'token.add', '',"
	    " '', '', hex(zeroblob(32)))",
	    AUDIT_EDITED, 7 },
	{ "the first row is taken out", "DELETE FROM audit WHERE seq = 1",
	    AUDIT_MISSING, 1 },
	{ "a row is taken out", "DELETE FROM audit WHERE seq = 3",
	    AUDIT_MISSING, 3 },
	{ "rows are taken out", "DELETE FROM audit WHERE seq IN (3, 4)",
	    AUDIT_MISSING, 3 },
	{ "a row is taken out and the gap closed",
	    "DELETE FROM audit WHERE seq = 3;"
	    "UPDATE audit SET seq = -seq + 1 WHERE seq > 3;"
	    "UPDATE audit SET seq = -seq WHERE seq < 0",
	    AUDIT_EDITED, 3 },
	{ "the last row is cut off", "DELETE FROM audit WHERE seq = 6",
	    AUDIT_CUT, 5 },
	{ "the end is cut off", "DELETE FROM audit WHERE seq > 2", AUDIT_CUT,
	    2 },
	{ "everything is cut off", "DELETE FROM audit", AUDIT_CUT, 0 },
	{ "the end is cut off by one who knows how",
	    "DELETE FROM audit WHERE seq > 2;"
	    "UPDATE sqlite_sequence SET seq = 2 WHERE name = 'audit'",
	    AUDIT_RESTORED, 6 },
	{ "nothing", "UPDATE audit SET actor = actor", AUDIT_INTACT, 0 },
};

static void
every_change_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(tampers); i++) {
		struct world world, *w = &world;

		world_open(w);
		trail_add(w, N_FILLED);
		world_run(w, tampers[i].sql);
		trail_must_find(
		    w, tampers[i].what, tampers[i].state, tampers[i].bad_seq);
		world_close(w);
	}
}

/* What was cut off is not forgotten over what is added after it. */
static void
changes_while_it_is_stopped_stay_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(tampers); i++) {
		bool is_behind = tampers[i].state == AUDIT_CUT ||
				 tampers[i].state == AUDIT_RESTORED;
		struct world world, *w = &world;

		/* The key is then not the one that the rows name. */
		if (tampers[i].state == AUDIT_OTHER_KEY)
			continue;
		world_open(w);
		trail_add(w, N_FILLED);
		world_stop(w);
		world_run(w, tampers[i].sql);
		world_start(w);
		trail_must_find(
		    w, tampers[i].what, tampers[i].state, tampers[i].bad_seq);
		if (is_behind)
			assert_string_not_equal(audit_trouble(w->audit), "");
		trail_add(w, 1);
		trail_must_find(
		    w, tampers[i].what, tampers[i].state, tampers[i].bad_seq);
		world_close(w);
	}
}

enum { N_OLD = 3 };

/* Rows as schema 1 wrote them. */
static void
make_old(struct world *w)
{
	char hashes[N_OLD + 1][ID_SHA256_HEX_SIZE] = { "" };
	sqlite3 *db;

	*w = (struct world){ .now_ms = INT64_C(1700000000000) };
	unit_folder(w->folder, sizeof(w->folder), "engine-unit");
	w->arena = arena_new(1 << 24);
	w->db_path = world_path(w, "meta.sqlite");
	assert_int_equal(sqlite3_open(w->db_path, &db), SQLITE_OK);
	DONE(schema_migrate(db, w->db_path, schema_migrations, 1, &w->err));
	sqlite3_close(db);
	for (int i = 0; i < N_OLD; i++) {
		const struct audit_row row = {
			.seq = i + 1,
			.id = arena_printf(w->arena, "audit_%d", i),
			.at_ms = 5,
			.entry = trail_entry,
		};

		chain_hash(hashes[i + 1], NULL, hashes[i], &row);
		world_run(w,
		    arena_printf(w->arena,
			"INSERT INTO audit (id, at_ms, actor, operation,"
			" workspace_id, subject, detail, sha256) VALUES ('%s',"
			" 5, 'local', 'task.cancel', 'w', 't1', 'running',"
			" '%s')",
			row.id, hashes[i + 1]));
	}
}

static const struct {
	const char *what, *sql;
	enum audit_state state;
	int64_t bad_seq;
} old_tampers[] = {
	{ "nothing", "SELECT 1", AUDIT_INTACT, 0 },
	{ "an old row", "UPDATE audit SET actor = 'x' WHERE seq = 2",
	    AUDIT_EDITED, 2 },
	{ "a new field of an old row",
	    "UPDATE audit SET reason = 'x' WHERE seq = 2", AUDIT_EDITED, 2 },
	{ "the outcome of an old row",
	    "UPDATE audit SET outcome = 'refused' WHERE seq = 1", AUDIT_EDITED,
	    1 },
	{ "an old row is taken out", "DELETE FROM audit WHERE seq = 2",
	    AUDIT_MISSING, 2 },
	{ "an old row is called keyed",
	    "UPDATE audit SET is_keyed = 1 WHERE seq = 3", AUDIT_EDITED, 3 },
	{ "the old row before the first keyed one",
	    "UPDATE audit SET hash = hex(zeroblob(32)) WHERE seq = 3",
	    AUDIT_EDITED, 3 },
	{ "only old rows are left", "DELETE FROM audit WHERE seq > 3",
	    AUDIT_CUT, 3 },
};

static void
rows_of_schema_1_can_still_be_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(old_tampers); i++) {
		struct world world, *w = &world;

		make_old(w);
		world_start(w);
		trail_add(w, 2);
		world_run(w, old_tampers[i].sql);
		trail_must_find(w, old_tampers[i].what, old_tampers[i].state,
		    old_tampers[i].bad_seq);
		world_close(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_reach_the_end),
		cmocka_unit_test(every_change_is_noticed),
		cmocka_unit_test(changes_while_it_is_stopped_stay_noticed),
		cmocka_unit_test(rows_of_schema_1_can_still_be_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
