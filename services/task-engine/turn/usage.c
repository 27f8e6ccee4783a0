/* What a turn uses of models: reserved before a call, settled after it. */

#include "services/task-engine/turn/usage.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/err.h"
#include "libcommon/log.h"
#include "services/task-engine/config.h"
#include "services/task-engine/llm/budget.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/llm/took.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/turn/turn.h"

static struct budgets *
budgets_of(const struct turn *turn)
{
	return turn->turns->options.budgets;
}

/* A person with several accounts is one. */
static const char *
person(const struct actor *actor)
{
	return *actor->user_id ? actor->user_id : actor->name;
}

static void
set_keys(struct turn *turn)
{
	const char **keys = turn->usage.of_day.keys;

	keys[BUDGET_PERSON] = person(&turn->asker);
	keys[BUDGET_ROOM] = turn->work.context.id;
	keys[BUDGET_WORKSPACE] = turn->work.context.workspace_id;
	keys[BUDGET_ALL] = "";
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
	return (int64_t)bytes / BUDGET_BYTES_PER_TOKEN;
}

/* A simulation looks at what is left to those whom it is about, and takes it
 * from whoever wants to know. */
static void
let_payer_pay(struct turn *turn)
{
	const char **keys = turn->usage.of_day.keys;

	keys[BUDGET_PERSON] = person(turn->simulation.payer);
	keys[BUDGET_ROOM] = NULL;
}

int
usage_reserve(struct turn *turn, struct err *err)
{
	struct turn_usage *usage = &turn->usage;
	int rc;

	set_keys(turn);
	usage->estimated = estimate(turn);
	rc = budget_reserve(budgets_of(turn), &usage->of_day,
	    usage->estimated + turn->turns->options.cfg->llm_max_output_tokens,
	    err);
	/* Refused or not: an earlier call may have to be paid. */
	if (turn->is_simulated)
		let_payer_pay(turn);
	return rc;
}

static void
settle(struct turn *turn, struct tokens used)
{
	budget_settle(&turn->usage.of_day, &used);
	took_add(&turn->notes.used, &used);
}

void
usage_settle(struct turn *turn, const struct llm_answer *answer)
{
	settle(turn, took_by_answer(answer, turn->usage.estimated));
}

void
usage_lose(struct turn *turn)
{
	if (turn->call)
		settle(turn, llm_take_lost(turn->call));
}

void
usage_release(struct turn *turn)
{
	budget_release(&turn->usage.of_day);
}

void
usage_leave(struct turn *turn)
{
	budget_leave(budgets_of(turn), &turn->usage.of_day);
}

int
usage_record(struct turn *turn, struct err *err)
{
	const struct tokens *t = &turn->usage.of_day.unsaved;

	if (t->calls == 0)
		return 0;
	if (!turn->is_simulated &&
	    store_usage_of_turn_add(turn->turns->options.store,
		turn->work.turn_id, llm_name(turn->model->llm), t, err) < 0)
		return -1;
	return budget_record(budgets_of(turn), &turn->usage.of_day, err);
}

void
usage_recorded(struct turn *turn)
{
	budget_recorded(&turn->usage.of_day);
}

void
usage_keep(struct turn *turn)
{
	struct store *store = turn->turns->options.store;
	struct err err;

	if (turn->usage.of_day.unsaved.calls == 0)
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
