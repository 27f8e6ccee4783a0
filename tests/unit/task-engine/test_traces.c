/* Rows of traces: kept once, found by what leads to them, taken away. */

#include "services/task-engine/store/traces.h"

#include <string.h>

#include "libcommon/arena.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/turns.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

enum { LIMIT = 5 };

static int64_t
say(struct world *w, const char *event_id)
{
	return world_say(w, &w->context, event_id, "hello");
}

static int64_t
queue(struct world *w, int64_t message_seq)
{
	const struct turn_new turn = {
		.kind = TURN_ANSWER,
		.workspace_id = w->context.workspace_id,
		.context_id = w->context.id,
		.message_seq = message_seq,
		.priority = 2,
	};
	int64_t id;

	DONE(store_begin(w->store, &w->err));
	DONE(store_turn_add(w->store, &turn, w->now_ms, &id, &w->err));
	DONE(store_commit(w->store, &w->err));
	return id;
}

static void
put(struct world *w, int64_t seq, int64_t turn_id, const char *text)
{
	DONE(store_begin(w->store, &w->err));
	DONE(store_trace_heard_put(w->store, seq, text, w->now_ms, &w->err));
	DONE(store_trace_turn_put(w->store, turn_id, text, w->now_ms, &w->err));
	DONE(store_commit(w->store, &w->err));
}

static void
the_last_of_a_turn_stays(void **state)
{
	struct world world, *w = &world;
	struct traced_turn *rows;
	const char *heard;
	int64_t seq, turn_id;
	size_t n;

	(void)state;
	world_open(w);
	seq = say(w, "1");
	turn_id = queue(w, seq);
	OTHER(store_trace_heard(w->store, seq, w->arena, &heard, &w->err));
	DONE(store_traced_turns(w->store, &(struct traced_of){ seq, "", 0 },
	    LIMIT, w->arena, &rows, &n, &w->err));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].state, "queued");
	assert_string_equal(rows[0].trace, "");
	put(w, seq, turn_id, "{\"a\":1}");
	put(w, seq, turn_id, "{\"a\":2}");
	DONE(store_trace_heard(w->store, seq, w->arena, &heard, &w->err));
	assert_string_equal(heard, "{\"a\":2}");
	DONE(store_traced_turns(w->store, &(struct traced_of){ 0, "", turn_id },
	    LIMIT, w->arena, &rows, &n, &w->err));
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].trace, "{\"a\":2}");
	world_close(w);
}

static void
a_message_is_found_by_its_names(void **state)
{
	struct world world, *w = &world;
	struct named_message *rows;
	int64_t seq, answered;
	size_t n;

	(void)state;
	world_open(w);
	(void)say(w, "m:1");
	seq = say(w, "m:2");
	DONE(store_messages_named(
	    w->store, "m:2", w->arena, &rows, &n, &w->err));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].seq, seq);
	DONE(store_messages_named(
	    w->store, "m:3", w->arena, &rows, &n, &w->err));
	assert_int_equal(n, 0);
	DONE(store_message_answered(w->store, seq, &answered, &w->err));
	assert_int_equal(answered, 0);
	world_close(w);
}

static size_t
tidy(struct world *w, int64_t before_ms, int64_t keep, int64_t limit)
{
	int64_t n;

	DONE(store_begin(w->store, &w->err));
	DONE(store_traces_tidy(w->store, before_ms, keep, limit, &n, &w->err));
	DONE(store_commit(w->store, &w->err));
	return (size_t)n;
}

/* By age, by number, and never more at once than was asked for. */
static void
the_old_are_taken_away(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	for (int i = 0; i < 4; i++) {
		int64_t seq = say(w, (const char *[]){ "1", "2", "3", "4" }[i]);

		put(w, seq, queue(w, seq), "{}");
		w->now_ms += 1000;
	}
	assert_int_equal(tidy(w, w->now_ms - 4000, 100, 10), 0);
	assert_int_equal(tidy(w, w->now_ms - 3000, 100, 10), 2);
	assert_int_equal(tidy(w, w->now_ms, 100, 1), 2);
	assert_int_equal(tidy(w, 0, 1, 10), 2);
	assert_int_equal(tidy(w, 0, 1, 10), 0);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_of_a_turn_stays),
		cmocka_unit_test(a_message_is_found_by_its_names),
		cmocka_unit_test(the_old_are_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
