/* What a turn uses of models: reserved before a call, settled after it. */

#include "services/task-engine/turn/usage.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/config.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/usage.h"
#include "services/task-engine/turn/turn.h"

enum {
	BYTES_PER_TOKEN = 4,
	/* what no call can use: an endpoint that says more is not believed */
	MAX_TOKENS = 10 * 1000 * 1000,
	DAY_MS = 24 * 60 * 60 * 1000,
};

/* A person with several accounts is one. */
static const char *
person_of(const struct turn *turn)
{
	return *turn->asker.user_id ? turn->asker.user_id : turn->asker.name;
}

static const char *
room_of(const struct turn *turn)
{
	return turn->work.context.id;
}

static const char *
workspace_of(const struct turn *turn)
{
	return turn->work.context.workspace_id;
}

static const char *
all_of(const struct turn *turn)
{
	(void)turn;
	return "";
}

/* What a budget is of. */
static const struct scope {
	const char *name;  /* in the table */
	const char *whose; /* for people */
	const char *variable;
	size_t limit_offset;
	const char *(*key)(const struct turn *turn);
} scopes[] = {
	{ "person", "Your", "AGENT_RUNTIME_LLM_BUDGET_PERSON_TOKENS",
	    offsetof(struct engine_cfg, budget_person), person_of },
	{ "room", "This conversation's", "AGENT_RUNTIME_LLM_BUDGET_ROOM_TOKENS",
	    offsetof(struct engine_cfg, budget_room), room_of },
	{ "workspace", "This workspace's",
	    "AGENT_RUNTIME_LLM_BUDGET_WORKSPACE_TOKENS",
	    offsetof(struct engine_cfg, budget_workspace), workspace_of },
	{ "all", "The installation's", "AGENT_RUNTIME_LLM_BUDGET_DAY_TOKENS",
	    offsetof(struct engine_cfg, budget_day), all_of },
};

static int64_t
limit_of(const struct engine_cfg *cfg, const struct scope *scope)
{
	return *(const int64_t *)((const char *)cfg + scope->limit_offset);
}

static int64_t
today(void)
{
	return clock_unix_ms() / DAY_MS;
}

static int64_t
sum(const struct tokens *t)
{
	return t->in + t->out;
}

/* What runs now and is not in the table yet. */
static int64_t
under_way(const struct turn *turn, const struct scope *scope)
{
	const char *key = scope->key(turn);
	int64_t n = 0;

	for (const struct turn *t = turn->turns->running; t; t = t->next)
		if (strcmp(scope->key(t), key) == 0)
			n += t->usage.reserved + sum(&t->usage.unsaved);
	return n;
}

static size_t
bytes_of(const struct llm_message *message)
{
	size_t bytes = strlen(message->text);

	for (size_t i = 0; i < message->n_wants; i++)
		bytes += strlen(message->wants[i].name) +
			 strlen(message->wants[i].arguments);
	return bytes;
}

/* All that is sent: what tools there are takes more than many a message. */
static int64_t
estimate(const struct turn *turn)
{
	const struct talk *talk = &turn->talk;
	size_t bytes = 0;

	for (size_t i = 0; i < talk->n_messages; i++)
		bytes += bytes_of(&talk->messages[i]);
	for (size_t i = 0; i < talk->n_tools; i++)
		bytes += strlen(talk->tools[i].name) +
			 strlen(talk->tools[i].description) +
			 strlen(talk->tools[i].schema);
	return (int64_t)bytes / BYTES_PER_TOKEN;
}

static int
check(
    struct turn *turn, const struct scope *scope, int64_t need, struct err *err)
{
	int64_t limit = limit_of(turn->turns->options.cfg, scope), used;
	struct tokens stored;

	if (limit == 0)
		return 0;
	if (store_usage_get(turn->turns->options.store, today(), scope->name,
		scope->key(turn), &stored, err) < 0)
		return -1;
	used = sum(&stored) + under_way(turn, scope);
	if (used + need <= limit)
		return 0;
	return err_set(err, ERR_BUSY,
	    "%s budget of tokens for today is used up (%" PRId64 " of %" PRId64
	    "). It begins anew at 00:00 UTC; the people who run me can raise "
	    "%s",
	    scope->whose, used, limit, scope->variable);
}

int
usage_reserve(struct turn *turn, struct err *err)
{
	int64_t in = estimate(turn);
	int64_t need = in + turn->turns->options.cfg->llm_max_output_tokens;

	for (size_t i = 0; i < N_OF(scopes); i++)
		if (check(turn, &scopes[i], need, err) < 0)
			return -1;
	turn->usage.estimated = in;
	turn->usage.reserved = need;
	return 0;
}

static int64_t
believe(int64_t said)
{
	return said < 0 ? 0 : said > MAX_TOKENS ? MAX_TOKENS : said;
}

void
usage_settle(struct turn *turn, const struct llm_answer *answer)
{
	struct tokens *t = &turn->usage.unsaved;
	int64_t in = believe(answer->input_tokens);
	int64_t out = believe(answer->output_tokens);

	/* Not all endpoints say. */
	if (in == 0 && out == 0) {
		in = turn->usage.estimated;
		out = (int64_t)strlen(answer->text) / BYTES_PER_TOKEN;
	}
	t->calls++;
	t->in += in;
	t->out += out;
	t->cached += believe(answer->cached_tokens);
	turn->notes.used.calls++;
	turn->notes.used.in += in;
	turn->notes.used.out += out;
	turn->notes.used.cached += believe(answer->cached_tokens);
	turn->usage.reserved = 0;
}

void
usage_release(struct turn *turn)
{
	turn->usage.reserved = 0;
}

int
usage_record(struct turn *turn, struct err *err)
{
	struct store *store = turn->turns->options.store;
	const struct tokens *t = &turn->usage.unsaved;

	if (t->calls == 0)
		return 0;
	if (store_usage_of_turn_add(store, turn->work.turn_id,
		llm_name(turn->model->llm), t, err) < 0)
		return -1;
	for (size_t i = 0; i < N_OF(scopes); i++)
		if (store_usage_add(store, today(), scopes[i].name,
			scopes[i].key(turn), t, err) < 0)
			return -1;
	return 0;
}

void
usage_recorded(struct turn *turn)
{
	turn->usage.unsaved = (struct tokens){ 0 };
}

void
usage_keep(struct turn *turn)
{
	struct store *store = turn->turns->options.store;
	struct err err;

	if (turn->usage.unsaved.calls == 0)
		return;
	if (store_begin_relaxed(store, &err) == 0) {
		if (usage_record(turn, &err) == 0 &&
		    store_commit(store, &err) == 0) {
			usage_recorded(turn);
			return;
		}
		if (store_is_in_transaction(store))
			store_rollback(store);
	}
	log_warn("usage-not-recorded", "turn=%" PRId64 " why=%s",
	    turn->work.turn_id, log_quote(err.text));
}
