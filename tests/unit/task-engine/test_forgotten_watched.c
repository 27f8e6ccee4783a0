/* An answer that is watched while it is made is forgotten, wherever it is. */

#include "services/task-engine/store/forgotten.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "proto/delivery.h"
#include "services/task-engine/delivery/partials.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/turns.h"
#include "tests/unit/task-engine/postbox.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

#define NO_WORDS "\xe2\x80\xa6"

/* A question whose answer is watched while it is made. */
struct watched {
	struct turn_work work;
	const char *partial_id;
	struct delivery shown; /* what was claimed of it */
};

/* As the gateway reads it. */
static struct delivery_batch
claim(struct world *w)
{
	struct delivery_batch batch = postbox_claim(w, 9), read;
	AUTO(buf_release)
	struct buf body = { 0 };
	AUTO(json_free)
	struct json *json = NULL;

	buf_init(&body);
	delivery_batch_encode(&batch, &body);
	DONE(json_parse(&json, body.data, body.size, &w->err));
	DONE(delivery_batch_decode(&read, json, w->arena, &w->err));
	return read;
}

static void
report(struct world *w, const struct delivery *d, const char *outcome,
    bool is_last)
{
	assert_string_not_equal(
	    postbox_report(w, d, outcome, 0, is_last, 0), "stale");
}

static void
stays_queued(struct world *w, struct watched *on)
{
	(void)w;
	(void)on;
}

static void
is_begun(struct world *w, struct watched *on)
{
	on->shown = claim(w).deliveries[0];
	report(w, &on->shown, "begun", false);
}

static void
is_to_be_tried_again(struct world *w, struct watched *on)
{
	is_begun(w, on);
	report(w, &on->shown, "retry", false);
	w->now_ms += INT64_C(60) * 1000;
}

static void
is_shown(struct world *w, struct watched *on)
{
	on->shown = claim(w).deliveries[0];
	report(w, &on->shown, "sent", true);
}

static void
watch(struct world *w, struct watched *on)
{
	struct outbox_row row;
	int64_t seq;

	on->work.context =
	    world_context(w, "telegram", "here", "community", "harbour");
	seq = world_say(w, &on->work.context, "q", "canary");
	on->work.message = world_said(w, seq);
	on->work.has_message = true;
	DONE(
	    partials_post(w->store, &on->work, "canary …", w->now_ms, &w->err));
	DONE(store_outbox_partial(w->store, seq, w->arena, &row, &w->err));
	on->partial_id = row.id;
}

/* As /forget does: why it ends stands in its place, then all is forgotten. */
static const char *
stop_and_forget(struct world *w, struct watched *on)
{
	const struct post_note note = {
		.context = &on->work.context,
		.in_reply_to_seq = on->work.message.seq,
		.text = "Stopped.",
	};
	struct forgetting what = {
		.context_id = on->work.context.id,
		.said_by = "",
	};
	struct forgotten gone;
	char id[ID_UUID_SIZE];

	what.before_seq = world_say(w, &on->work.context, "end", "/forget");
	DONE(store_begin(w->store, &w->err));
	DONE(post_add(w->store, &note, w->now_ms, id, &w->err));
	OTHER(store_forget_slice(
	    w->store, &what, FORGET_SLICE, w->arena, &gone, &w->err));
	DONE(store_commit(w->store, &w->err));
	return arena_strdup(w->arena, id);
}

static const struct {
	const char *claim;
	void (*come)(struct world *w, struct watched *on);
	bool is_edited; /* the reason takes the place of what is shown */
} scenes[] = {
	{ "it waits", stays_queued, false },
	{ "it is being sent", is_begun, true },
	{ "it is sent again", is_to_be_tried_again, true },
	{ "it is shown", is_shown, true },
};

/* Whatever of it was on its way goes out without words, and the reason behind
 * it. */
static const struct delivery *
last_out(struct world *w, const struct watched *on)
{
	struct delivery_batch batch = claim(w);

	if (batch.n_deliveries == 1 &&
	    strcmp(batch.deliveries[0].delivery_id, on->partial_id) == 0) {
		assert_string_equal(batch.deliveries[0].text, NO_WORDS);
		report(w, &batch.deliveries[0], "sent", true);
		batch = claim(w);
	}
	assert_int_equal(batch.n_deliveries, 1);
	return &batch.deliveries[0];
}

static void
what_is_watched_goes_and_its_end_takes_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(scenes); i++) {
		struct world world, *w = &world;
		struct watched on = { 0 };
		struct outbox_row row;
		const struct delivery *out;
		const char *end;

		world_open(w);
		watch(w, &on);
		scenes[i].come(w, &on);
		end = stop_and_forget(w, &on);
		assert_string_equal(
		    world_said(w, on.work.message.seq).text, "");
		DONE(store_outbox_get(
		    w->store, on.partial_id, w->arena, &row, &w->err));
		assert_null(strstr(row.text, "canary"));
		DONE(store_outbox_get(w->store, end, w->arena, &row, &w->err));
		assert_string_equal(
		    world_said(w, row.message_seq).text, "Stopped.");
		if (strcmp(row.text, "Stopped.") != 0)
			fail_msg("%s: %s", scenes[i].claim, row.text);
		/* What the gateway has in hand it tells now. */
		if (scenes[i].come == is_begun)
			report(w, &on.shown, "sent", true);
		out = last_out(w, &on);
		assert_string_equal(out->text, "Stopped.");
		if ((strcmp(out->edit_id, "p1") == 0) != scenes[i].is_edited)
			fail_msg("%s: %s", scenes[i].claim, out->edit_id);
		world_close(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_watched_goes_and_its_end_takes_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
