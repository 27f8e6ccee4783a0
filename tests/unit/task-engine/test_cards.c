/* Cards turn into their outcome: those that are known, and one that is not. */

#include "services/task-engine/delivery/cards.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "proto/delivery.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/log_files.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static const char instance[] = "telegram.main";

static void
post_card(struct world *w, const char *action_id)
{
	const struct post_note note = {
		.context = &w->context,
		.text = "Shall it run?",
		.action_id = action_id,
		.has_buttons = true,
	};
	char id[ID_UUID_SIZE];

	DONE(post_add(w->store, &note, w->now_ms, id, &w->err));
}

static struct delivery_batch
claim(struct world *w)
{
	struct delivery_batch batch = { 0 };
	char id[ID_UUID_SIZE];

	id_uuid(id);
	DONE(lease_claim(w->store,
	    &(struct claim){
		instance, arena_strdup(w->arena, id), 9, w->now_ms },
	    w->arena, &batch, &w->err));
	return batch;
}

static void
report(struct world *w, const struct delivery *d, const char *outcome,
    int64_t part, const char *platform_id)
{
	const struct delivery_result result = {
		.delivery_id = d->delivery_id,
		.lease = d->lease,
		.outcome = outcome,
		.part = part,
		.is_last = true,
		.platform_id = platform_id,
		.reason = "no answer",
	};
	struct delivery_noted noted;

	DONE(lease_result(
	    w->store, instance, &result, w->now_ms, w->arena, &noted, &w->err));
	assert_string_not_equal(noted.state, "stale");
}

static void
begin(struct world *w)
{
	world_open(w);
	w->context = world_context(w, "telegram", "a", "community", "a");
	DONE(store_begin(w->store, &w->err));
}

static void
end(struct world *w)
{
	store_rollback(w->store);
	world_close(w);
}

/* Begins its last part, and says what became of it, if anybody knows. */
static void
send_card(struct world *w, const char *outcome, const char *platform_id)
{
	const struct delivery_batch batch = claim(w);

	assert_int_equal(batch.n_deliveries, 1);
	assert_string_not_equal(batch.deliveries[0].action_id, "");
	report(w, &batch.deliveries[0], "begun", 1, "");
	report(w, &batch.deliveries[0], outcome, 1, platform_id);
}

static void
lose_card(struct world *w)
{
	send_card(w, "retry", "");
	w->now_ms += LEASE_MS;
}

/* If it was sent twice, another is shown of which nobody has heard. */
static void
show_card(struct world *w, const char *action_id, const char *platform_id,
    bool is_twice)
{
	post_card(w, action_id);
	if (is_twice)
		lose_card(w);
	send_card(w, "sent", platform_id);
}

/* "<id>:<what it becomes>" of each message that is changed. */
static const char *
changes(struct world *w)
{
	const char *out = "";
	struct delivery_batch batch = claim(w);

	while (batch.n_deliveries > 0) {
		const struct delivery *d = &batch.deliveries[0];
		const char *outcome = strstr(d->text, "\n\n");

		assert_int_equal(d->edit_part, 1);
		assert_string_equal(d->action_id, "");
		assert_non_null(outcome);
		assert_memory_equal(d->text, "Shall it run?", 13);
		out = arena_printf(
		    w->arena, "%s%s:%s ", out, d->edit_id, outcome + 2);
		report(w, d, "sent", 1, d->edit_id);
		batch = claim(w);
	}
	return out;
}

static void
press(struct world *w, const char *chat_id, const char *platform_id,
    const char *outcome)
{
	const struct outbox_copy pressed = {
		.instance = instance,
		.chat_id = chat_id,
		.action_id = "act_1",
		.platform_id = platform_id,
	};

	DONE(cards_turn_pressed(
	    w->store, &pressed, outcome, w->now_ms, w->arena, &w->err));
}

/* How often the chat logs have it. */
static int
n_logged(struct world *w, const char *text)
{
	struct log_line *lines;
	size_t n;
	int n_found = 0;

	DONE(store_log_lines(w->store, 0, 100, w->arena, &lines, &n, &w->err));
	for (size_t i = 0; i < n; i++)
		n_found += strcmp(lines[i].text, text) == 0;
	return n_found;
}

static const struct {
	const char *name;
	bool is_twice;
	const char *chat_id, *platform_id;
	const char *changes, *later;
} presses[] = {
	{ "the one that is known", true, "a", "10", "", "10:later " },
	{ "one of which nobody has heard", true, "a", "9", "9:done ",
	    "10:later 9:later " },
	{ "another message of a card sent once", false, "a", "9", "",
	    "10:later " },
	{ "one in a chat without that card", true, "b", "9", "", "10:later " },
};

static void
a_card_that_nobody_knows_of_turns_when_it_is_pressed(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(presses); i++) {
		struct world world, *w = &world;

		print_message("%s\n", presses[i].name);
		begin(w);
		show_card(w, "act_1", "10", presses[i].is_twice);
		for (int n = 0; n < 2; n++)
			press(w, presses[i].chat_id, presses[i].platform_id,
			    "done");
		assert_string_equal(changes(w), presses[i].changes);
		DONE(cards_turn(
		    w->store, "act_1", "later", w->now_ms, w->arena, &w->err));
		assert_string_equal(changes(w), presses[i].later);
		assert_int_equal(n_logged(w, "later"), 1);
		end(w);
	}
}

static void
it_turns_though_it_is_pressed_before_it_is_sent_again(void **state)
{
	struct world world, *w = &world;

	(void)state;
	begin(w);
	post_card(w, "act_1");
	lose_card(w);
	press(w, "a", "9", "done");
	send_card(w, "sent", "10");
	assert_string_equal(changes(w), "9:done ");
	end(w);
}

/* A press says that it was settled: in other words, and of the same. */
static const struct {
	const char *name, *pressed;
	const char *changes;
} outcomes[] = {
	{ "in the same words", "done", "10:done 9:done " },
	{ "in other words", "was done", "10:done 9:was done " },
};

static void
the_log_says_once_what_became_of_a_card_that_is_shown_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(outcomes); i++) {
		struct world world, *w = &world;

		print_message("%s\n", outcomes[i].name);
		begin(w);
		show_card(w, "act_1", "10", true);
		DONE(cards_turn(
		    w->store, "act_1", "done", w->now_ms, w->arena, &w->err));
		press(w, "a", "9", outcomes[i].pressed);
		assert_string_equal(changes(w), outcomes[i].changes);
		assert_int_equal(
		    n_logged(w, "done") + n_logged(w, "was done"), 1);
		end(w);
	}
}

/* Its message cannot be changed, whoever knows of it. */
static void
a_connector_that_cannot_edit_is_handed_no_edit(void **state)
{
	struct world world, *w = &world;

	(void)state;
	begin(w);
	w->context.connector = "imap";
	show_card(w, "act_1", "10", true);
	press(w, "a", "9", "done");
	DONE(cards_turn(
	    w->store, "act_1", "later", w->now_ms, w->arena, &w->err));
	assert_int_equal(claim(w).n_deliveries, 0);
	end(w);
}

/* A client may name any message of the bot. */
static void
a_press_does_not_turn_the_card_of_another_action(void **state)
{
	struct world world, *w = &world;

	(void)state;
	begin(w);
	show_card(w, "act_1", "10", true);
	show_card(w, "act_2", "11", false);
	press(w, "a", "11", "done");
	assert_string_equal(changes(w), "");
	end(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_card_that_nobody_knows_of_turns_when_it_is_pressed),
		cmocka_unit_test(
		    it_turns_though_it_is_pressed_before_it_is_sent_again),
		cmocka_unit_test(
		    the_log_says_once_what_became_of_a_card_that_is_shown_twice),
		cmocka_unit_test(
		    a_connector_that_cannot_edit_is_handed_no_edit),
		cmocka_unit_test(
		    a_press_does_not_turn_the_card_of_another_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
