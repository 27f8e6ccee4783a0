/* What the store keeps of rows is what the database would say. */

#include "services/task-engine/store/recent.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/id.h"
#include "services/task-engine/store/people.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static const struct {
	const char *table;
	unsigned is;
} tables[] = {
	{ "users", RECENT_PEOPLE },
	{ "identities", RECENT_PEOPLE },
	{ "roles", RECENT_PEOPLE },
	{ "workspaces", RECENT_PLACES },
	{ "contexts", RECENT_PLACES },
	{ "chat_aliases", RECENT_PLACES },
	{ "routing_notices", RECENT_ROUTING },
};

static bool
has(const char *sql, const char *before, const char *table)
{
	char text[64];
	size_t size =
	    (size_t)snprintf(text, sizeof(text), "%s %s", before, table);

	for (const char *p = sql; (p = strstr(p, text)); p += size)
		if (!strchr("_abcdefghijklmnopqrstuvwxyz", p[size]) || !p[size])
			return true;
	return false;
}

/* Who adds a statement and forgets its row in the table hears of it here. */
static void
every_change_of_a_kept_table_is_known(void **state)
{
	(void)state;
	for (unsigned id = 0; id < STMT_COUNT; id++)
		for (size_t i = 0; i < N_OF(tables); i++) {
			const char *sql = stmt_text(id);
			const char *table = tables[i].table;
			bool changes = has(sql, "INTO", table) ||
				       has(sql, "UPDATE", table) ||
				       has(sql, "DELETE FROM", table);
			bool is_kept =
			    recent_tables[id] && (has(sql, "FROM", table) ||
						     has(sql, "JOIN", table));

			if ((changes || is_kept) &&
			    !(recent_tables[id] & tables[i].is))
				fail_msg("recent_tables: %s of %s", table, sql);
		}
}

static const struct identity_row ada = {
	.id = "i1",
	.user_id = "u1",
	.connector = "telegram",
	.connector_user_id = "42",
};

static void
add_ada(struct world *w)
{
	DONE(store_user_add(w->store, "u1", "Ada", w->now_ms, &w->err));
	DONE(store_identity_add(w->store, &ada, w->now_ms, &w->err));
}

static int
find(struct world *w)
{
	struct identity_row row;
	int got = store_identity_find(
	    w->store, "telegram", "42", w->arena, &row, &w->err);

	if (got == 0)
		assert_string_equal(row.display_name, "Ada");
	return got;
}

static void
a_change_is_seen_at_once(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	OTHER(find(w));
	OTHER(find(w));
	add_ada(w);
	DONE(find(w));
	DONE(find(w));
	DONE(store_identity_remove(w->store, "i1", &w->err));
	OTHER(find(w));
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
what_is_undone_was_never_there(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	DONE(store_savepoint(w->store, &w->err));
	add_ada(w);
	DONE(find(w));
	store_rollback_to(w->store);
	OTHER(find(w));
	add_ada(w);
	DONE(find(w));
	store_rollback(w->store);
	DONE(store_begin(w->store, &w->err));
	OTHER(find(w));
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
what_others_write_is_seen_in_the_next_transaction(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	add_ada(w);
	DONE(find(w));
	DONE(store_commit(w->store, &w->err));
	world_run(w, "DELETE FROM identities");
	OTHER(find(w)); /* in no transaction */
	DONE(store_begin_read(w->store, &w->err));
	OTHER(find(w));
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
a_role_is_what_it_is_now(void **state)
{
	static const enum role roles[] = { ROLE_VIEWER, ROLE_ADMIN,
		ROLE_MEMBER };
	struct world world, *w = &world;
	enum role role;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	add_ada(w);
	for (size_t i = 0; i < N_OF(roles); i++) {
		DONE(store_role_put(w->store, "u1", "*", roles[i], &w->err));
		for (int again = 0; again < 2; again++) {
			DONE(
			    store_role_of(w->store, "u1", "w", &role, &w->err));
			assert_int_equal(role, roles[i]);
		}
	}
	DONE(store_role_remove(w->store, "u1", "*", &w->err));
	DONE(store_role_of(w->store, "u1", "w", &role, &w->err));
	assert_int_equal(role, ROLE_GUEST);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

/* More than are kept, each asked for twice, in one order and in the other. */
static void
many_places_are_each_their_own(void **state)
{
	enum { N = 1200 };
	static struct context_row rows[N];
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	for (int i = 0; i < N; i++)
		rows[i] = world_context(w, "telegram",
		    arena_printf(w->arena, "%d", i), "community",
		    arena_printf(w->arena, "%d", i / 3));
	DONE(store_begin(w->store, &w->err));
	for (int k = 0; k < 4 * N; k++) {
		int i = k < 2 * N ? k / 2 : (4 * N - 1 - k) / 2;
		struct context_row x;

		DONE(store_context_find(w->store, "telegram",
		    rows[i].external_id, w->arena, &x, &w->err));
		assert_string_equal(x.id, rows[i].id);
		assert_string_equal(x.workspace_id, rows[i].workspace_id);
		assert_string_equal(x.name, rows[i].name);
		assert_int_equal(x.created_ms, rows[i].created_ms);
	}
	DONE(store_context_set_admin(
	    w->store, rows[7].id, true, false, &w->err));
	DONE(store_context_find(
	    w->store, "telegram", "7", w->arena, &rows[7], &w->err));
	assert_true(rows[7].is_admin);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_of_a_kept_table_is_known),
		cmocka_unit_test(a_change_is_seen_at_once),
		cmocka_unit_test(what_is_undone_was_never_there),
		cmocka_unit_test(
		    what_others_write_is_seen_in_the_next_transaction),
		cmocka_unit_test(a_role_is_what_it_is_now),
		cmocka_unit_test(many_places_are_each_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
