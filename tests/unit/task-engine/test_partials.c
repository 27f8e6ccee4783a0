/* An answer takes the place of what was shown of it. */

#include "services/task-engine/delivery/partials.h"

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/turns.h"
#include "tests/unit/task-engine/postbox.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

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
		    .instance = postbox_instance,
		    .platform_id = "7" } };
}

static const char *
answer(struct world *w, const struct turn_work *work)
{
	const struct post_note note = { .context = &work->context,
		.instance = postbox_instance,
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
	shown = postbox_claim(w, 10);
	assert_int_equal(shown.n_deliveries, 1);
	assert_true(shown.deliveries[0].is_partial);
	assert_string_equal(shown.deliveries[0].reply_to_id, "7");
	postbox_report(w, &shown.deliveries[0], partials[i].outcome, 0, true,
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
		x = postbox_chat(w, "a");
		work = ask(w, &x);
		watch(w, i, &work);
		id = answer(w, &work);
		batch = postbox_claim(w, 10);
		if (partials[i].waits) {
			assert_int_equal(batch.n_deliveries, 0);
			w->now_ms += LEASE_MS + 1;
			batch = postbox_claim(w, 10);
			postbox_report(
			    w, &batch.deliveries[0], "sent", 0, true, 0);
			batch = postbox_claim(w, 10);
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
	struct context_row x = postbox_chat(w, "a");
	struct turn_work work = ask(w, &x);

	OTHER(partials_find(w->store, &work, w->arena, &at, &w->err));
	DONE(partials_post(w->store, &work, "a …", w->now_ms, &w->err));
	DONE(partials_find(w->store, &work, w->arena, &at, &w->err));
	assert_string_equal(at, "");
	assert_int_equal(
	    partials_post(w->store, &work, "b …", w->now_ms, &w->err), -1);
	struct delivery_batch shown = postbox_claim(w, 10);

	postbox_report(w, &shown.deliveries[0], "sent", 0, true, 0);
	world_reopen(w);
	DONE(partials_find(w->store, &work, w->arena, &at, &w->err));
	assert_string_equal(at, "p1");
	/* The chat log has the question and will have the answer. */
	assert_string_equal(
	    postbox_row(w, shown.deliveries[0].delivery_id).text, "");
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_answer_takes_the_place_of_what_was_shown_of_it),
		cmocka_unit_test(a_turn_begins_one_and_finds_it_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
