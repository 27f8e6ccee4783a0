/* Opens the room turn/ and lets its loop run. */

#include "tests/unit/task-engine-turn/room.h"

#include "tests/unit/unit.h"

#include <stdio.h>

#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "services/task-engine/llm/budget.h"
#include "services/task-engine/store/traces.h"
#include "services/task-engine/turn/turns.h"
#include "tests/unit/task-engine-turn/world.h"

int
store_trace_turn_put(struct store *store, int64_t turn_id, const char *trace,
    int64_t now_ms, struct err *err)
{
	(void)store;
	(void)turn_id;
	(void)now_ms;
	(void)err;
	snprintf(world.trace, sizeof(world.trace), "%s", trace);
	return 0;
}

static struct budgets own_budgets;
struct budgets *room_budgets = &own_budgets;
struct turns *turns;
static struct loop *loop;

static void
stop_loop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

void
room_settle(int64_t ms)
{
	struct timer *timer = timer_new(loop, stop_loop, NULL);

	timer_start(timer, ms, 0);
	loop_run(loop);
	timer_free(&timer);
}

void
room_open_turns(void)
{
	struct turns_options options = { .loop = loop,
		.budgets = room_budgets,
		.cfg = &world.cfg,
		.workspace_root = "/nonexistent" };
	struct err err;

	*room_budgets = (struct budgets){ .cfg = &world.cfg };
	if (turns_open(&turns, &options, &err) < 0)
		fail_msg("%s", err.text);
}

void
room_enter(bool has_model)
{
	world_reset(has_model);
	room_open_turns();
}

void
room_wake(void)
{
	turns_wake(turns);
	room_settle(0);
}

void
room_ask(enum turn_kind kind)
{
	world_queue(kind, "as you said, do it");
	room_wake();
	assert_int_equal(world.n_calls, 1);
}

void
room_want(size_t call, const char *name, const char *arguments)
{
	const struct llm_want one = { "c1", name, arguments };

	world_model_wants(call, &one, 1);
}

int
room_leave(void **state)
{
	(void)state;
	turns_close(&turns);
	return 0;
}

int
room_open(void **state)
{
	struct err err;

	(void)state;
	return loop_open(&loop, &err);
}

int
room_close(void **state)
{
	(void)state;
	loop_close(&loop);
	return 0;
}
