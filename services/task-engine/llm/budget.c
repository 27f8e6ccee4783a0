/* Budgets of tokens: reserved before a call, settled after it. */

#include "services/task-engine/llm/budget.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "services/task-engine/config.h"
#include "services/task-engine/llm/took.h"
#include "services/task-engine/store/store.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const struct {
	const char *name;  /* in the table */
	const char *whose; /* for people */
	const char *variable;
	size_t limit_offset;
} scopes[BUDGET_SCOPE_COUNT] = {
	[BUDGET_PERSON] = { "person", "Your",
	    "AGENT_RUNTIME_LLM_BUDGET_PERSON_TOKENS",
	    offsetof(struct engine_cfg, budget_person) },
	[BUDGET_ROOM] = { "room", "This conversation's",
	    "AGENT_RUNTIME_LLM_BUDGET_ROOM_TOKENS",
	    offsetof(struct engine_cfg, budget_room) },
	[BUDGET_WORKSPACE] = { "workspace", "This workspace's",
	    "AGENT_RUNTIME_LLM_BUDGET_WORKSPACE_TOKENS",
	    offsetof(struct engine_cfg, budget_workspace) },
	[BUDGET_ALL] = { "all", "The installation's",
	    "AGENT_RUNTIME_LLM_BUDGET_DAY_TOKENS",
	    offsetof(struct engine_cfg, budget_day) },
};

static int64_t
limit_of(const struct engine_cfg *cfg, unsigned scope)
{
	return *(
	    const int64_t *)((const char *)cfg + scopes[scope].limit_offset);
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
under_way(const struct budgets *b, unsigned scope, const char *key)
{
	const struct budget_use *use;
	int64_t n = 0;

	DL_FOREACH (b->uses, use)
		if (use->keys[scope] && strcmp(use->keys[scope], key) == 0)
			n += use->reserved + sum(&use->unsaved);
	return n;
}

static int
check(const struct budgets *b, unsigned scope, const char *key, int64_t need,
    struct err *err)
{
	int64_t limit = limit_of(b->cfg, scope), used;
	struct tokens stored;

	if (limit == 0 || !key)
		return 0;
	if (store_usage_get(
		b->store, today(), scopes[scope].name, key, &stored, err) < 0)
		return -1;
	used = sum(&stored) + under_way(b, scope, key);
	if (used + need <= limit)
		return 0;
	return err_set(err, ERR_BUSY,
	    "%s budget of tokens for today is used up (%" PRId64 " of %" PRId64
	    "). It begins anew at 00:00 UTC; the people who run me can raise "
	    "%s",
	    scopes[scope].whose, used, limit, scopes[scope].variable);
}

int
budget_reserve(struct budgets *b, struct budget_use *use, int64_t n_tokens,
    struct err *err)
{
	if (!use->prev)
		DL_APPEND(b->uses, use);
	use->reserved = 0;
	for (unsigned i = 0; i < BUDGET_SCOPE_COUNT; i++)
		if (check(b, i, use->keys[i], n_tokens, err) < 0)
			return -1;
	use->reserved = n_tokens;
	return 0;
}

void
budget_release(struct budget_use *use)
{
	use->reserved = 0;
}

void
budget_settle(struct budget_use *use, const struct tokens *used)
{
	use->reserved = 0;
	took_add(&use->unsaved, used);
}

void
budget_leave(struct budgets *b, struct budget_use *use)
{
	if (!use->prev)
		return;
	DL_DELETE(b->uses, use);
	use->prev = use->next = NULL;
}

int
budget_record(struct budgets *b, const struct budget_use *use, struct err *err)
{
	for (unsigned i = 0; i < BUDGET_SCOPE_COUNT; i++)
		if (use->keys[i] &&
		    store_usage_add(b->store, today(), scopes[i].name,
			use->keys[i], &use->unsaved, err) < 0)
			return -1;
	return 0;
}

void
budget_recorded(struct budget_use *use)
{
	use->unsaved = (struct tokens){ 0 };
}

int
budget_keep(struct budgets *b, struct budget_use *use, struct err *err)
{
	if (use->unsaved.calls == 0)
		return 0;
	if (store_begin_relaxed(b->store, err) < 0)
		return -1;
	if (budget_record(b, use, err) < 0) {
		store_rollback(b->store);
		return -1;
	}
	if (store_commit(b->store, err) < 0)
		return -1;
	budget_recorded(use);
	return 0;
}
