/* How many objectives there may be: of a person, of guests, of a workspace. */

#include "services/task-engine/objectives/objective.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "services/task-engine/store/objectives.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/diary.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static void
fill_as(struct world *w, int n, const char *person, const char *role)
{
	for (int i = 0; i < n; i++) {
		struct objective_row row = diary_row(w, person);

		row.asked_as = role;
		DONE(objective_add(
		    w->store, &row, w->now_ms, w->arena, &w->err));
	}
}

static void
fill(struct world *w, int n, const char *person)
{
	fill_as(w, n, person, "member");
}

/* G-26: without a limit. Paused ones make room, and are not resumed past it. */
static void
a_person_has_so_many_that_are_active(void **state)
{
	const struct objective_change pause = { .has_active = true };
	const struct objective_change resume = { .has_active = true,
		.is_active = true };
	struct world world, *w = &world;
	struct objective_row row, more;

	(void)state;
	world_open(w);
	row = diary_row(w, "telegram:1");
	DONE(store_begin(w->store, &w->err));
	DONE(objective_add(w->store, &row, w->now_ms, w->arena, &w->err));
	fill(w, OBJECTIVES_OF_PERSON - 1, "telegram:1");
	more = diary_row(w, "telegram:1");
	FAILS(objective_add(w->store, &more, w->now_ms, w->arena, &w->err),
	    ERR_BUSY);
	assert_non_null(strstr(w->err.text, "20 objectives of this person"));
	DONE(objective_update(w->store, &row, &pause, "telegram:1", w->now_ms,
	    w->arena, &w->err));
	DONE(objective_add(w->store, &more, w->now_ms, w->arena, &w->err));
	FAILS(objective_update(w->store, &row, &resume, "telegram:1", w->now_ms,
		  w->arena, &w->err),
	    ERR_BUSY);
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
a_workspace_has_so_many_that_are_active(void **state)
{
	struct world world, *w = &world;
	struct objective_row more;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	for (int i = 0; i < OBJECTIVES_OF_WORKSPACE / OBJECTIVES_OF_PERSON; i++)
		fill(w, OBJECTIVES_OF_PERSON,
		    arena_printf(w->arena, "telegram:%d", i + 10));
	more = diary_row(w, "telegram:1");
	FAILS(objective_add(w->store, &more, w->now_ms, w->arena, &w->err),
	    ERR_BUSY);
	assert_non_null(
	    strstr(w->err.text, "100 objectives of this workspace"));
	more.is_active = false;
	DONE(objective_add(w->store, &more, w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

/* So many people have as many as each; then telegram:10 asks for another. */
static const struct {
	const char *claim;
	int n_people, n_each;
	const char *their_role, *role;
	const char *refusal, *help; /* NULL: none */
} shares[] = {
	{ "a member has a share", 1, 20, "member", "member",
	    "20 objectives of this person", "an admin of the workspace may" },
	{ "an admin has more", 1, 20, "admin", "admin", NULL, NULL },
	{ "an admin has all", 1, 100, "admin", "admin",
	    "100 objectives of this workspace", "an admin of the workspace" },
	{ "who is no admin any more has a share", 1, 20, "admin", "member",
	    "20 objectives of this person", "paused or deleted first" },
	{ "guests share half of it", 50, 1, "guest", "guest",
	    "50 objectives of this workspace's guests", "an admin of" },
	{ "one guest fewer", 49, 1, "guest", "guest", NULL, NULL },
	{ "a member has room beside guests", 50, 1, "guest", "member", NULL,
	    NULL },
};

static void
everybody_has_a_share(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(shares); i++) {
		struct world world, *w = &world;
		struct objective_row more;
		int rc;

		world_open(w);
		DONE(store_begin(w->store, &w->err));
		for (int k = 0; k < shares[i].n_people; k++)
			fill_as(w, shares[i].n_each,
			    arena_printf(w->arena, "telegram:%d", k + 10),
			    shares[i].their_role);
		more = diary_row(w, "telegram:10");
		more.asked_as = shares[i].role;
		rc = objective_add(
		    w->store, &more, w->now_ms, w->arena, &w->err);
		if ((rc < 0) != (shares[i].refusal != NULL) ||
		    (rc < 0 && (!strstr(w->err.text, shares[i].refusal) ||
				   !strstr(w->err.text, shares[i].help))))
			fail_msg("%s: %d %s", shares[i].claim, rc, w->err.text);
		DONE(store_commit(w->store, &w->err));
		world_close(w);
	}
}

static void
an_admin_keeps_more_than_others(void **state)
{
	struct world world, *w = &world;
	struct objective_row more;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	fill_as(w, OBJECTIVES_KEPT_OF_PERSON, "telegram:1", "admin");
	more = diary_row(w, "telegram:1");
	more.is_active = false;
	FAILS(objective_add(w->store, &more, w->now_ms, w->arena, &w->err),
	    ERR_BUSY);
	more.asked_as = "admin";
	DONE(objective_add(w->store, &more, w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
fill_paused(struct world *w, int n, const char *person, int64_t ends_at_unix)
{
	for (int i = 0; i < n; i++) {
		struct objective_row row = diary_row(w, person);

		row.is_active = false;
		row.ends_at_unix = ends_at_unix;
		DONE(objective_add(
		    w->store, &row, w->now_ms, w->arena, &w->err));
	}
}

/* So many people keep as many paused ones as a person may; one is deleted, or
 * all have ended. */
static const struct {
	const char *claim;
	int n_people;
	int64_t ends_at_unix;
	bool has_one_deleted;
	const char *refusal; /* of one more of the first person; NULL: none */
} kept[] = {
	{ "a person's", 1, 0, false, "50 objectives of this person are kept" },
	{ "a person's, one fewer", 1, 0, true, NULL },
	{ "a person's, all ended", 1, 1, false, NULL },
	{ "a workspace's", 4, 0, true, "200 objectives of this workspace" },
	{ "a workspace's, all ended", 4, 1, true, NULL },
};

static void
so_many_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(kept); i++) {
		struct world world, *w = &world;
		struct objective_row first, more;
		int rc;

		world_open(w);
		first = diary_row(w, "telegram:10");
		more = diary_row(w, "telegram:10");
		DONE(store_begin(w->store, &w->err));
		DONE(objective_add(
		    w->store, &first, w->now_ms, w->arena, &w->err));
		fill_paused(w, OBJECTIVES_KEPT_OF_PERSON - 1, "telegram:10",
		    kept[i].ends_at_unix);
		for (int k = 1; k < kept[i].n_people; k++)
			fill_paused(w, OBJECTIVES_KEPT_OF_PERSON,
			    arena_printf(w->arena, "telegram:%d", k + 10),
			    kept[i].ends_at_unix);
		if (kept[i].has_one_deleted)
			DONE(objective_delete(w->store, &first, "telegram:10",
			    w->now_ms, w->arena, &w->err));
		if (kept[i].has_one_deleted && kept[i].n_people > 1)
			fill_paused(w, 1, "telegram:9", kept[i].ends_at_unix);
		rc = objective_add(
		    w->store, &more, w->now_ms, w->arena, &w->err);
		if ((rc < 0) != (kept[i].refusal != NULL) ||
		    (rc < 0 && (!strstr(w->err.text, kept[i].refusal) ||
				   !strstr(w->err.text, "deleted first"))))
			fail_msg("%s: %d %s", kept[i].claim, rc, w->err.text);
		DONE(store_commit(w->store, &w->err));
		world_close(w);
	}
}

/* As what a person deletes. */
static void
what_has_ended_goes_with_a_row_in_the_audit(void **state)
{
	struct world world, *w = &world;
	struct objective_row first, more;

	(void)state;
	world_open(w);
	first = diary_row(w, "telegram:10");
	first.is_active = false;
	first.ends_at_unix = 1;
	more = diary_row(w, "telegram:10");
	DONE(store_begin(w->store, &w->err));
	DONE(objective_add(w->store, &first, w->now_ms, w->arena, &w->err));
	fill_paused(w, OBJECTIVES_KEPT_OF_PERSON - 2, "telegram:10", 1);
	fill_paused(w, 1, "telegram:10", 0);
	DONE(objective_add(w->store, &more, w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(
	    world_ask(w, "SELECT count(*) || ' ' || min(actor) FROM audit"
			 " WHERE operation = 'objective.end'"),
	    "49 engine");
	assert_string_equal(
	    world_ask(
		w, arena_printf(w->arena,
		       "SELECT workspace_id || ' ' || context_id || ' ' ||"
		       " detail FROM audit WHERE subject = '%s'"
		       " AND operation = 'objective.end'",
		       first.id)),
	    arena_printf(w->arena, "%s %s 0 9 * * * Europe/Berlin",
		w->context.workspace_id, w->context.id));
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_has_so_many_that_are_active),
		cmocka_unit_test(a_workspace_has_so_many_that_are_active),
		cmocka_unit_test(everybody_has_a_share),
		cmocka_unit_test(an_admin_keeps_more_than_others),
		cmocka_unit_test(so_many_are_kept),
		cmocka_unit_test(what_has_ended_goes_with_a_row_in_the_audit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
