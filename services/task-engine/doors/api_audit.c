/* The audit log over HTTP: its rows, and whether they were changed. */

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "proto/audit.h"
#include "services/task-engine/audit/verify.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/audit_rows.h"

enum {
	LIMIT_DEFAULT = 100,
	/* Rows that one request looks at, whatever its filter lets through:
	 * some 5 ms. */
	WINDOW = 10000,
	/* Of one answer; an envelope holds 256 KiB. */
	ANSWER_BYTES = 240 * 1024,
	/* Rows of a check between two turns of the loop: some 2 ms. */
	SLICE = 200,
	JOBS_MAX = 4,
};

static struct audit_item
item_of(const struct audit_row *row)
{
	const struct audit_entry *e = &row->entry;

	return (struct audit_item){
		.seq = row->seq,
		.id = row->id,
		.at_unix_ms = row->at_ms,
		.actor = e->actor,
		.speaks_as = e->speaks_as,
		.operation = e->operation,
		.outcome = e->is_refused ? "refused" : "done",
		.door = e->door,
		.workspace_id = e->workspace_id,
		.context_id = e->context_id,
		.subject = e->subject,
		.detail = e->detail,
		.reason = e->reason,
		.cause = e->cause,
		.is_keyed = row->is_keyed,
		.hash = row->hash,
	};
}

static struct audit_filter
filter_of(const struct audit_query *in, int64_t last_seq)
{
	struct audit_filter f = {
		.is_newest_first = strcmp(in->order, "newest") == 0,
		.since_ms = in->since_unix * 1000,
		.until_ms = in->until_unix * 1000,
		.operation = in->operation,
		.actor = in->actor,
		.workspace_id = in->workspace_id,
		.outcome = in->outcome,
		.limit = in->limit ? in->limit : LIMIT_DEFAULT,
	};

	if (!f.is_newest_first) {
		f.above_seq = in->after;
		f.below_seq = in->after + WINDOW + 1;
		return f;
	}
	f.below_seq = in->after ? in->after : last_seq + 1;
	if (f.below_seq > WINDOW + 1)
		f.above_seq = f.below_seq - WINDOW - 1;
	return f;
}

/* Where the next page begins, when all of this one's rows were taken. */
static int64_t
next_window(const struct audit_filter *f, int64_t last_seq)
{
	if (f->is_newest_first)
		return f->above_seq > 0 ? f->above_seq + 1 : 0;
	return f->below_seq <= last_seq ? f->below_seq - 1 : 0;
}

/* Long rows are fewer: the rest comes with the next page. */
static void
encode(struct audit_list *list, struct buf *out)
{
	audit_list_encode(list, out);
	while (out->size > ANSWER_BYTES) {
		list->n_items /= 2;
		list->next = list->items[list->n_items - 1].seq;
		buf_reset(out);
		audit_list_encode(list, out);
	}
}

int
on_audit_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct audit_list out = { 0 };
	struct audit_filter filter;
	struct audit_last last;
	struct audit_query in;
	struct audit_row *rows;
	struct actor actor;

	if (audit_query_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    store_audit_last(svc->store, request->arena, &last, err) < 0)
		return -1;
	filter = filter_of(&in, last.seq);
	if (store_audit_list(svc->store, &filter, request->arena, &rows,
		&out.n_items, err) < 0)
		return -1;
	out.items =
	    arena_alloc(request->arena, (out.n_items + 1) * sizeof(*out.items));
	for (size_t i = 0; i < out.n_items; i++)
		out.items[i] = item_of(&rows[i]);
	out.next = (int64_t)out.n_items == filter.limit
		       ? out.items[out.n_items - 1].seq
		       : next_window(&filter, last.seq);
	encode(&out, reply->body);
	return 0;
}

/* A check that goes on between other work, and is answered at its end. */
struct audit_job {
	struct svc *svc;
	uint64_t ticket;
	int64_t deadline_ms;
	struct audit_check check;
	struct timer *timer;
	struct audit_job *next;
};

static void
job_end(struct audit_job *job)
{
	LL_DELETE(job->svc->audit_jobs, job);
	timer_free(&job->timer);
	free(job);
}

void
audit_jobs_close(struct svc *svc)
{
	while (svc->audit_jobs)
		job_end(svc->audit_jobs);
}

static void
job_answer(const struct audit_job *job)
{
	const struct audit_check *check = &job->check;
	const struct audit_verdict out = {
		.state = audit_state_name(check->state),
		.text = check->text,
		.bad_seq = check->bad_seq,
		.seq = check->at.seq,
		.hash = check->at.hash,
		.begun_seq = check->begun_seq,
	};
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	audit_verdict_encode(&out, &body);
	service_reply_later(job->ticket, &body, NULL);
}

static void
job_step(void *arg)
{
	struct audit_job *job = arg;
	struct err err;
	int got;

	if (clock_unix_ms() > job->deadline_ms) {
		job_end(job);
		return;
	}
	got = audit_verify(job->svc->store, &job->check, SLICE, &err);
	if (got == 0) {
		timer_start(job->timer, 0, 0);
		return;
	}
	if (got < 0)
		service_reply_later(job->ticket, NULL, &err);
	else
		job_answer(job);
	job_end(job);
}

static int
job_begin(struct svc *svc, const struct request *request,
    const struct audit_head *given, struct err *err)
{
	struct audit_job *job;
	int n;

	LL_COUNT(svc->audit_jobs, job, n);
	if (n >= JOBS_MAX)
		return err_set(err, ERR_BUSY,
		    "the audit log is being checked already; try again");
	job = xcalloc(1, sizeof(*job));
	job->svc = svc;
	job->ticket = request->ticket;
	job->deadline_ms = request->deadline_ms;
	job->check.given = *given;
	job->timer = timer_new(svc->env.loop, job_step, job);
	LL_PREPEND(svc->audit_jobs, job);
	timer_start(job->timer, 0, 0);
	return 0;
}

int
on_audit_verify(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct audit_head given = { 0 };
	struct audit_verify in;
	struct actor actor;

	if (audit_verify_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    (*in.head && audit_head_parse(&given, in.head, err) < 0) ||
	    job_begin(svc, request, &given, err) < 0)
		return -1;
	reply->is_deferred = true;
	return 0;
}
