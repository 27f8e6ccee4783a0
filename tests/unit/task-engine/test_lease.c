/* How outbound messages change hands. */

#include "services/task-engine/delivery/lease.h"

#include <string.h>

#include "libcommon/arena.h"
#include "proto/delivery.h"
#include "services/task-engine/store/outbox.h"
#include "tests/unit/task-engine/postbox.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static void
a_chat_keeps_its_order_and_urgent_ones_come_first(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row a = postbox_chat(w, "a"), b = postbox_chat(w, "b"),
			   c = postbox_chat(w, "c");

	postbox_put(w, &a, "a1", false);
	postbox_put(w, &a, "a2", false);
	postbox_put(w, &b, "b1", false);
	postbox_put(w, &c, "c1", true);
	struct delivery_batch first = postbox_claim(w, 10);

	assert_int_equal(first.n_deliveries, 3);
	assert_string_equal(first.deliveries[0].text, "c1");
	assert_string_equal(first.deliveries[1].text, "a1");
	assert_string_equal(first.deliveries[2].text, "b1");
	assert_int_equal(postbox_claim(w, 10).n_deliveries, 0);
	assert_string_equal(
	    postbox_report(w, &first.deliveries[1], "sent", 0, true, 0),
	    "sent");
	struct delivery_batch second = postbox_claim(w, 10);

	assert_int_equal(second.n_deliveries, 1);
	assert_string_equal(second.deliveries[0].text, "a2");
	world_close(w);
}

static void
max_is_kept_and_more_is_said(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	for (int i = 0; i < 5; i++) {
		struct context_row x =
		    postbox_chat(w, arena_printf(w->arena, "c%d", i));

		postbox_put(w, &x, "hello", false);
	}
	struct delivery_batch batch = postbox_claim(w, 3);

	assert_int_equal(batch.n_deliveries, 3);
	assert_true(batch.has_more);
	batch = postbox_claim(w, 3);
	assert_int_equal(batch.n_deliveries, 2);
	assert_false(batch.has_more);
	world_close(w);
}

static void
a_lost_lease_goes_on_at_the_first_unreported_part(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row x = postbox_chat(w, "a");
	const char *id = postbox_put(w, &x, "long", false);
	struct delivery_batch old = postbox_claim(w, 1);

	assert_string_equal(
	    postbox_report(w, old.deliveries, "begun", 0, false, 0), "sending");
	assert_string_equal(
	    postbox_report(w, old.deliveries, "sent", 0, false, 0), "sending");
	w->now_ms += LEASE_MS - 1;
	assert_int_equal(postbox_claim(w, 1).n_deliveries, 0);
	w->now_ms += 1;
	struct delivery_batch again = postbox_claim(w, 1);

	assert_int_equal(again.n_deliveries, 1);
	assert_int_equal(again.deliveries[0].n_parts_sent, 1);
	assert_false(again.deliveries[0].is_part_uncertain);
	assert_int_equal(again.deliveries[0].attempt, 2);
	assert_string_not_equal(
	    again.deliveries[0].lease, old.deliveries[0].lease);
	/* The old one is told to stop, and changes nothing. */
	assert_string_equal(
	    postbox_report(w, old.deliveries, "sent", 1, true, 0), "stale");
	assert_int_equal(postbox_row(w, id).n_parts_sent, 1);
	assert_string_equal(
	    postbox_report(w, again.deliveries, "sent", 1, true, 0), "sent");
	assert_false(postbox_row(w, id).maybe_doubled);
	assert_string_equal(
	    postbox_report(w, again.deliveries, "sent", 1, true, 0), "stale");
	world_close(w);
}

/* Its answer was lost: what it leased is read anew, and nothing beside it. */
static void
a_repeated_claim_gets_what_it_has_leased(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row a = postbox_chat(w, "a"), b = postbox_chat(w, "b"),
			   c = postbox_chat(w, "c");

	postbox_put(w, &a, "a1", false);
	postbox_put(w, &b, "b1", true);
	struct delivery_batch first = postbox_claim_as(w, "one", 2);

	postbox_put(w, &c, "c1", true);
	postbox_report(w, &first.deliveries[1], "sent", 0, false, 0);
	struct delivery_batch again = postbox_claim_as(w, "one", 2);

	assert_int_equal(again.n_deliveries, 2);
	assert_true(again.has_more);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(again.deliveries[i].delivery_id,
		    first.deliveries[i].delivery_id);
		assert_string_equal(
		    again.deliveries[i].lease, first.deliveries[i].lease);
		assert_int_equal(again.deliveries[i].attempt, 1);
		assert_int_equal(again.deliveries[i].n_parts_sent, (int)i);
	}
	postbox_report(w, &first.deliveries[0], "sent", 0, true, 0);
	assert_int_equal(postbox_claim_as(w, "one", 2).n_deliveries, 1);
	assert_string_equal(postbox_claim(w, 2).deliveries[0].text, "c1");
	/* What has ended is due, and counts as another try. */
	w->now_ms += LEASE_MS;
	again = postbox_claim_as(w, "one", 1);
	assert_int_equal(again.n_deliveries, 1);
	assert_int_equal(again.deliveries[0].attempt, 2);
	world_close(w);
}

static void
progress_renews_the_lease(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row x = postbox_chat(w, "a");

	postbox_put(w, &x, "long", false);
	struct delivery_batch batch = postbox_claim(w, 1);

	for (int64_t part = 0; part < 5; part++) {
		w->now_ms += LEASE_MS - 1;
		assert_int_equal(postbox_claim(w, 1).n_deliveries, 0);
		assert_string_equal(postbox_report(w, batch.deliveries, "sent",
					part, part == 4, 0),
		    part == 4 ? "sent" : "sending");
	}
	world_close(w);
}

static void
an_uncertain_part_is_counted_where_repeats_are_not_recognised(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row x = postbox_chat(w, "a");
	const char *id = postbox_put(w, &x, "hello", false);
	struct delivery_batch batch = postbox_claim(w, 1);

	postbox_report(w, batch.deliveries, "begun", 0, false, 0);
	assert_false(postbox_row(w, id).maybe_doubled);
	w->now_ms += LEASE_MS;
	batch = postbox_claim(w, 1);
	assert_true(batch.deliveries[0].is_part_uncertain);
	assert_true(postbox_row(w, id).maybe_doubled);
	world_close(w);
}

static void
a_retry_follows_the_platform_and_ends_after_a_day(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row x = postbox_chat(w, "a");
	const char *id = postbox_put(w, &x, "hello", false);
	struct delivery_batch batch = postbox_claim(w, 1);

	postbox_report(w, batch.deliveries, "begun", 0, false, 0);
	assert_string_equal(
	    postbox_report(w, batch.deliveries, "retry", 0, false, 30000),
	    "queued");
	assert_int_equal(postbox_claim(w, 1).n_deliveries, 0);
	w->now_ms += 30000;
	batch = postbox_claim(w, 1);
	assert_int_equal(batch.n_deliveries, 1);
	assert_false(batch.deliveries[0].is_part_uncertain);
	w->now_ms += GIVE_UP_MS;
	assert_string_equal(
	    postbox_report(w, batch.deliveries, "retry", 0, false, 1),
	    "failed");
	assert_string_equal(postbox_row(w, id).error, "because");
	assert_int_equal(postbox_claim(w, 1).n_deliveries, 0);
	world_close(w);
}

static void
a_refusal_is_a_dead_letter_and_the_next_goes_on(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row x = postbox_chat(w, "a");
	const char *id = postbox_put(w, &x, "one", false);

	postbox_put(w, &x, "two", false);
	struct delivery_batch batch = postbox_claim(w, 1);

	assert_string_equal(
	    postbox_report(w, batch.deliveries, "refused", 0, false, 0),
	    "failed");
	assert_string_equal(postbox_row(w, id).state, "failed");
	batch = postbox_claim(w, 1);
	assert_string_equal(batch.deliveries[0].text, "two");
	world_close(w);
}

static void
another_instances_rows_are_not_there(void **state)
{
	struct world world, *w = &world;
	struct delivery_noted noted;

	(void)state;
	world_open(w);
	/* The session's reply leaves over HTTP and is never claimed. */
	const char *id = postbox_put(w, &w->context, "hello", false);

	assert_int_equal(postbox_claim(w, 10).n_deliveries, 0);
	const struct delivery_result result = { .delivery_id = id,
		.lease = "",
		.outcome = "sent",
		.platform_id = "",
		.reason = "" };

	FAILS(lease_result(w->store, postbox_instance, &result, w->now_ms,
		  w->arena, &noted, &w->err),
	    ERR_NOT_FOUND);
	world_close(w);
}

static void
many_long_texts_fit_an_envelope(void **state)
{
	struct world world, *w = &world;
	char text[60001];
	size_t bytes = 0;

	(void)state;
	world_open(w);
	memset(text, '"', 60000);
	text[60000] = '\0';
	for (int i = 0; i < 5; i++) {
		struct context_row x =
		    postbox_chat(w, arena_printf(w->arena, "c%d", i));

		postbox_put(w, &x, text, false);
	}
	struct delivery_batch batch = postbox_claim(w, 32);

	for (size_t i = 0; i < batch.n_deliveries; i++)
		bytes += 2 * strlen(batch.deliveries[i].text);
	assert_true(batch.n_deliveries >= 1);
	assert_true(batch.has_more);
	assert_true(bytes < 250 * 1024);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_chat_keeps_its_order_and_urgent_ones_come_first),
		cmocka_unit_test(max_is_kept_and_more_is_said),
		cmocka_unit_test(
		    a_lost_lease_goes_on_at_the_first_unreported_part),
		cmocka_unit_test(a_repeated_claim_gets_what_it_has_leased),
		cmocka_unit_test(progress_renews_the_lease),
		cmocka_unit_test(
		    an_uncertain_part_is_counted_where_repeats_are_not_recognised),
		cmocka_unit_test(
		    a_retry_follows_the_platform_and_ends_after_a_day),
		cmocka_unit_test(
		    a_refusal_is_a_dead_letter_and_the_next_goes_on),
		cmocka_unit_test(another_instances_rows_are_not_there),
		cmocka_unit_test(many_long_texts_fit_an_envelope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
