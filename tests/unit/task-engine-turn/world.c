/* The store, the indexer and the model, as the tests of turn/ want them. */

#include "tests/unit/task-engine-turn/world.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/envelope.h"
#include "libcommon/json.h"
#include "services/task-engine/knowledge/memory.h"
#include "services/task-engine/knowledge/refine.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/proposal.h"
#include "services/task-engine/config.h"
#include "services/task-engine/delivery/partials.h"
#include "services/task-engine/people/actors.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/policy/scope.h"
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

/* The approvals. */

int
approvals_room(const struct approvals *approvals, const struct actor *asker,
    int64_t now_ms, int64_t *n_out, struct err *err)
{
	(void)approvals;
	(void)asker;
	(void)now_ms;
	(void)err;
	*n_out = world.n_room;
	return 0;
}

struct action_row
approvals_row(const struct approvals *approvals,
    const struct proposing *proposing, const struct proposal *proposal,
    int64_t now_ms, struct arena *arena)
{
	(void)approvals;
	(void)now_ms;
	return (struct action_row){
		.id = arena_strdup(arena, "act_1"),
		.type = proposal->type,
		.target = proposal->target,
		.summary = "",
		.payload = proposal->bytes,
		.payload_sha256 = proposal->sha256,
		.asked_by = proposing->asker->name,
		.asked_as = proposing->asked_as,
		.provenance = proposing->provenance,
	};
}

int
approvals_propose(const struct approvals *approvals,
    const struct proposing *proposing, const struct action_row *row,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	size_t at = world.n_proposed++;

	(void)approvals;
	(void)proposing;
	(void)now_ms;
	(void)arena;
	(void)err;
	snprintf(world.proposed[at].payload, sizeof(world.proposed[at].payload),
	    "%s", row->payload);
	snprintf(world.proposed[at].provenance,
	    sizeof(world.proposed[at].provenance), "%s", row->provenance);
	return 0;
}

int
store_contexts_told(struct store *store, const char *workspace_id,
    struct arena *arena, struct context_row **rows_out, size_t *n_out,
    struct err *err)
{
	(void)store;
	(void)workspace_id;
	(void)arena;
	(void)rows_out;
	(void)err;
	*n_out = world.n_admin_channels;
	return 0;
}

/* The store. */

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

/* Policy, blame, configuration. */

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
people_asker(struct people *people, const char *name, const char *role_then,
    struct arena *arena, struct actor *out, struct err *err)
{
	(void)people;
	(void)arena;
	assert_string_equal(name, "local");
	assert_string_equal(role_then, "overlord");
	if (world.is_asker_unread)
		return err_set(err, ERR_UNAVAILABLE, "disk error");
	*out =
	    (struct actor){ .kind = world.role == ROLE_OVERLORD ? ACTOR_LOCAL
								: ACTOR_ACCOUNT,
		    .name = "local" };
	if (world.role != ROLE_GUEST)
		strcpy(out->user_id, "u1");
	return world.is_asker_gone ? 1 : 0;
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

int
policy_scope(const struct policy *policy, const struct actor *actor,
    const struct context_row *context, struct arena *arena,
    struct search_scope *out, struct err *err)
{
	(void)policy;
	(void)context;
	(void)arena;
	(void)err;
	(void)actor;
	*out = (struct search_scope){ 0 };
	return 0;
}

int
policy_role(const struct policy *policy, const struct actor *actor,
    const char *workspace_id, enum role *role_out, struct err *err)
{
	(void)policy;
	(void)actor;
	(void)err;
	assert_string_equal(workspace_id, "workspace");
	*role_out = world.role;
	return 0;
}

/* By the real table. */
int
policy_check(const struct policy *policy, const struct actor *actor,
    const char *operation, const struct policy_target *target, struct err *err)
{
	const struct policy_facts facts = {
		.kind = actor->kind,
		.role = world.role,
		.is_linked = *actor->user_id != '\0',
		.is_own = strcmp(target->asked_by, actor->name) == 0,
	};

	(void)policy;
	assert_string_equal(target->workspace_id, "workspace");
	if (policy_decide(policy_find(operation), &facts) == POLICY_ALLOWED)
		return 0;
	return err_set(err, ERR_REFUSED, "Access denied");
}

bool
policy_may_read(const struct search_scope *scope, const char *path)
{
	(void)scope;
	return strncmp(path, "private/", 8) != 0;
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

/* The gateways. */

void
bus_publish(struct bus *bus, enum service_id to, const char *instance,
    const char *type, const char *cause, const struct buf *body)
{
	size_t at = world.n_progress++;
	AUTO(json_free)
	struct json *told = NULL;
	struct err err;

	(void)bus;
	(void)cause;
	assert_int_equal(to, SVC_GATEWAY_TELEGRAM);
	assert_string_equal(type, "turn.progress");
	if (json_parse(&told, body->data, body->size, &err) < 0)
		fail_msg("%s", err.text);
	snprintf(world.progress[at].instance,
	    sizeof(world.progress[at].instance), "%s", instance);
	snprintf(world.progress[at].chat_id, sizeof(world.progress[at].chat_id),
	    "%s", json_str(json_get(told, "chat_id"), "?"));
	snprintf(world.progress[at].state, sizeof(world.progress[at].state),
	    "%s", json_str(json_get(told, "state"), "?"));
	snprintf(world.progress[at].text, sizeof(world.progress[at].text), "%s",
	    json_str(json_get(told, "text"), ""));
	snprintf(world.progress[at].edit_id, sizeof(world.progress[at].edit_id),
	    "%s", json_str(json_get(told, "edit_id"), ""));
}

/* The indexer. */

int
bus_call(struct bus *bus, const struct bus_call *call, bus_answer_fn fn,
    void *arg, struct err *err)
{
	size_t at = world.n_searches++;

	(void)bus;
	(void)err;
	snprintf(world.searches[at].type, sizeof(world.searches[at].type), "%s",
	    call->type);
	snprintf(world.searches[at].body, sizeof(world.searches[at].body), "%s",
	    call->body->data);
	world.searches[at].fn = fn;
	world.searches[at].arg = arg;
	return 0;
}

void
world_indexer_answers(size_t search, const char *text)
{
	AUTO(json_free)
	struct json *body = NULL;
	struct envelope answer = { .is_reply = true, .ok = true };
	struct err err = { .code = ERR_NONE };

	if (text == NULL) {
		err_set(&err, ERR_UNAVAILABLE, "no indexer");
		world.searches[search].fn(
		    world.searches[search].arg, NULL, &err);
		return;
	}
	if (json_parse(&body, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
	answer.body = body;
	world.searches[search].fn(world.searches[search].arg, &answer, &err);
}

/* The model. */

struct llm {
	size_t at;
};
struct llm_call {
	size_t at;
};

int
llm_open(struct llm **llm_out, struct loop *loop,
    const struct llm_options *options, struct err *err)
{
	(void)loop;
	(void)err;
	assert_string_equal(options->provider, "openai");
	*llm_out = xcalloc(1, sizeof(**llm_out));
	(*llm_out)->at = world.n_models++;
	return 0;
}

void
llm_close(struct llm **llm)
{
	xfree(llm);
}

bool
llm_has_tools(const struct llm *llm)
{
	(void)llm;
	return world.cfg.llm_tools != LLM_TOOLS_NONE;
}

const char *
llm_name(const struct llm *llm)
{
	return llm->at ? "openai other" : "openai m";
}

static void
note_tools(const struct llm_prompt *prompt, char out[512])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < prompt->n_tools; i++)
		n += (size_t)snprintf(
		    out + n, 512 - n, "%s ", prompt->tools[i].name);
	assert_true(n < 512);
}

int
llm_start(struct llm *llm, const struct llm_prompt *prompt,
    int64_t deadline_mono_ms, const struct llm_listener *listener,
    struct llm_call **call_out, struct err *err)
{
	size_t at = world.n_calls++;

	(void)deadline_mono_ms;
	(void)err;
	assert_true(prompt->n_messages >= 2);
	snprintf(
	    world.calls[at].system, WORLD_TEXT, "%s", prompt->messages[0].text);
	snprintf(
	    world.calls[at].user, WORLD_TEXT, "%s", prompt->messages[1].text);
	snprintf(world.calls[at].last, WORLD_TEXT, "%s",
	    prompt->messages[prompt->n_messages - 1].text);
	world.calls[at].last_role =
	    prompt->messages[prompt->n_messages - 1].role;
	world.calls[at].n_messages = prompt->n_messages;
	world.calls[at].model = llm->at;
	world.calls[at].n_tools = prompt->n_tools;
	note_tools(prompt, world.calls[at].tools);
	world.calls[at].is_last = prompt->is_last;
	world.calls[at].fn = listener->done;
	world.calls[at].arg = listener->arg;
	*call_out = xcalloc(1, sizeof(**call_out));
	(*call_out)->at = at;
	world.calls[at].call = *call_out;
	return 0;
}

void
llm_hear(struct llm_call *call)
{
	(void)call;
}

const char *
llm_said(const struct llm_call *call)
{
	(void)call;
	return world.said_so_far ? world.said_so_far : "";
}

int
partials_post(struct store *store, const struct turn_work *work,
    const char *text, int64_t now_ms, struct err *err)
{
	(void)store;
	(void)now_ms;
	(void)err;
	assert_true(work->message.seq != 0);
	snprintf(world.partial, sizeof(world.partial), "%s", text);
	world.n_partials++;
	return 0;
}

int
partials_find(struct store *store, const struct turn_work *work,
    struct arena *arena, const char **platform_id_out, struct err *err)
{
	(void)store;
	(void)work;
	(void)arena;
	(void)err;
	if (world.n_partials == 0)
		return 1;
	*platform_id_out = world.partial_id ? world.partial_id : "";
	return 0;
}

struct tokens
llm_take_lost(struct llm_call *call)
{
	struct tokens lost = world.lost;

	(void)call;
	world.lost = (struct tokens){ 0 };
	return lost;
}

void
llm_cancel(struct llm_call **call)
{
	if (*call != NULL)
		world.calls[(*call)->at].is_cancelled = true;
	xfree(call);
}

int
llm_read(const struct llm *llm, const char *body, size_t size,
    struct arena *arena, struct llm_answer *out, struct err *err)
{
	(void)llm;
	(void)body;
	(void)size;
	(void)arena;
	if (world.answer.text == NULL)
		return err_set(err, ERR_INVALID, "no JSON");
	*out = world.answer;
	out->input_tokens = out->output_tokens = world.tokens_a_call;
	return 0;
}

void
world_model_answers(size_t call, const char *text, enum llm_finish finish)
{
	struct err err = { .code = ERR_NONE };
	llm_done_fn fn = world.calls[call].fn;

	world.answer = (struct llm_answer){
		.text = text, .lead = "", .trail = "", .finish = finish
	};
	if (text == NULL) {
		err_set(&err, ERR_UNAVAILABLE, "host: cannot connect");
		fn(world.calls[call].arg, NULL, 0, &err);
	} else {
		fn(world.calls[call].arg, "{}", 2, &err);
	}
	xfree(&world.calls[call].call);
}

void
world_model_wants(size_t call, const struct llm_want *wants, size_t n)
{
	static struct llm_want copies[WORLD_MAX];
	struct err err = { .code = ERR_NONE };

	assert_true(n <= WORLD_MAX);
	memcpy(copies, wants, n * sizeof(*copies));
	world.answer = (struct llm_answer){ .text = "",
		.lead = "",
		.trail = "",
		.finish = LLM_FINISH_WANTS,
		.wants = copies,
		.n_wants = n };
	world.calls[call].fn(world.calls[call].arg, "{}", 2, &err);
	xfree(&world.calls[call].call);
}
