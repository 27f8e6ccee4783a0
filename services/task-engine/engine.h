#ifndef TASK_ENGINE_ENGINE_H
#define TASK_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/bus.h"
#include "libcommon/service.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/commands/hearing.h"
#include "services/task-engine/doors/secret_replies.h"
#include "services/task-engine/llm/budget.h"
#include "services/task-engine/people/actors.h"

enum { HEARD_IDS_SIZE = 512 };

/* The engine's context: what main.c opens and the doors work with. */
struct svc {
	struct service_env env;
	const struct engine_cfg *cfg;
	char *workspace_root;
	struct store *store;
	struct audit *audit;
	struct people people;
	struct policy policy;
	struct approvals approvals;
	struct safety *safety;
	struct budgets budgets;
	struct post *post;
	struct files *files;
	struct refiner *refiner; /* NULL: no model makes summaries */
	struct turns *turns;
	struct lookups *lookups;
	struct forgetter *forgetter;
	struct audit_job *audit_jobs;
	struct embedder *embedder; /* NULL: none is configured */
	struct embed_job *embed_jobs;
	struct timer *begin; /* the first look at what is queued */

	struct secret_replies secret_replies;

	/* Of the message that the running request brought: its log lines are
	 * written once it is committed. ids is "" when there is none. */
	struct heard_note {
		char ids[HEARD_IDS_SIZE];
		bool is_queued, is_answered;
	} heard;
	/*
	 * Where the last message of this batch moved its gateway's cursor: the
	 * next of the same gateway moves it on, so one of them is written.
	 * instance is NULL when there is none.
	 */
	struct cursor_move {
		const char *instance, *cursor;
		int64_t at_ms;
	} cursor;
	struct hearing hearing; /* of that message */

	/* Turns that the requests of this batch cancelled; they are stopped
	 * once that is committed. */
	int64_t *cancelled;
	size_t n_cancelled, cancelled_size;

	/* What is wrong, "" when nothing is; shown by beats and status. */
	char database_trouble[256];
	char files_trouble[256];
	int64_t n_batches, n_requests;
	/* Since the last line about it; the time is monotonic. */
	struct {
		int64_t n_batches, n_requests, next_line_ms;
	} lost;
};

/* Both say it in the beats when it changed. */
void engine_database_trouble(struct svc *svc, const char *text);
void engine_files_trouble(void *svc, const char *text);

#endif
