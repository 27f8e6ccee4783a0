/* Claims deliveries and reports what becomes of their parts. */

#include "libcommon/outbound.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/connector.h"
#include "libcommon/edits.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/markup.h"
#include "proto/bounds.h"
#include "proto/delivery.h"

enum {
	JOBS_MAX = BOUND_DELIVERIES,
	POLL_MS = 5000, /* a doorbell may be lost */
	CLAIM_WITHIN_MS = 10000,
	/* What was sent is told as long as the lease lasts: an engine that
	 * starts again in that time learns of it, and nothing is doubled. */
	REPORT_WITHIN_MS = 50000,
	ARENA_BYTES = 12 * 1024 * 1024,
};

struct outbound {
	struct connector *connector;
	struct outbound_platform platform;
	void *arg;
	struct timer *poll, *wake;
	int64_t wake_at_ms; /* monotonic; 0: not set */
	struct arena *arena;
	struct outbound_job *jobs;
	int64_t n_jobs;
	bool is_allowed, is_claiming;
	bool is_rung; /* while a claim was under way */
	struct outbound_counters counters;
};

struct outbound_job {
	struct outbound_job *next;
	struct outbound *outbound;
	struct arena *arena;
	struct delivery delivery;
	struct split_part *parts;
	int64_t n_parts;
	struct outbound_part part; /* the one under way */
	bool is_begun;
};

static void claim(struct outbound *o);
static void begin_part(struct outbound_job *job);

static void
end_job(struct outbound_job *job)
{
	struct outbound *o = job->outbound;
	struct outbound_job **at = &o->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	o->n_jobs--;
	arena_free(&job->arena);
	xfree(&job);
	/* The chat's next row may be due. */
	claim(o);
}

/* True when the row is no longer ours, or nobody knows. */
static bool
is_lost(const struct outbound_job *job, const struct envelope *answer,
    const struct err *err, struct delivery_noted *noted)
{
	const char *why = err ? err->text : "";
	struct err wrong;

	if (answer && !answer->ok)
		why = answer->error.text;
	else if (answer && delivery_noted_decode(
			       noted, answer->body, job->arena, &wrong) == 0)
		return strcmp(noted->state, "stale") == 0;
	log_warn("delivery-unreported", "delivery=%s part=%" PRId64 " why=%s",
	    job->delivery.delivery_id, job->part.number, log_quote(why));
	return true;
}

static void
report(
    struct outbound_job *job, struct delivery_result *result, bus_answer_fn fn)
{
	AUTO(buf_release)
	struct buf body = { 0 };

	result->delivery_id = job->delivery.delivery_id;
	result->lease = job->delivery.lease;
	result->part = job->part.number;
	buf_init(&body);
	delivery_result_encode(result, &body);
	connector_ask(job->outbound->connector, "delivery.result", &body,
	    REPORT_WITHIN_MS, fn, job);
}

static void
send_part(void *arg)
{
	struct outbound_job *job = arg;

	job->outbound->platform.send(job->outbound->arg, job, &job->part);
}

static void
on_begun(void *arg, const struct envelope *answer, const struct err *err)
{
	struct outbound_job *job = arg;
	struct delivery_noted noted;

	if (is_lost(job, answer, err, &noted)) {
		end_job(job);
		return;
	}
	job->is_begun = true;
	/* What was told of it before must not come behind it. */
	if (*job->part.edit_id && job->outbound->platform.edits)
		edits_end(job->outbound->platform.edits, job->part.edit_id,
		    send_part, job);
	else
		send_part(job);
}

static void
on_sent(void *arg, const struct envelope *answer, const struct err *err)
{
	struct outbound_job *job = arg;
	struct delivery_noted noted;

	if (is_lost(job, answer, err, &noted) || job->part.is_last) {
		end_job(job);
		return;
	}
	job->part.number++;
	job->part.is_uncertain = false;
	begin_part(job);
}

static void
on_given_back(void *arg, const struct envelope *answer, const struct err *err)
{
	struct outbound_job *job = arg;
	struct delivery_noted noted;

	(void)is_lost(job, answer, err, &noted);
	end_job(job);
}

static void
begin_part(struct outbound_job *job)
{
	const struct split_part *split = &job->parts[job->part.number];
	struct outbound_part *part = &job->part;

	part->reply_to_id = part->number == 0 ? job->delivery.reply_to_id : "";
	part->written = split->written;
	part->plain = split->plain;
	part->is_last = part->number == job->n_parts - 1;
	part->action_id = part->is_last ? job->delivery.action_id : "";
	part->edit_id = part->number == job->delivery.edit_part
			    ? job->delivery.edit_id
			    : "";
	part->shows_anew = job->delivery.shows_anew;
	report(job, &(struct delivery_result){ .outcome = "begun" }, on_begun);
}

static void
take_back(struct outbound_job *job)
{
	assert(job->is_begun);
	job->is_begun = false;
}

void
outbound_sent(struct outbound_job *job, const char *platform_id)
{
	struct delivery_result result = {
		.outcome = "sent",
		.is_last = job->part.is_last,
		.platform_id = platform_id,
	};

	take_back(job);
	job->outbound->counters.parts++;
	job->outbound->counters.rows += job->part.is_last;
	report(job, &result, on_sent);
}

static void
wake_in(struct outbound *o, int64_t ms)
{
	int64_t at_ms = clock_mono_ms() + ms;

	if (o->wake_at_ms && o->wake_at_ms <= at_ms)
		return;
	o->wake_at_ms = at_ms;
	timer_start(o->wake, ms, 0);
}

void
outbound_retry(struct outbound_job *job, int64_t after_ms, const char *reason)
{
	take_back(job);
	job->outbound->counters.retries++;
	if (after_ms > 0)
		wake_in(job->outbound, after_ms);
	report(job,
	    &(struct delivery_result){
		.outcome = "retry",
		.retry_after_ms = after_ms,
		.reason = reason,
	    },
	    on_given_back);
}

void
outbound_refused(struct outbound_job *job, const char *reason)
{
	take_back(job);
	job->outbound->counters.refused++;
	report(job,
	    &(struct delivery_result){ .outcome = "refused", .reason = reason },
	    on_given_back);
}

static void
copy_delivery(struct outbound_job *job, const struct delivery *from)
{
	struct arena *arena = job->arena;

	job->delivery = *from;
	job->delivery.delivery_id = arena_strdup(arena, from->delivery_id);
	job->delivery.lease = arena_strdup(arena, from->lease);
	job->delivery.chat_id = arena_strdup(arena, from->chat_id);
	job->delivery.reply_to_id = arena_strdup(arena, from->reply_to_id);
	job->delivery.action_id = arena_strdup(arena, from->action_id);
	job->delivery.edit_id = arena_strdup(arena, from->edit_id);
}

static void
cut(struct outbound_job *job, const char *text)
{
	const struct outbound_platform *p = &job->outbound->platform;
	struct markup markup;

	markup_parse(&markup, text, strlen(text), p->markup_flags, job->arena);
	job->n_parts =
	    (int64_t)split_markup(&markup, &p->split, job->arena, &job->parts);
	if (job->n_parts > BOUND_PARTS)
		job->n_parts = BOUND_PARTS;
	if (job->delivery.is_partial && job->n_parts > 1)
		job->n_parts = 1;
}

static void
start_job(struct outbound *o, const struct delivery *delivery)
{
	struct outbound_job *job = xcalloc(1, sizeof(*job));

	job->outbound = o;
	job->arena = arena_new(ARENA_BYTES);
	job->next = o->jobs;
	o->jobs = job;
	o->n_jobs++;
	copy_delivery(job, delivery);
	cut(job, delivery->text);
	job->part = (struct outbound_part){
		.delivery_id = job->delivery.delivery_id,
		.number = delivery->n_parts_sent,
		.chat_id = job->delivery.chat_id,
		.answers_id = job->delivery.reply_to_id,
		.is_uncertain = delivery->is_part_uncertain,
		.arena = job->arena,
	};
	if (job->part.number < job->n_parts) {
		begin_part(job);
		return;
	}
	/* Nothing in it can be seen, or its last part was the end. */
	job->part.is_last = true;
	report(job,
	    &(struct delivery_result){ .outcome = "sent", .is_last = true },
	    on_sent);
}

static void
on_claimed(void *arg, const struct envelope *answer, const struct err *err)
{
	struct outbound *o = arg;
	struct delivery_batch batch;
	struct err wrong;

	(void)err; /* the scheduler tells when the engine is away */
	o->is_claiming = false;
	if (!answer || !answer->ok)
		return;
	arena_reset(o->arena);
	if (delivery_batch_decode(&batch, answer->body, o->arena, &wrong) < 0) {
		log_error("claim-unread", "why=%s", log_quote(wrong.text));
		return;
	}
	for (size_t i = 0; i < batch.n_deliveries; i++)
		start_job(o, &batch.deliveries[i]);
	if (batch.has_more || o->is_rung)
		claim(o);
}

static void
claim(struct outbound *o)
{
	const struct delivery_claim in = { .max = JOBS_MAX - o->n_jobs };
	AUTO(buf_release)
	struct buf body = { 0 };

	o->is_rung = o->is_claiming;
	if (o->is_claiming || !o->is_allowed || in.max < 1)
		return;
	o->is_claiming = true;
	buf_init(&body);
	delivery_claim_encode(&in, &body);
	connector_ask(o->connector, "delivery.claim", &body, CLAIM_WITHIN_MS,
	    on_claimed, o);
}

static void
on_poll(void *arg)
{
	claim(arg);
}

static void
on_wake(void *arg)
{
	struct outbound *o = arg;

	o->wake_at_ms = 0;
	claim(o);
}

struct outbound *
outbound_open(struct loop *loop, struct connector *connector,
    const struct outbound_platform *platform, void *arg)
{
	struct outbound *o = xcalloc(1, sizeof(*o));

	o->connector = connector;
	o->platform = *platform;
	o->arg = arg;
	o->arena = arena_new(ARENA_BYTES);
	o->poll = timer_new(loop, on_poll, o);
	o->wake = timer_new(loop, on_wake, o);
	timer_start(o->poll, POLL_MS, POLL_MS);
	return o;
}

void
outbound_close(struct outbound **slot)
{
	struct outbound *o = *slot;

	if (!o)
		return;
	while (o->jobs) {
		struct outbound_job *job = o->jobs;

		o->jobs = job->next;
		arena_free(&job->arena);
		xfree(&job);
	}
	timer_free(&o->poll);
	timer_free(&o->wake);
	arena_free(&o->arena);
	xfree(slot);
}

void
outbound_allow(struct outbound *o, bool is_allowed)
{
	bool is_new = is_allowed && !o->is_allowed;

	o->is_allowed = is_allowed;
	if (is_new)
		claim(o);
}

void
outbound_ring(struct outbound *o)
{
	claim(o);
}

const struct outbound_counters *
outbound_counters(const struct outbound *o)
{
	return &o->counters;
}
