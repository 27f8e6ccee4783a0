/* The store and the settings, as the tests of turn/ want them. */

#include "tests/unit/task-engine-turn/world.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/memory.h"
#include "services/task-engine/knowledge/refine.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/tasks/finish.h"
#include "services/task-engine/tasks/notify.h"
#include "services/task-engine/turn/routed.h"

struct world world;

void
world_reset(bool has_model)
{
	static const struct engine_cfg defaults = {
		.default_concurrency = 4,
		.trace_days = 30,
		.llm_enabled = true,
		.llm_base_url = "",
		.llm_api_key = "",
		.llm_model = "",
		.llm_ca_file = "",
		.llm_fallbacks = "",
		.llm_fallback_keys = "",
		.llm_cool_down_s = 60,
		.llm_timeout_s = 60,
		.llm_max_concurrent = 8,
		.llm_max_output_tokens = 100,
		.llm_admin_system_prompt = "ADMIN",
		.llm_public_system_prompt = "PUBLIC",
		.grounding_top_k = 3,
		.grounding_max_doc_excerpt_bytes = 1200,
		.grounding_max_prompt_bytes = 8000,
		.grounding_max_prompt_tokens = 2000,
		.grounding_user_max_tokens = 650,
		.grounding_summary_max_tokens = 380,
		.grounding_chat_tail_max_tokens = 300,
		.grounding_qmd_max_tokens = 900,
		.grounding_chat_tail_lines = 24,
		.grounding_chat_tail_bytes = 1800,
		.agent_grounding_first_step = true,
		.agent_max_turn_s = 120,
		.agent_max_steps = 6,
		.agent_max_calls = 6,
		.agent_max_input_chars = 12000,
		.agent_tasks_hour = 5,
		.agent_tasks_day = 25,
		.agent_min_confidence = "0.35",
		.agent_autonomous_min_confidence = "0.05",
		.agent_autonomous_tasks_hour = 200,
		.agent_autonomous_tasks_day = 1000,
		.agent_autonomous_max_turn_s = 1200,
		.agent_autonomous_max_steps = 50,
		.agent_autonomous_max_calls = 100,
		.system_prompt_max_bytes = 16000,
		.skills_global_root = "",
		.skills_max = 12,
		.soul_global_file = "",
		.soul_workspace_path = "",
		.soul_context_path = "",
		.system_prompt_global_file = "",
		.system_prompt_workspace_path = "",
		.system_prompt_context_path = "",
	};

	memset(&world, 0, sizeof(world));
	world.cfg = defaults;
	world.n_room = 10;
	world.role = ROLE_OVERLORD;
	if (has_model)
		world.cfg.llm_api_key = "key";
}

void
world_queue(enum turn_kind kind, const char *text)
{
	struct turn_work *work = &world.queued[world.n_queued++];

	work->turn_id = (int64_t)world.n_queued;
	work->kind = kind;
	work->context.id = "context";
	work->context.workspace_id = "workspace";
	work->context.connector = "telegram";
	work->context.external_id = "-100";
	work->context.instance = "telegram.main";
	work->has_message = kind == TURN_ANSWER;
	work->has_task = kind == TURN_TASK;
	work->message.text = text;
	work->message.actor = "42";
	work->message.platform_id = "11";
	work->message.instance = world.is_http ? "api.main" : "telegram.main";
	work->message.actor_name = "alice";
	work->message.said_by = "local";
	work->message.said_as = "overlord";
	work->message.direction = "inbound";
	work->message.cause = "";
	work->message.chat_id = "-100";
	work->message.seq = 7;
	work->task.task.prompt = text;
	work->task.task.id = "t1";
	work->task.task.title = "A task";
	work->task.task.source_user_id = "42";
	work->task.instance = "telegram.main";
	work->task.asked_by = "local";
	work->task.asked_as = "overlord";
}

int
store_context_prompt(struct store *store, const char *context_id,
    struct arena *arena, struct context_prompt *out, struct err *err)
{
	(void)store;
	(void)context_id;
	(void)arena;
	(void)err;
	*out = (struct context_prompt){ "", false };
	return 0;
}

int
store_turn_claim(struct store *store, unsigned kinds, int64_t task_concurrency,
    int64_t now_ms, struct arena *arena, struct turn_work *out,
    int64_t *next_ms_out, struct err *err)
{
	(void)store;
	(void)task_concurrency;
	(void)now_ms;
	(void)arena;
	(void)err;
	*next_ms_out = 0;
	world.last_kinds = kinds;
	for (size_t i = 0; i < world.n_queued; i++) {
		struct turn_work *work = &world.queued[i];

		if (work->attempts == 0 && (kinds & (1u << work->kind))) {
			work->attempts =
			    world.first_attempt ? world.first_attempt : 1;
			world.n_claimed++;
			*out = *work;
			return 0;
		}
	}
	return 1;
}

int
finish_turn(struct store *store, const struct turn_work *work,
    const struct turn_outcome *outcome, int64_t now_ms, struct err *err)
{
	size_t at = world.n_said;

	(void)store;
	if (world.n_failing_ends > 0) {
		world.n_failing_ends--;
		return err_set(err, ERR_UNAVAILABLE, "disk full");
	}
	if (world.is_cancelled)
		return 1;
	world.n_said++;
	world.said[at].turn_id = work->turn_id;
	world.said[at].is_ok = outcome->is_ok;
	snprintf(world.said[at].text, WORLD_TEXT, "%s", outcome->text);
	if (outcome->before)
		assert_int_equal(
		    outcome->before(outcome->also_arg, now_ms, err), 0);
	if (outcome->also)
		assert_int_equal(
		    outcome->also(outcome->also_arg, now_ms, err), 0);
	if (!outcome->is_ok)
		snprintf(world.said[at].error, sizeof(world.said[at].error),
		    "%s", outcome->error);
	return 0;
}

int
store_messages_before(struct store *store, const char *context_id,
    int64_t before_seq, int64_t limit, struct arena *arena,
    struct message_row **rows_out, size_t *n_out, struct err *err)
{
	struct message_row *rows = arena_alloc(arena, 2 * sizeof(*rows));

	(void)store;
	(void)context_id;
	(void)limit;
	(void)err;
	assert_int_equal(before_seq, 7);
	rows[0].direction = "inbound";
	rows[0].actor = "43";
	rows[0].actor_name = "bob";
	rows[0].text = "said before";
	rows[0].said_by = "telegram:7";
	rows[0].said_as = "guest";
	rows[1].direction = "outbound";
	rows[1].actor_name = "";
	rows[1].text = "answered before";
	rows[1].said_by = rows[1].said_as = "";
	*rows_out = rows;
	*n_out = 2;
	return 0;
}

int
store_message_add(struct store *store, const struct message_row *row,
    int64_t *seq_out, struct err *err)
{
	size_t at = world.n_logged++;

	(void)store;
	(void)err;
	assert_string_equal(row->direction, "tool");
	*seq_out = 0;
	snprintf(world.logged[at].event_id, sizeof(world.logged[at].event_id),
	    "%s", row->event_id);
	snprintf(world.logged[at].text, sizeof(world.logged[at].text), "%s",
	    row->text);
	return 0;
}

int
memory_text(
    const struct memory *memory, struct remembered *out, struct err *err)
{
	(void)memory;
	(void)err;
	*out = (struct remembered){ world.summary ? world.summary : "", false };
	return 0;
}

void
refiner_wake(struct refiner *refiner)
{
	(void)refiner;
}

int
memory_refresh(const struct memory *memory, struct err *err)
{
	(void)err;
	assert_string_equal(memory->context->id, "context");
	assert_true(world.is_in_transaction);
	world.n_remembered++;
	return 1;
}

int
store_begin(struct store *store, struct err *err)
{
	(void)store;
	(void)err;
	assert_false(world.is_in_transaction);
	world.is_in_transaction = true;
	world.n_begun_changes++;
	return 0;
}

int
store_commit(struct store *store, struct err *err)
{
	(void)store;
	(void)err;
	assert_true(world.is_in_transaction);
	world.is_in_transaction = false;
	return 0;
}

void
store_rollback(struct store *store)
{
	(void)store;
	world.is_in_transaction = false;
	world.n_rolled_back++;
}

bool
store_is_in_transaction(const struct store *store)
{
	(void)store;
	return world.is_in_transaction;
}

int
store_turn_call_add(struct store *store, const struct turn_call_row *row,
    int64_t now_ms, struct err *err)
{
	size_t at = world.n_recorded++;

	(void)store;
	(void)now_ms;
	(void)err;
	snprintf(world.recorded[at].tool, sizeof(world.recorded[at].tool), "%s",
	    row->tool);
	snprintf(world.recorded[at].result, sizeof(world.recorded[at].result),
	    "%s", row->result);
	world.recorded[at].is_error = row->is_error;
	world.recorded[at].step = row->step;
	return 0;
}

int
store_turn_calls(struct store *store, int64_t turn_id, struct arena *arena,
    struct turn_call_row **rows_out, size_t *n_out, struct err *err)
{
	(void)store;
	(void)turn_id;
	(void)err;
	*rows_out =
	    arena_alloc(arena, (world.n_resumed + 1) * sizeof(**rows_out));
	if (world.n_resumed)
		memcpy(*rows_out, world.resumed,
		    world.n_resumed * sizeof(**rows_out));
	*n_out = world.n_resumed;
	return 0;
}

static int64_t blamed;

void
blame_set(int64_t turn_id)
{
	assert_int_equal(blamed, 0);
	blamed = turn_id;
}

void
blame_clear(void)
{
	blamed = 0;
}

int
tell_began(struct store *store, const struct turn_work *work,
    const struct notify_policies *policies, int64_t now_ms, struct err *err)
{
	(void)store;
	(void)policies;
	(void)now_ms;
	(void)err;
	world.n_begun += work->kind == TURN_TASK;
	return 0;
}

struct routed *
routed_unanswered(const struct engine_cfg *cfg, const struct turn_work *work,
    int64_t now_ms, struct arena *arena)
{
	(void)cfg;
	(void)now_ms;
	(void)arena;
	world.n_unanswered += work->kind == TURN_ANSWER;
	return NULL;
}

bool
routed_is_guest(const struct actor *actor)
{
	return actor->kind == ACTOR_ACCOUNT && !*actor->user_id;
}

void
engine_cfg_notify(const struct engine_cfg *cfg, struct notify_policies *out)
{
	(void)cfg;
	*out = (struct notify_policies){ NOTIFY_BOTH, NOTIFY_BOTH };
}

int
requeue_turn(struct store *store, const struct turn_work *work,
    int64_t not_before_ms, const char *why, int64_t now_ms, struct err *err)
{
	(void)store;
	(void)work;
	(void)err;
	assert_true(not_before_ms > now_ms);
	assert_string_equal(why, "disk error");
	world.n_requeued++;
	return 0;
}

bool
engine_cfg_has_model(const struct engine_cfg *cfg)
{
	return cfg->llm_api_key[0] != '\0';
}

const char *
engine_cfg_provider(const struct engine_cfg *cfg)
{
	(void)cfg;
	return "openai";
}
