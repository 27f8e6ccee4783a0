/* Counts for people. */

#include "services/task-engine/store/status.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/store/row.h"
#include "services/task-engine/store/store.h"

static const char *const names[] = {
	"tasks.open",
	"tasks.queued",
	"tasks.running",
	"tasks.succeeded",
	"tasks.failed",
	"tasks.cancelled",
	"turns.queued",
	"turns.running",
	"outbox.queued",
	"outbox.sending",
	"outbox.sent",
	"outbox.failed",
	"outbox.undelivered",
	"outbox.maybe_doubled",
	"files.waiting",
	"logs.behind",
	"summaries.by_model",
};

static void
read_count(struct columns *c, void *row_out)
{
	struct beat_counter *count = row_out;

	count->name = next_text(c);
	count->value = next_int(c);
}

static void
read_number(struct columns *c, void *row_out)
{
	*(int64_t *)row_out = next_int(c);
}

int
store_counts(struct store *s, struct arena *arena,
    struct beat_counter **counts_out, size_t *n_out, struct err *err)
{
	struct beat_counter *found, *all;
	size_t n_found;

	if (stmt_list(s, STMT_COUNTS, arena, read_count, sizeof(*found), &found,
		&n_found, NO_BINDS, err) < 0)
		return -1;
	all =
	    arena_alloc(arena, sizeof(names) / sizeof(names[0]) * sizeof(*all));
	for (size_t i = 0; i < N_OF(names); i++) {
		all[i].name = names[i];
		for (size_t j = 0; j < n_found; j++)
			if (strcmp(found[j].name, names[i]) == 0)
				all[i].value = found[j].value;
	}
	*counts_out = all;
	*n_out = N_OF(names);
	return 0;
}

int
store_count_tasks(struct store *s, const char *workspace_id, const char *status,
    int64_t *n_out, struct err *err)
{
	return stmt_get(s, STMT_COUNT_TASKS, NULL, read_number, n_out,
	    BINDS(b_text(workspace_id), b_text(status)), err);
}
