/* How outbound messages change hands. */

#include "services/task-engine/delivery/lease.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/id.h"
#include "proto/delivery.h"
#include "services/task-engine/delivery/deaths.h"
#include "services/task-engine/delivery/partials.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/delivery/trial.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/suspects.h"
#include "services/task-engine/store/turns.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static const char instance[] = "telegram.main";

static const char *
post(struct world *w, const struct context_row *x, const char *text,
    bool is_urgent)
{
	const struct post_note note = {
		.context = x, .text = text, .is_urgent = is_urgent
	};
	char id[ID_UUID_SIZE];

	DONE(store_begin(w->store, &w->err));
	DONE(post_add(w->store, &note, w->now_ms, id, &w->err));
	DONE(store_commit(w->store, &w->err));
	return arena_strdup(w->arena, id);
}

static struct delivery_batch
claim_as(struct world *w, const char *id, int64_t max)
{
	struct delivery_batch batch = { 0 };

	DONE(store_begin(w->store, &w->err));
	DONE(lease_claim(w->store,
	    &(struct claim){ instance, id, max, w->now_ms }, w->arena, &batch,
	    &w->err));
	DONE(store_commit(w->store, &w->err));
	return batch;
}

static struct delivery_batch
claim(struct world *w, int64_t max)
{
	char id[ID_UUID_SIZE];

	id_uuid(id);
	return claim_as(w, arena_strdup(w->arena, id), max);
}

static const char *
report(struct world *w, const struct delivery *d, const char *outcome,
    int64_t part, bool is_last, int64_t retry_after_ms)
{
	const struct delivery_result result = {
		.delivery_id = d->delivery_id,
		.lease = d->lease,
		.outcome = outcome,
		.part = part,
		.is_last = is_last,
		.platform_id = "p1",
		.retry_after_ms = retry_after_ms,
		.reason = "because",
	};
	struct delivery_noted noted;

	DONE(store_begin(w->store, &w->err));
	DONE(lease_result(
	    w->store, instance, &result, w->now_ms, w->arena, &noted, &w->err));
	DONE(store_commit(w->store, &w->err));
	return noted.state;
}

static struct outbox_row
row(struct world *w, const char *id)
{
	struct outbox_row out;

	DONE(store_outbox_get(w->store, id, w->arena, &out, &w->err));
	return out;
}

static struct context_row
chat(struct world *w, const char *id)
{
	return world_context(w, "telegram", id, "community", id);
}

static void
a_chat_keeps_its_order_and_urgent_ones_come_first(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row a = chat(w, "a"), b = chat(w, "b"), c = chat(w, "c");

	post(w, &a, "a1", false);
	post(w, &a, "a2", false);
	post(w, &b, "b1", false);
	post(w, &c, "c1", true);
	struct delivery_batch first = claim(w, 10);

	assert_int_equal(first.n_deliveries, 3);
	assert_string_equal(first.deliveries[0].text, "c1");
	assert_string_equal(first.deliveries[1].text, "a1");
	assert_string_equal(first.deliveries[2].text, "b1");
	assert_int_equal(claim(w, 10).n_deliveries, 0);
	assert_string_equal(
	    report(w, &first.deliveries[1], "sent", 0, true, 0), "sent");
	struct delivery_batch second = claim(w, 10);

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
		    chat(w, arena_printf(w->arena, "c%d", i));

		post(w, &x, "hello", false);
	}
	struct delivery_batch batch = claim(w, 3);

	assert_int_equal(batch.n_deliveries, 3);
	assert_true(batch.has_more);
	batch = claim(w, 3);
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
	struct context_row x = chat(w, "a");
	const char *id = post(w, &x, "long", false);
	struct delivery_batch old = claim(w, 1);

	assert_string_equal(
	    report(w, old.deliveries, "begun", 0, false, 0), "sending");
	assert_string_equal(
	    report(w, old.deliveries, "sent", 0, false, 0), "sending");
	w->now_ms += LEASE_MS - 1;
	assert_int_equal(claim(w, 1).n_deliveries, 0);
	w->now_ms += 1;
	struct delivery_batch again = claim(w, 1);

	assert_int_equal(again.n_deliveries, 1);
	assert_int_equal(again.deliveries[0].n_parts_sent, 1);
	assert_false(again.deliveries[0].is_part_uncertain);
	assert_int_equal(again.deliveries[0].attempt, 2);
	assert_string_not_equal(
	    again.deliveries[0].lease, old.deliveries[0].lease);
	/* The old one is told to stop, and changes nothing. */
	assert_string_equal(
	    report(w, old.deliveries, "sent", 1, true, 0), "stale");
	assert_int_equal(row(w, id).n_parts_sent, 1);
	assert_string_equal(
	    report(w, again.deliveries, "sent", 1, true, 0), "sent");
	assert_false(row(w, id).maybe_doubled);
	assert_string_equal(
	    report(w, again.deliveries, "sent", 1, true, 0), "stale");
	world_close(w);
}

/* Its answer was lost: what it leased is read anew, and nothing beside it. */
static void
a_repeated_claim_gets_what_it_has_leased(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row a = chat(w, "a"), b = chat(w, "b"), c = chat(w, "c");

	post(w, &a, "a1", false);
	post(w, &b, "b1", true);
	struct delivery_batch first = claim_as(w, "one", 2);

	post(w, &c, "c1", true);
	report(w, &first.deliveries[1], "sent", 0, false, 0);
	struct delivery_batch again = claim_as(w, "one", 2);

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
	report(w, &first.deliveries[0], "sent", 0, true, 0);
	assert_int_equal(claim_as(w, "one", 2).n_deliveries, 1);
	assert_string_equal(claim(w, 2).deliveries[0].text, "c1");
	/* What has ended is due, and counts as another try. */
	w->now_ms += LEASE_MS;
	again = claim_as(w, "one", 1);
	assert_int_equal(again.n_deliveries, 1);
	assert_int_equal(again.deliveries[0].attempt, 2);
	world_close(w);
}

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
	struct context_row x = chat(w, "a");

	post(w, &x, "long", false);
	struct delivery_batch old = claim(w, 1);

	assert_int_equal(old.n_deliveries, 1);
	begin(w, "telegram.other", true);
	assert_int_equal(claim(w, 1).n_deliveries, 0);
	begin(w, instance, true);
	/* The old process lives on, and is known for what it is. */
	assert_string_equal(
	    report(w, old.deliveries, "begun", 0, false, 0), "stale");
	assert_int_equal(claim(w, 1).n_deliveries, 1);
	assert_string_equal(
	    report(w, old.deliveries, "sent", 0, true, 0), "stale");
	world_close(w);
}

/* The texts that a claim brings, each followed by a space. */
static const char *
texts(struct world *w, struct delivery_batch *batch)
{
	const char *all = "";

	*batch = claim(w, 10);
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
	struct context_row a = chat(w, "a"), b = chat(w, "b"), c = chat(w, "c");
	const char *id = post(w, &a, "poison", false);
	const char *innocent = post(w, &b, "b1", false);

	post(w, &a, "a2", false);
	assert_string_equal(texts(w, &batch), "poison b1 ");
	begin(w, instance, false);
	post(w, &c, "c1", false);
	/* One by one what may be to blame, and nothing beside it. */
	assert_string_equal(texts(w, &batch), "poison ");
	assert_string_equal(texts(w, &batch), "");
	begin(w, instance, false);
	assert_string_equal(texts(w, &batch), "poison ");
	assert_string_equal(row(w, id).state, "sending");
	begin(w, instance, false);
	assert_string_equal(row(w, id).state, "failed");
	assert_non_null(strstr(row(w, id).error, "died three times"));
	assert_int_equal(row(w, innocent).n_deaths, 1);
	assert_string_equal(texts(w, &batch), "b1 ");
	assert_string_equal(
	    report(w, batch.deliveries, "sent", 0, true, 0), "sent");
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
	struct context_row a = chat(w, "a"), b = chat(w, "b");

	post(w, &a, "suspect", false);
	assert_string_equal(texts(w, &batch), "suspect ");
	begin(w, instance, false);
	assert_string_equal(texts(w, &batch), "suspect ");
	report(w, batch.deliveries, "retry", 0, false, 5000);
	/* While it is not due it holds up nobody. */
	post(w, &b, "b1", false);
	assert_string_equal(texts(w, &other), "b1 ");
	w->now_ms += 5000;
	post(w, &b, "b2", false);
	assert_string_equal(texts(w, &batch), "");
	report(w, other.deliveries, "sent", 0, true, 0);
	assert_string_equal(texts(w, &batch), "suspect ");
	report(w, batch.deliveries, "sent", 0, true, 0);
	assert_string_equal(texts(w, &batch), "b2 ");
	world_close(w);
}

static void
name(struct world *w, const char *update_id, enum trial_update expected)
{
	enum trial_update verdict;
	bool is_news;

	DONE(store_begin(w->store, &w->err));
	DONE(trial_name(w->store, instance, update_id, w->now_ms, &verdict,
	    &is_news, &w->err));
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
	struct context_row a = chat(w, "a"), b = chat(w, "b");
	const char *id = post(w, &a, "suspect", false);

	assert_string_equal(texts(w, &batch), "suspect ");
	begin(w, instance, false);
	name(w, "77", TRIAL_UPDATE_GO);
	post(w, &b, "b1", true);
	assert_string_equal(texts(w, &batch), "");
	w->now_ms += TRIAL_MS;
	assert_string_equal(texts(w, &batch), "suspect ");
	/* With two under way nobody is to blame. */
	begin(w, instance, false);
	assert_int_equal(row(w, id).n_deaths, 1);
	name(w, "77", TRIAL_UPDATE_GO);
	assert_string_equal(texts(w, &batch), "");
	name(w, "78", TRIAL_UPDATE_GO);
	DONE(store_begin(w->store, &w->err));
	DONE(store_suspect_over(w->store, instance, "78", &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(texts(w, &batch), "suspect ");
	name(w, "79", TRIAL_UPDATE_WAIT);
	begin(w, instance, false);
	assert_int_equal(row(w, id).n_deaths, 2);
	world_close(w);
}

static void
only_a_death_while_it_was_leased_counts(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row a = chat(w, "a");
	const char *id = post(w, &a, "hello", false);

	for (int i = 0; i < DEATHS_MAX; i++)
		begin(w, instance, false);
	assert_int_equal(row(w, id).n_deaths, 0);
	for (int i = 0; i < DEATHS_MAX; i++) {
		assert_int_equal(claim(w, 1).n_deliveries, 1);
		begin(w, instance, true);
	}
	assert_int_equal(row(w, id).n_deaths, 0);
	/* Nor is one counted twice, however late the next process comes. */
	assert_int_equal(claim(w, 1).n_deliveries, 1);
	w->now_ms += 10 * LEASE_MS;
	begin(w, instance, false);
	begin(w, instance, false);
	assert_int_equal(row(w, id).n_deaths, 1);
	world_close(w);
}

static void
progress_renews_the_lease(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row x = chat(w, "a");

	post(w, &x, "long", false);
	struct delivery_batch batch = claim(w, 1);

	for (int64_t part = 0; part < 5; part++) {
		w->now_ms += LEASE_MS - 1;
		assert_int_equal(claim(w, 1).n_deliveries, 0);
		assert_string_equal(
		    report(w, batch.deliveries, "sent", part, part == 4, 0),
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
	struct context_row x = chat(w, "a");
	const char *id = post(w, &x, "hello", false);
	struct delivery_batch batch = claim(w, 1);

	report(w, batch.deliveries, "begun", 0, false, 0);
	assert_false(row(w, id).maybe_doubled);
	w->now_ms += LEASE_MS;
	batch = claim(w, 1);
	assert_true(batch.deliveries[0].is_part_uncertain);
	assert_true(row(w, id).maybe_doubled);
	world_close(w);
}

static void
a_retry_follows_the_platform_and_ends_after_a_day(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row x = chat(w, "a");
	const char *id = post(w, &x, "hello", false);
	struct delivery_batch batch = claim(w, 1);

	report(w, batch.deliveries, "begun", 0, false, 0);
	assert_string_equal(
	    report(w, batch.deliveries, "retry", 0, false, 30000), "queued");
	assert_int_equal(claim(w, 1).n_deliveries, 0);
	w->now_ms += 30000;
	batch = claim(w, 1);
	assert_int_equal(batch.n_deliveries, 1);
	assert_false(batch.deliveries[0].is_part_uncertain);
	w->now_ms += GIVE_UP_MS;
	assert_string_equal(
	    report(w, batch.deliveries, "retry", 0, false, 1), "failed");
	assert_string_equal(row(w, id).error, "because");
	assert_int_equal(claim(w, 1).n_deliveries, 0);
	world_close(w);
}

static void
a_refusal_is_a_dead_letter_and_the_next_goes_on(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row x = chat(w, "a");
	const char *id = post(w, &x, "one", false);

	post(w, &x, "two", false);
	struct delivery_batch batch = claim(w, 1);

	assert_string_equal(
	    report(w, batch.deliveries, "refused", 0, false, 0), "failed");
	assert_string_equal(row(w, id).state, "failed");
	batch = claim(w, 1);
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
	const char *id = post(w, &w->context, "hello", false);

	assert_int_equal(claim(w, 10).n_deliveries, 0);
	const struct delivery_result result = { .delivery_id = id,
		.lease = "",
		.outcome = "sent",
		.platform_id = "",
		.reason = "" };

	FAILS(lease_result(w->store, instance, &result, w->now_ms, w->arena,
		  &noted, &w->err),
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
		    chat(w, arena_printf(w->arena, "c%d", i));

		post(w, &x, text, false);
	}
	struct delivery_batch batch = claim(w, 32);

	for (size_t i = 0; i < batch.n_deliveries; i++)
		bytes += 2 * strlen(batch.deliveries[i].text);
	assert_true(batch.n_deliveries >= 1);
	assert_true(batch.has_more);
	assert_true(bytes < 250 * 1024);
	world_close(w);
}

/* How far what was shown of an answer had come when that was made. */
static const struct {
	const char *name;
	const char *outcome; /* of the partial; NULL: nobody has claimed it */
	int64_t retry_after_ms;
	bool waits; /* the answer is behind it */
	const char *edits;
} partials[] = {
	{ "nobody has begun it", NULL, 0, false, "" },
	{ "it is under way", "begun", 0, true, "p1" },
	{ "it is shown", "sent", 0, false, "p1" },
	{ "the platform refused it", "refused", 0, false, "" },
	{ "the platform did not take it", "retry", 60000, false, "" },
};

static struct turn_work
ask(struct world *w, const struct context_row *x)
{
	return (struct turn_work){ .has_message = true,
		.context = *x,
		.message = { .seq = world_say(w, x, "m:7", "why?"),
		    .instance = instance,
		    .platform_id = "7" } };
}

static const char *
answer(struct world *w, const struct turn_work *work)
{
	const struct post_note note = { .context = &work->context,
		.instance = instance,
		.in_reply_to_seq = work->message.seq,
		.reply_to_id = work->message.platform_id,
		.text = "because",
		.is_handled = true };
	char id[ID_UUID_SIZE];

	DONE(store_begin(w->store, &w->err));
	DONE(post_add(w->store, &note, w->now_ms, id, &w->err));
	DONE(store_commit(w->store, &w->err));
	return arena_strdup(w->arena, id);
}

static void
watch(struct world *w, size_t i, const struct turn_work *work)
{
	struct delivery_batch shown;

	DONE(partials_post(w->store, work, "beca …", w->now_ms, &w->err));
	if (!partials[i].outcome)
		return;
	shown = claim(w, 10);
	assert_int_equal(shown.n_deliveries, 1);
	assert_true(shown.deliveries[0].is_partial);
	assert_string_equal(shown.deliveries[0].reply_to_id, "7");
	report(w, &shown.deliveries[0], partials[i].outcome, 0, true,
	    partials[i].retry_after_ms);
}

static void
an_answer_takes_the_place_of_what_was_shown_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(partials); i++) {
		struct world world, *w = &world;
		struct context_row x;
		struct turn_work work;
		struct delivery_batch batch;
		const char *id;

		print_message("%s\n", partials[i].name);
		world_open(w);
		x = chat(w, "a");
		work = ask(w, &x);
		watch(w, i, &work);
		id = answer(w, &work);
		batch = claim(w, 10);
		if (partials[i].waits) {
			assert_int_equal(batch.n_deliveries, 0);
			w->now_ms += LEASE_MS + 1;
			batch = claim(w, 10);
			report(w, &batch.deliveries[0], "sent", 0, true, 0);
			batch = claim(w, 10);
		}
		assert_int_equal(batch.n_deliveries, 1);
		assert_string_equal(batch.deliveries[0].delivery_id, id);
		assert_string_equal(
		    batch.deliveries[0].edit_id, partials[i].edits);
		assert_true(batch.deliveries[0].shows_anew);
		assert_false(batch.deliveries[0].is_partial);
		assert_string_equal(batch.deliveries[0].text, "because");
		world_close(w);
	}
}

static void
a_turn_begins_one_and_finds_it_again(void **state)
{
	struct world world, *w = &world;
	const char *at = NULL;

	(void)state;
	world_open(w);
	struct context_row x = chat(w, "a");
	struct turn_work work = ask(w, &x);

	OTHER(partials_find(w->store, &work, w->arena, &at, &w->err));
	DONE(partials_post(w->store, &work, "a …", w->now_ms, &w->err));
	DONE(partials_find(w->store, &work, w->arena, &at, &w->err));
	assert_string_equal(at, "");
	assert_int_equal(
	    partials_post(w->store, &work, "b …", w->now_ms, &w->err), -1);
	struct delivery_batch shown = claim(w, 10);

	report(w, &shown.deliveries[0], "sent", 0, true, 0);
	world_reopen(w);
	DONE(partials_find(w->store, &work, w->arena, &at, &w->err));
	assert_string_equal(at, "p1");
	/* The chat log has the question and will have the answer. */
	assert_string_equal(row(w, shown.deliveries[0].delivery_id).text, "");
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
		cmocka_unit_test(a_new_process_goes_on_at_once),
		cmocka_unit_test(what_three_processes_died_with_is_set_aside),
		cmocka_unit_test(a_suspect_waits_for_what_is_under_way),
		cmocka_unit_test(a_suspect_waits_for_an_update),
		cmocka_unit_test(only_a_death_while_it_was_leased_counts),
		cmocka_unit_test(progress_renews_the_lease),
		cmocka_unit_test(
		    an_uncertain_part_is_counted_where_repeats_are_not_recognised),
		cmocka_unit_test(
		    a_retry_follows_the_platform_and_ends_after_a_day),
		cmocka_unit_test(
		    a_refusal_is_a_dead_letter_and_the_next_goes_on),
		cmocka_unit_test(another_instances_rows_are_not_there),
		cmocka_unit_test(many_long_texts_fit_an_envelope),
		cmocka_unit_test(
		    an_answer_takes_the_place_of_what_was_shown_of_it),
		cmocka_unit_test(a_turn_begins_one_and_finds_it_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
