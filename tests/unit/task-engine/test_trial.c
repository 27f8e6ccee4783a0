/* What is tried beside what, and whom the deaths of a gateway are blamed on. */

#include "services/task-engine/delivery/trial.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/id.h"
#include "proto/delivery.h"
#include "services/task-engine/delivery/deaths.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/suspects.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

/* An update: how many deaths it has seen; that it waits. */
enum { NO_UPDATE = -1 };
#define SCENE(n_rows, n_suspects, update_deaths, waits)                        \
	{                                                                      \
		.rows = { n_rows, n_suspects },                                \
		.update = { update_deaths == NO_UPDATE ? 0 : update_deaths,    \
			update_deaths != NO_UPDATE, waits },                   \
	}

static const struct {
	const char *name;
	struct trial_scene scene;
	enum trial_rows plain, suspect; /* what is due */
} rows_cases[] = {
	// clang-format off
	{ "nothing is under way", SCENE(0, 0, NO_UPDATE, false),
	    TRIAL_ROWS_ALL, TRIAL_ROWS_ONE },
	{ "rows are", SCENE(2, 0, NO_UPDATE, false),
	    TRIAL_ROWS_ALL, TRIAL_ROWS_NONE },
	{ "a suspect row is", SCENE(1, 1, NO_UPDATE, false),
	    TRIAL_ROWS_NONE, TRIAL_ROWS_NONE },
	{ "a new update is looked at", SCENE(0, 0, 0, false),
	    TRIAL_ROWS_ALL, TRIAL_ROWS_NONE },
	{ "a suspect update is", SCENE(0, 0, 1, false),
	    TRIAL_ROWS_NONE, TRIAL_ROWS_NONE },
	{ "a new update waits", SCENE(1, 1, 0, true),
	    TRIAL_ROWS_NONE, TRIAL_ROWS_NONE },
	{ "a suspect update waits for rows", SCENE(3, 0, 1, true),
	    TRIAL_ROWS_NONE, TRIAL_ROWS_NONE },
	{ "it waits no more for any", SCENE(0, 0, 1, true),
	    TRIAL_ROWS_NONE, TRIAL_ROWS_NONE },
	// clang-format on
};

static void
rows_are_handed_out_beside_what_they_may_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(rows_cases); i++) {
		print_message("%s\n", rows_cases[i].name);
		assert_int_equal(trial_of_rows(&rows_cases[i].scene, false),
		    rows_cases[i].plain);
		assert_int_equal(trial_of_rows(&rows_cases[i].scene, true),
		    rows_cases[i].suspect);
	}
}

static const struct {
	const char *name;
	struct outbox_under_way rows;
	int64_t n_deaths;
	enum trial_update verdict;
} update_cases[] = {
	{ "new, alone", { 0, 0 }, 0, TRIAL_UPDATE_GO },
	{ "new, beside rows", { 2, 0 }, 0, TRIAL_UPDATE_GO },
	{ "new, beside a suspect row", { 1, 1 }, 0, TRIAL_UPDATE_WAIT },
	{ "suspect, alone", { 0, 0 }, 1, TRIAL_UPDATE_GO },
	{ "suspect, beside a row", { 1, 0 }, 1, TRIAL_UPDATE_WAIT },
	{ "suspect, beside a suspect row", { 1, 1 }, 1, TRIAL_UPDATE_WAIT },
	{ "it has seen enough", { 0, 0 }, 2, TRIAL_UPDATE_SKIP },
	{ "whatever is beside it", { 1, 1 }, 2, TRIAL_UPDATE_SKIP },
	{ "it was set aside", { 0, 0 }, 3, TRIAL_UPDATE_SKIP },
};

static void
an_update_is_looked_at_beside_what_it_may_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(update_cases); i++) {
		print_message("%s\n", update_cases[i].name);
		assert_int_equal(trial_of_update(&update_cases[i].rows,
				     update_cases[i].n_deaths),
		    update_cases[i].verdict);
	}
}

static const struct {
	const char *name;
	struct trial_scene scene;
	bool was_clean_stop;
	struct blame blame;
} blame_cases[] = {
	{ "a row alone", SCENE(1, 0, NO_UPDATE, false), false, { 1, 1 } },
	{ "rows", SCENE(2, 1, NO_UPDATE, false), false, { 0, 1 } },
	{ "an update alone", SCENE(0, 0, 1, false), false, { 1, 1 } },
	{ "a row and an update", SCENE(1, 1, 0, false), false, { 0, 1 } },
	{ "a row, an update waits", SCENE(1, 1, 0, true), false, { 1, 1 } },
	{ "nothing", SCENE(0, 0, NO_UPDATE, false), false, { 0, 1 } },
	{ "a clean stop", SCENE(1, 1, NO_UPDATE, false), true, { 0, 0 } },
};

static void
a_death_counts_for_what_was_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(blame_cases); i++) {
		struct blame blame = trial_blame(
		    &blame_cases[i].scene, blame_cases[i].was_clean_stop);

		print_message("%s\n", blame_cases[i].name);
		assert_int_equal(blame.n_more, blame_cases[i].blame.n_more);
		assert_int_equal(blame.n_least, blame_cases[i].blame.n_least);
	}
}

/*
 * A gateway that dies of the one row and the one update that are poison, and
 * does the rest in whatever order and however slowly chance has it.
 */
enum { HELD_MAX = 8, DEATHS_OF_ALL = 40, STEPS = 4000, SEEDS = 150 };

static const char *const updates[] = { "u1", "poison", "u2", "u3" };
static const char *const messages[] = { "poison", "m1", "m2", "m3" };

enum stage { STAGE_IDLE, STAGE_LET, STAGE_LOOKED };

struct gateway {
	struct world *world;
	char instance[16];
	uint32_t chance;
	struct context_row chats[N_OF(messages)];
	const char *ids[N_OF(messages)]; /* of rows */
	struct delivery held[HELD_MAX];
	size_t n_posted, n_held, n_sent;
	size_t at; /* of updates */
	enum stage stage;
	int n_skipped, n_deaths;
};

static void
open_chats(struct gateway *g)
{
	for (size_t i = 0; i < N_OF(messages); i++)
		g->chats[i] = world_context(g->world, "telegram", messages[i],
		    "community", messages[i]);
}

static uint32_t
below(struct gateway *g, uint32_t n)
{
	g->chance = g->chance * 1664525 + 1013904223;
	return (g->chance >> 8) % n;
}

static void
end_process(struct gateway *g)
{
	struct world *w = g->world;

	assert_true(++g->n_deaths < DEATHS_OF_ALL);
	g->n_held = 0;
	g->stage = STAGE_IDLE;
	DONE(deaths_note(
	    w->store, g->instance, false, w->now_ms, w->arena, &w->err));
}

static void
post(struct gateway *g)
{
	struct world *w = g->world;
	struct post_note note = { .instance = g->instance, .is_handled = true };
	char id[ID_UUID_SIZE];

	if (g->n_posted == N_OF(messages))
		return;
	note.context = &g->chats[g->n_posted];
	note.text = messages[g->n_posted];
	DONE(post_add(w->store, &note, w->now_ms, id, &w->err));
	g->ids[g->n_posted++] = arena_strdup(w->arena, id);
}

static void
claim(struct gateway *g)
{
	struct world *w = g->world;
	struct delivery_batch batch = { 0 };
	char id[ID_UUID_SIZE];

	id_uuid(id);
	DONE(lease_claim(w->store,
	    &(struct claim){ g->instance, arena_strdup(w->arena, id),
		(int64_t)(HELD_MAX - g->n_held), w->now_ms },
	    w->arena, &batch, &w->err));
	for (size_t i = 0; i < batch.n_deliveries; i++)
		g->held[g->n_held++] = batch.deliveries[i];
}

static void
send_one(struct gateway *g)
{
	struct world *w = g->world;
	struct delivery_result result = { .outcome = "sent",
		.platform_id = "p1",
		.reason = "",
		.is_last = true };
	struct delivery_noted noted;
	size_t i;

	if (g->n_held == 0)
		return;
	i = below(g, (uint32_t)g->n_held);
	if (strcmp(g->held[i].text, "poison") == 0) {
		end_process(g);
		return;
	}
	result.delivery_id = g->held[i].delivery_id;
	result.lease = g->held[i].lease;
	DONE(lease_result(w->store, g->instance, &result, w->now_ms, w->arena,
	    &noted, &w->err));
	/* A lease that ended meanwhile is somebody's again. */
	g->n_sent += strcmp(noted.state, "sent") == 0;
	g->held[i] = g->held[--g->n_held];
}

static void
name(struct gateway *g)
{
	struct world *w = g->world;
	enum trial_update verdict;
	bool is_news;

	DONE(trial_name(w->store, g->instance, updates[g->at], w->now_ms,
	    &verdict, &is_news, &w->err));
	if (verdict == TRIAL_UPDATE_GO)
		g->stage = STAGE_LET;
	if (verdict != TRIAL_UPDATE_SKIP)
		return;
	assert_string_equal(updates[g->at], "poison");
	g->n_skipped += is_news;
	g->at++;
}

static void
over(struct gateway *g)
{
	struct world *w = g->world;

	/* It is told, or the next name says the same. */
	if (g->at == N_OF(updates) - 1 || below(g, 2) == 0)
		DONE(store_suspect_over(
		    w->store, g->instance, updates[g->at], &w->err));
	g->stage = STAGE_IDLE;
	g->at++;
}

static void
hear(struct gateway *g)
{
	if (g->at == N_OF(updates))
		return;
	/* Before the first death nothing is named. */
	if (g->n_deaths == 0 && g->stage == STAGE_IDLE)
		g->stage = STAGE_LET;
	if (g->stage == STAGE_IDLE)
		name(g);
	else if (g->stage == STAGE_LOOKED)
		over(g);
	else if (strcmp(updates[g->at], "poison") == 0)
		end_process(g);
	else
		g->stage = STAGE_LOOKED;
}

static bool
is_all_done(const struct gateway *g)
{
	return g->n_sent == N_OF(messages) - 1 && g->at == N_OF(updates) &&
	       g->n_posted == N_OF(messages);
}

static void
live(struct gateway *g)
{
	static void (*const steps[])(
	    struct gateway * g) = { post, claim, send_one, hear, hear };
	struct world *w = g->world;
	uint32_t slowness_ms = 1 + 100 * below(g, 60);

	for (int i = 0; i < STEPS && !is_all_done(g); i++) {
		w->now_ms += below(g, slowness_ms);
		steps[below(g, N_OF(steps))](g);
	}
}

static void
expect_all_but_poison(struct gateway *g)
{
	struct world *w = g->world;
	struct outbox_row row;

	if (!is_all_done(g))
		fail_msg("after %d deaths: %zu posted, %zu sent, %zu heard",
		    g->n_deaths, g->n_posted, g->n_sent, g->at);
	assert_int_equal(g->n_skipped, 1);
	for (size_t i = 0; i < N_OF(messages); i++) {
		DONE(store_outbox_get(
		    w->store, g->ids[i], w->arena, &row, &w->err));
		if (strcmp(messages[i], "poison") != 0)
			assert_string_equal(row.state, "sent");
	}
}

static void
nobody_is_blamed_for_another(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	for (uint32_t seed = 0; seed < SEEDS; seed++) {
		struct gateway gateway = { .world = w, .chance = seed };

		snprintf(gateway.instance, sizeof(gateway.instance),
		    "telegram.g%u", seed);
		open_chats(&gateway);
		DONE(store_begin(w->store, &w->err));
		live(&gateway);
		expect_all_but_poison(&gateway);
		DONE(store_commit(w->store, &w->err));
	}
	world_close(w);
}

static int64_t
row_deaths(struct gateway *g)
{
	struct world *w = g->world;
	struct outbox_row row;

	DONE(store_outbox_get(w->store, g->ids[1], w->arena, &row, &w->err));
	return row.n_deaths;
}

/* One row that does no harm and has seen a death, and one update that is
 * poison. */
static void
begin_with_both(struct gateway *g, struct world *w)
{
	world_open(w);
	*g = (struct gateway){ .world = w, .at = 1, .n_posted = 1 };
	snprintf(g->instance, sizeof(g->instance), "telegram.main");
	open_chats(g);
	DONE(store_begin(w->store, &w->err));
	post(g);
	claim(g);
	end_process(g);
	assert_int_equal(row_deaths(g), 1);
}

static void
end_with_both(struct gateway *g)
{
	struct world *w = g->world;

	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static void
claim_so_many(struct gateway *g, size_t n)
{
	size_t held = g->n_held;

	claim(g);
	assert_int_equal(g->n_held - held, n);
}

static void
an_update_that_is_not_named_counts_once_against_a_row_in_trial(void **state)
{
	struct world world, *w = &world;
	struct gateway gateway, *g = &gateway;

	(void)state;
	begin_with_both(g, w);
	claim_so_many(g, 1);
	end_process(g);
	assert_int_equal(row_deaths(g), 2);
	/* It comes again, and is named: now it dies alone. */
	for (int i = 0; i < SUSPECT_DEATHS_MAX; i++) {
		name(g);
		assert_int_equal(g->stage, STAGE_LET);
		claim_so_many(g, 0);
		end_process(g);
	}
	assert_int_equal(row_deaths(g), 2);
	name(g);
	assert_int_equal(g->n_skipped, 1);
	claim_so_many(g, 1);
	send_one(g);
	assert_int_equal(g->n_sent, 1);
	end_with_both(g);
}

static void
a_row_that_hangs_delays_the_conviction_of_an_update(void **state)
{
	struct world world, *w = &world;
	struct gateway gateway, *g = &gateway;

	(void)state;
	begin_with_both(g, w);
	for (int i = 0; i < 2 * DEATHS_MAX; i++) {
		claim_so_many(g, 1);
		name(g);
		assert_int_equal(g->stage, STAGE_IDLE);
		w->now_ms += TRIAL_MS;
		name(g);
		assert_int_equal(g->stage, STAGE_LET);
		end_process(g);
		assert_int_equal(row_deaths(g), 1);
	}
	/* The platform answers again. */
	claim_so_many(g, 1);
	send_one(g);
	assert_int_equal(g->n_sent, 1);
	name(g);
	end_process(g);
	name(g);
	assert_int_equal(g->n_skipped, 1);
	end_with_both(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_handed_out_beside_what_they_may_be),
		cmocka_unit_test(an_update_is_looked_at_beside_what_it_may_be),
		cmocka_unit_test(a_death_counts_for_what_was_alone),
		cmocka_unit_test(nobody_is_blamed_for_another),
		cmocka_unit_test(
		    an_update_that_is_not_named_counts_once_against_a_row_in_trial),
		cmocka_unit_test(
		    a_row_that_hangs_delays_the_conviction_of_an_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
