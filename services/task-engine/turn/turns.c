/* Which turns run: claims them, ends them, and takes the next. */

#include "services/task-engine/turn/turns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/confidence.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/people/actors.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/turn/routed.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"
#include "services/task-engine/turn/usage.h"

enum {
	/* without a model a turn is a search: many fit */
	MAX_WITHOUT_MODEL = 64,
	/* rows of the store, hits, excerpts, prompts, answers, results */
	TURN_ARENA_BYTES = 64 * 1024 * 1024,
	FALLBACKS_ARENA_BYTES = 64 * 1024,
	TRIES_BEFORE_ANOTHER = 2,
	/* a store that cannot commit is asked again after that */
	RETRY_MS = 1000,
};

static int
open_one(struct turns *turns, struct llm_options *options, struct err *err)
{
	const struct engine_cfg *cfg = turns->options.cfg;

	options->timeout_ms = cfg->llm_timeout_s * 1000;
	options->max_output_tokens = cfg->llm_max_output_tokens;
	options->max_concurrent = cfg->llm_max_concurrent;
	options->tools = (enum llm_tools)cfg->llm_tools;
	options->streams = cfg->llm_streams;
	if (llm_open(&turns->models[turns->n_models].llm, turns->options.loop,
		options, err) < 0)
		return -1;
	turns->n_models++;
	return 0;
}

/* Where there is another one, it is not waited for long. */
static int
open_models(struct turns *turns, struct err *err)
{
	const struct engine_cfg *cfg = turns->options.cfg;
	AUTO(arena_free)
	struct arena *arena = arena_new(FALLBACKS_ARENA_BYTES);
	struct llm_fallback *more;
	size_t n_more;
	struct llm_options options = {
		.provider = engine_cfg_provider(cfg),
		.base_url = cfg->llm_base_url,
		.api_key = cfg->llm_api_key,
		.model = cfg->llm_model,
		.ca_file = cfg->llm_ca_file,
	};

	if (!engine_cfg_has_model(cfg) || !cfg->llm_enabled)
		return 0;
	if (llm_fallbacks_parse(cfg->llm_fallbacks, cfg->llm_fallback_keys,
		arena, &more, &n_more, err) < 0)
		return -1;
	options.max_tries = n_more ? TRIES_BEFORE_ANOTHER : 0;
	if (open_one(turns, &options, err) < 0)
		return -1;
	for (size_t i = 0; i < n_more; i++) {
		struct llm_options other = {
			.provider = more[i].provider,
			.base_url = more[i].base_url,
			.api_key = more[i].api_key,
			.model = more[i].model,
			.ca_file = cfg->llm_ca_file,
			.max_tries = i + 1 < n_more ? TRIES_BEFORE_ANOTHER : 0,
		};

		if (open_one(turns, &other, err) < 0)
			return -1;
	}
	turns->llm = turns->models[0].llm;
	return 0;
}

void
turn_free(struct turn *turn)
{
	turn_ground_forget(turn);
	llm_cancel(&turn->call);
	usage_leave(turn);
	timer_free(&turn->retry);
	arena_free(&turn->arena);
	free(turn);
}

static void
turn_remove(struct turn *turn)
{
	struct turns *turns = turn->turns;

	DL_DELETE(turns->running, turn);
	turns->n_running--;
	turn_progress_end(turn);
	if (turn->work.kind == TURN_TASK)
		turns->n_tasks--;
	turn_free(turn);
}

static void
try_to_end(void *arg)
{
	struct turn *turn = arg;
	struct turns *turns = turn->turns;
	struct err err;
	int rc;

	turn->outcome.policies = &turns->policies;
	rc = finish_turn(turns->options.store, &turn->work, &turn->outcome,
	    clock_unix_ms(), &err);
	if (rc < 0) {
		/* The answer was paid for: it is kept until it can be said. */
		log_warn("turn-not-ended", "turn=%" PRId64 " why=%s",
		    turn->work.turn_id, log_quote(err.text));
		timer_start(turn->retry, RETRY_MS, 0);
		return;
	}
	turn_remember(turn);
	turn_remove(turn);
	turns_wake(turns);
}

/* A question that got no answer is left to people. */
static void
leave_to_people(struct turn *turn)
{
	const struct engine_cfg *cfg = turn->turns->options.cfg;
	struct routed *row =
	    routed_unanswered(cfg, &turn->work, clock_unix_ms(), turn->arena);

	if (row && routed_is_guest(&turn->asker))
		row->guest_rows = cfg->guest_rows_a_day;
	turn->outcome.unanswered = row;
}

void
turn_end(struct turn *turn, const struct turn_outcome *outcome)
{
	if (turn->is_simulated) {
		turn_simulated(turn, outcome->text, NULL, 0);
		return;
	}
	turn->outcome = *outcome;
	if (!outcome->is_ok && !turn->is_unasked)
		leave_to_people(turn);
	try_to_end(turn);
}

/* A task runs as long as autonomous work may, an answer as a person waits. */
struct turn_limits
turn_limits_of(const struct engine_cfg *cfg, enum turn_kind kind)
{
	if (kind == TURN_TASK)
		return (struct turn_limits){
			.duration_ms = 1000 * cfg->agent_autonomous_max_turn_s,
			.max_steps = cfg->agent_autonomous_max_steps,
			.max_calls = cfg->agent_autonomous_max_calls,
			.min_confidence = confidence_parse(
			    cfg->agent_autonomous_min_confidence),
		};
	return (struct turn_limits){
		.duration_ms = 1000 * cfg->agent_max_turn_s,
		.max_steps = cfg->agent_max_steps,
		.max_calls = cfg->agent_max_calls,
		.min_confidence = confidence_parse(cfg->agent_min_confidence),
	};
}

int
turn_find_asker(struct turn *turn, struct err *err)
{
	const struct turn_work *work = &turn->work;
	bool is_task = work->kind == TURN_TASK;

	return people_asker(turn->turns->options.people,
	    is_task ? work->task.asked_by : work->message.said_by,
	    is_task ? work->task.asked_as : work->message.said_as, turn->arena,
	    &turn->asker, err);
}

/* Nothing is done for one who is gone. */
static void
end_unasked(struct turn *turn)
{
	turn->is_unasked = true;
	turn_end_refused(turn,
	    "Not done: whoever asked for this has no access any more.",
	    "whoever asked for it has no access any more");
}

/* A store that cannot be read is no reason to guess: later, perhaps. */
static void
give_back(struct turn *turn, const struct err *why)
{
	int64_t now_ms = clock_unix_ms();
	struct err err;

	log_warn("asker-unread", "turn=%" PRId64 " why=%s", turn->work.turn_id,
	    log_quote(why->text));
	if (requeue_turn(turn->turns->options.store, &turn->work,
		now_ms + RETRY_MS, why->text, now_ms, &err) < 0)
		log_warn("turn-not-requeued", "turn=%" PRId64 " why=%s",
		    turn->work.turn_id, log_quote(err.text));
	turn_remove(turn);
}

static void
say_began(const struct turn *turn)
{
	const struct turns *turns = turn->turns;
	struct err err;

	if (tell_began(turns->options.store, &turn->work, &turns->policies,
		clock_unix_ms(), &err) < 0)
		log_warn("beginning-not-said", "turn=%" PRId64 " why=%s",
		    turn->work.turn_id, log_quote(err.text));
}

static void
turn_start(
    struct turns *turns, struct arena *arena, const struct turn_work *work)
{
	struct turn *turn = xcalloc(1, sizeof(*turn));
	struct err err;
	int got;

	turn->turns = turns;
	turn->arena = arena;
	turn->work = *work;
	turn->text = work->kind == TURN_TASK ? work->task.task.prompt
					     : work->message.text;
	turn->limits = turn_limits_of(turns->options.cfg, work->kind);
	turn->notes.began_mono_ms = clock_mono_ms();
	turn->notes.waited_ms = clock_unix_ms() - work->created_ms;
	turn->deadline_mono_ms =
	    turn->notes.began_mono_ms + turn->limits.duration_ms;
	turn->retry = timer_new(turns->options.loop, try_to_end, turn);
	DL_APPEND(turns->running, turn);
	turns->n_running++;
	if (work->kind == TURN_TASK)
		turns->n_tasks++;
	got = turn_find_asker(turn, &err);
	if (got != 0) {
		got < 0 ? give_back(turn, &err) : end_unasked(turn);
		return;
	}
	turn_progress_begin(turn);
	say_began(turn);
	blame_set(work->turn_id);
	turn->plan = knowledge_decide(turn->text);
	blame_clear();
	log_debug("turn-planned", "turn=%" PRId64 " strategy=%s why=%s",
	    work->turn_id, knowledge_strategy_name(turn->plan.strategy),
	    turn->plan.reason);
	turn_ground(turn);
}

int64_t
turns_places(const struct turns *turns)
{
	return turns->llm ? turns->options.cfg->llm_max_concurrent
			  : MAX_WITHOUT_MODEL;
}

/*
 * What may be claimed now. Tasks may run for twenty minutes, so a quarter of
 * the places is kept for answers.
 */
static unsigned
claimable(const struct turns *turns)
{
	int64_t places = turns_places(turns);
	unsigned kinds = 0;

	if (turns->n_running < places)
		kinds |= 1u << TURN_ANSWER;
	if (turns->n_running < places && turns->n_tasks < places - places / 4)
		kinds |= 1u << TURN_TASK;
	return kinds;
}

/* Claims one; false when there is nothing to claim now. */
static bool
claim_one(struct turns *turns)
{
	const struct turns_options *o = &turns->options;
	AUTO(arena_free)
	struct arena *arena = NULL;
	unsigned kinds = claimable(turns);
	int64_t now_ms = clock_unix_ms(), next_ms = 0;
	struct turn_work work;
	struct err err;
	int rc;

	if (kinds == 0)
		return false;
	arena = arena_new(TURN_ARENA_BYTES);
	rc = store_turn_claim(o->store, kinds, o->cfg->default_concurrency,
	    now_ms, arena, &work, &next_ms, &err);
	if (rc == 0) {
		turn_start(turns, STEAL(arena), &work);
		return true;
	}
	if (rc < 0) {
		log_warn("turn-not-claimed", "why=%s", log_quote(err.text));
		timer_start(turns->wake, RETRY_MS, 0);
	} else if (next_ms > 0) {
		timer_start(turns->wake, next_ms - now_ms, 0);
	}
	return false;
}

static void
on_wake(void *arg)
{
	struct turns *turns = arg;

	while (claim_one(turns))
		;
}

int
turns_open(struct turns **turns_out, const struct turns_options *options,
    struct err *err)
{
	AUTO(turns_close)
	struct turns *turns = xcalloc(1, sizeof(*turns));

	turns->options = *options;
	engine_cfg_notify(options->cfg, &turns->policies);
	turns->prompt_files = (struct prompt_files){ .cfg = options->cfg,
		.workspace_root = options->workspace_root };
	turns->tools = tools_describe();
	turns->wake = timer_new(options->loop, on_wake, turns);
	turns->progress = timer_new(options->loop, turns_progress, turns);
	turns_shown_open(turns);
	if (open_models(turns, err) < 0)
		return -1;
	*turns_out = STEAL(turns);
	return 0;
}

static void
cut_off(struct turn *list)
{
	struct turn *turn, *next;

	DL_FOREACH_SAFE(list, turn, next)
	{
		usage_lose(turn);
		usage_keep(turn);
		turn_free(turn);
	}
}

void
turns_close(struct turns **turns_ref)
{
	struct turns *turns = STEAL(*turns_ref);

	if (turns == NULL)
		return;
	cut_off(turns->running);
	cut_off(turns->simulated);
	turns_forget_ahead(turns);
	for (size_t i = 0; i < turns->n_models; i++)
		llm_close(&turns->models[i].llm);
	tools_free(&turns->tools);
	timer_free(&turns->wake);
	timer_free(&turns->progress);
	timer_free(&turns->shown);
	prompt_files_release(&turns->prompt_files);
	free(turns);
}

void
turns_wake(struct turns *turns)
{
	/* Later, not here: the caller is in the middle of its own commit. */
	timer_start(turns->wake, 0, 0);
}

void
turns_cancel(struct turns *turns, int64_t turn_id)
{
	struct turn *turn = turns->running;

	while (turn != NULL && turn->work.turn_id != turn_id)
		turn = turn->next;
	if (turn == NULL)
		return;
	log_info("turn-cancelled", "turn=%" PRId64, turn_id);
	usage_lose(turn);
	usage_keep(turn);
	turn_remove(turn);
	turns_wake(turns);
}

const char *
turns_model(const struct turns *turns)
{
	return turns->llm ? llm_name(turns->llm) : "none (extractive)";
}
