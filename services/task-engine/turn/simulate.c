/* A turn without an effect, which tells what it would have been. */

#include <stdlib.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "proto/trace.h"
#include "services/task-engine/config.h"
#include "services/task-engine/turn/turn.h"
#include "services/task-engine/turn/turns.h"
#include "services/task-engine/turn/usage.h"

void
turn_simulated(struct turn *turn, const char *reply,
    const struct llm_want *wants, size_t n_wants)
{
	struct trace_turn trace;
	const struct turn_simulated was = {
		.trace = &trace,
		.tools = turn->talk.tools,
		.n_tools = turn->talk.n_tools,
		.reply = reply,
		.wants = wants,
		.n_wants = n_wants,
	};

	usage_keep(turn);
	turn_trace(turn, &trace);
	turn->simulation.fn(turn->simulation.arg, &was);
	DL_DELETE(turn->turns->simulated, turn);
	turn_free(turn);
}

/* Once whoever asks is known to wait for it. */
static void
start(void *arg)
{
	struct turn *turn = arg;

	turn->plan = knowledge_decide(turn->text);
	turn_ground(turn);
}

/* As if it were the newest message there. */
static struct turn_work
work_of(const struct simulation *s)
{
	return (struct turn_work){
		.kind = TURN_ANSWER,
		.attempts = 1,
		.context = *s->context,
		.has_message = true,
		.message = {
			.seq = INT64_MAX,
			.instance = s->context->instance,
			.chat_id = s->context->external_id,
			.event_id = "",
			.direction = "inbound",
			.workspace_id = s->context->workspace_id,
			.context_id = s->context->id,
			.actor = s->asker->external_id,
			.actor_name = s->asker->name,
			.said_by = s->asker->name,
			.said_as = s->role,
			.platform_id = "",
			.reply_to_id = "",
			.text = s->text,
			.body_sha256 = "",
			.cause = "",
			.is_addressed = true,
		},
	};
}

int
turns_simulate(struct turns *turns, struct arena **arena,
    const struct simulation *simulation, struct err *err)
{
	struct turn *turn;
	int n;

	DL_COUNT(turns->simulated, turn, n);
	if (n >= TURNS_SIMULATED_MAX)
		return err_set(
		    err, ERR_BUSY, "as many are simulated now as may be");
	turn = xcalloc(1, sizeof(*turn));
	turn->turns = turns;
	turn->is_simulated = true;
	turn->simulation = *simulation;
	turn->work = work_of(simulation);
	turn->asker = *simulation->asker;
	turn->text = turn->work.message.text;
	turn->limits = turn_limits_of(turns->options.cfg, TURN_ANSWER);
	turn->notes.began_mono_ms = clock_mono_ms();
	turn->deadline_mono_ms =
	    turn->notes.began_mono_ms + turn->limits.duration_ms;
	turn->arena = STEAL(*arena);
	turn->retry = timer_new(turns->options.loop, start, turn);
	DL_APPEND(turns->simulated, turn);
	timer_start(turn->retry, 0, 0);
	return 0;
}
