#ifndef TASK_ENGINE_LLM_BUDGET_H
#define TASK_ENGINE_LLM_BUDGET_H

#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/usage.h"

struct engine_cfg;
struct err;
struct store;

/*
 * The day's budgets of tokens, AGENT_RUNTIME_LLM_BUDGET_*. Whoever is about to
 * use a model reserves what that may take, and settles what it took; what runs
 * at once cannot pass a budget together, whoever it is.
 */
enum budget_scope {
	BUDGET_PERSON,
	BUDGET_ROOM,
	BUDGET_WORKSPACE,
	BUDGET_ALL,
	BUDGET_SCOPE_COUNT
};

struct budgets {
	struct store *store;
	const struct engine_cfg *cfg;
	struct budget_use *uses; /* under way */
};

/* One user of models; all 0 at first. It stays where it is until it leaves. */
struct budget_use {
	const char *keys[BUDGET_SCOPE_COUNT]; /* NULL: that budget is none of
						 its; of BUDGET_ALL "" */
	int64_t reserved;
	struct tokens unsaved; /* used, and not in the table yet */
	struct budget_use *prev, *next;
};

enum { BUDGET_BYTES_PER_TOKEN = 4 };

/* In place of what it had reserved. ERR_BUSY: a budget is used up; the text is
 * for whoever asked. */
int budget_reserve(struct budgets *budgets, struct budget_use *use,
    int64_t n_tokens, struct err *err) MUST_CHECK;
/* What it reserved was not used. */
void budget_release(struct budget_use *use);
/* It was: counts, as one call, in place of what was reserved. */
void budget_settle(struct budget_use *use, const struct tokens *used);
/* Nothing of it counts as under way any more. */
void budget_leave(struct budgets *budgets, struct budget_use *use);

/* Within a transaction; once that is committed, budget_recorded. */
int budget_record(struct budgets *budgets, const struct budget_use *use,
    struct err *err) MUST_CHECK;
void budget_recorded(struct budget_use *use);
/* Both in a transaction of its own; nothing when nothing was used. */
int budget_keep(struct budgets *budgets, struct budget_use *use,
    struct err *err) MUST_CHECK;

#endif
