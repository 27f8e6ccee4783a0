/* What another process of a gateway finds of the last one. */

#include "services/task-engine/delivery/deaths.h"

#include <string.h>

#include "libcommon/arena.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/delivery/trial.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/suspects.h"
#include "tests/unit/task-engine/postbox.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

/* Another process of the instance says hello. */
static void
begin(struct world *w, const char *of, bool was_clean_stop)
{
	DONE(store_begin(w->store, &w->err));
	DONE(deaths_note(
	    w->store, of, was_clean_stop, w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
}

static void
a_new_process_goes_on_at_once(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row x = postbox_chat(w, "a");

	postbox_put(w, &x, "long", false);
	struct delivery_batch old = postbox_claim(w, 1);

	assert_int_equal(old.n_deliveries, 1);
	begin(w, "telegram.other", true);
	assert_int_equal(postbox_claim(w, 1).n_deliveries, 0);
	begin(w, postbox_instance, true);
	/* The old process lives on, and is known for what it is. */
	assert_string_equal(
	    postbox_report(w, old.deliveries, "begun", 0, false, 0), "stale");
	assert_int_equal(postbox_claim(w, 1).n_deliveries, 1);
	assert_string_equal(
	    postbox_report(w, old.deliveries, "sent", 0, true, 0), "stale");
	world_close(w);
}

/* The texts that a claim brings, each followed by a space. */
static const char *
texts(struct world *w, struct delivery_batch *batch)
{
	const char *all = "";

	*batch = postbox_claim(w, 10);
	for (size_t i = 0; i < batch->n_deliveries; i++)
		all = arena_printf(
		    w->arena, "%s%s ", all, batch->deliveries[i].text);
	return all;
}

static void
what_three_processes_died_with_is_set_aside(void **state)
{
	struct world world, *w = &world;
	struct delivery_batch batch;

	(void)state;
	world_open(w);
	struct context_row a = postbox_chat(w, "a"), b = postbox_chat(w, "b"),
			   c = postbox_chat(w, "c");
	const char *id = postbox_put(w, &a, "poison", false);
	const char *innocent = postbox_put(w, &b, "b1", false);

	postbox_put(w, &a, "a2", false);
	assert_string_equal(texts(w, &batch), "poison b1 ");
	begin(w, postbox_instance, false);
	postbox_put(w, &c, "c1", false);
	/* One by one what may be to blame, and nothing beside it. */
	assert_string_equal(texts(w, &batch), "poison ");
	assert_string_equal(texts(w, &batch), "");
	begin(w, postbox_instance, false);
	assert_string_equal(texts(w, &batch), "poison ");
	assert_string_equal(postbox_row(w, id).state, "sending");
	begin(w, postbox_instance, false);
	assert_string_equal(postbox_row(w, id).state, "failed");
	assert_non_null(strstr(postbox_row(w, id).error, "died three times"));
	assert_int_equal(postbox_row(w, innocent).n_deaths, 1);
	assert_string_equal(texts(w, &batch), "b1 ");
	assert_string_equal(
	    postbox_report(w, batch.deliveries, "sent", 0, true, 0), "sent");
	assert_string_equal(texts(w, &batch), "a2 c1 ");
	world_close(w);
}

static void
a_suspect_waits_for_what_is_under_way(void **state)
{
	struct world world, *w = &world;
	struct delivery_batch batch, other;

	(void)state;
	world_open(w);
	struct context_row a = postbox_chat(w, "a"), b = postbox_chat(w, "b");

	postbox_put(w, &a, "suspect", false);
	assert_string_equal(texts(w, &batch), "suspect ");
	begin(w, postbox_instance, false);
	assert_string_equal(texts(w, &batch), "suspect ");
	postbox_report(w, batch.deliveries, "retry", 0, false, 5000);
	/* While it is not due it holds up nobody. */
	postbox_put(w, &b, "b1", false);
	assert_string_equal(texts(w, &other), "b1 ");
	w->now_ms += 5000;
	postbox_put(w, &b, "b2", false);
	assert_string_equal(texts(w, &batch), "");
	postbox_report(w, other.deliveries, "sent", 0, true, 0);
	assert_string_equal(texts(w, &batch), "suspect ");
	postbox_report(w, batch.deliveries, "sent", 0, true, 0);
	assert_string_equal(texts(w, &batch), "b2 ");
	world_close(w);
}

static void
name(struct world *w, const char *update_id, enum trial_update expected)
{
	enum trial_update verdict;
	bool is_news;

	DONE(store_begin(w->store, &w->err));
	DONE(trial_name(w->store, postbox_instance, update_id, w->now_ms,
	    &verdict, &is_news, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_int_equal(verdict, expected);
}

/* An update that is looked at may kill as well; it holds nothing up for long. */
static void
a_suspect_waits_for_an_update(void **state)
{
	struct world world, *w = &world;
	struct delivery_batch batch;

	(void)state;
	world_open(w);
	struct context_row a = postbox_chat(w, "a"), b = postbox_chat(w, "b");
	const char *id = postbox_put(w, &a, "suspect", false);

	assert_string_equal(texts(w, &batch), "suspect ");
	begin(w, postbox_instance, false);
	name(w, "77", TRIAL_UPDATE_GO);
	postbox_put(w, &b, "b1", true);
	assert_string_equal(texts(w, &batch), "");
	w->now_ms += TRIAL_MS;
	assert_string_equal(texts(w, &batch), "suspect ");
	/* With two under way nobody is to blame. */
	begin(w, postbox_instance, false);
	assert_int_equal(postbox_row(w, id).n_deaths, 1);
	name(w, "77", TRIAL_UPDATE_GO);
	assert_string_equal(texts(w, &batch), "");
	name(w, "78", TRIAL_UPDATE_GO);
	DONE(store_begin(w->store, &w->err));
	DONE(store_suspect_over(w->store, postbox_instance, "78", &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(texts(w, &batch), "suspect ");
	name(w, "79", TRIAL_UPDATE_WAIT);
	begin(w, postbox_instance, false);
	assert_int_equal(postbox_row(w, id).n_deaths, 2);
	world_close(w);
}

static void
only_a_death_while_it_was_leased_counts(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row a = postbox_chat(w, "a");
	const char *id = postbox_put(w, &a, "hello", false);

	for (int i = 0; i < DEATHS_MAX; i++)
		begin(w, postbox_instance, false);
	assert_int_equal(postbox_row(w, id).n_deaths, 0);
	for (int i = 0; i < DEATHS_MAX; i++) {
		assert_int_equal(postbox_claim(w, 1).n_deliveries, 1);
		begin(w, postbox_instance, true);
	}
	assert_int_equal(postbox_row(w, id).n_deaths, 0);
	/* Nor is one counted twice, however late the next process comes. */
	assert_int_equal(postbox_claim(w, 1).n_deliveries, 1);
	w->now_ms += 10 * LEASE_MS;
	begin(w, postbox_instance, false);
	begin(w, postbox_instance, false);
	assert_int_equal(postbox_row(w, id).n_deaths, 1);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_process_goes_on_at_once),
		cmocka_unit_test(what_three_processes_died_with_is_set_aside),
		cmocka_unit_test(a_suspect_waits_for_what_is_under_way),
		cmocka_unit_test(a_suspect_waits_for_an_update),
		cmocka_unit_test(only_a_death_while_it_was_leased_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
