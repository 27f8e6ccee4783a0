/* The indexer's door: texts to vectors. What may be sent is decided here. */

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/base64.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/bounds.h"
#include "proto/embed.h"
#include "services/task-engine/config.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/llm/budget.h"
#include "services/task-engine/llm/embed.h"
#include "services/task-engine/llm/embeddings.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/took.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/places.h"

enum { JOB_ARENA_BYTES = 8 * 1024 * 1024 };

/* Texts that are at the endpoint. */
struct embed_job {
	struct svc *svc;
	uint64_t ticket;
	char *workspace_id;
	size_t n_texts;
	int64_t n_estimated; /* tokens */
	struct budget_use use;
	struct embed_job *next;
};

static void
job_end(struct embed_job *job)
{
	LL_DELETE(job->svc->embed_jobs, job);
	budget_leave(&job->svc->budgets, &job->use);
	free(job->workspace_id);
	free(job);
}

void
embed_jobs_close(struct svc *svc)
{
	while (svc->embed_jobs)
		job_end(svc->embed_jobs);
}

/* Nobody in particular asks: of the budgets two hold. */
static void
set_keys(struct embed_job *job)
{
	job->use.keys[BUDGET_WORKSPACE] = job->workspace_id;
	job->use.keys[BUDGET_ALL] = "";
}

static int
reserve(struct embed_job *job, struct err *err)
{
	if (budget_reserve(
		&job->svc->budgets, &job->use, job->n_estimated, err) == 0)
		return 0;
	return err->code == ERR_BUSY
		   ? err_set(
			 err, ERR_BUSY, "today's budget of tokens is used up")
		   : -1;
}

static void
settle(struct embed_job *job, int64_t n_said)
{
	const struct llm_answer said = { .text = "", .input_tokens = n_said };
	const struct tokens used = took_by_answer(&said, job->n_estimated);
	struct err err;

	budget_settle(&job->use, &used);
	if (budget_keep(&job->svc->budgets, &job->use, &err) < 0)
		log_warn(
		    "embeddings-not-counted", "why=%s", log_quote(err.text));
}

/* As the wire wants it, whatever the machine's order of bytes is. */
static const char *
pack(const float *values, size_t n, struct arena *arena)
{
	unsigned char *bytes = arena_alloc(arena, n * 4);
	char *text = arena_alloc(arena, base64_size(n * 4) + 1);

	for (size_t i = 0; i < n; i++) {
		uint32_t bits;

		memcpy(&bits, &values[i], sizeof(bits));
		for (size_t k = 0; k < 4; k++)
			bytes[4 * i + k] = (unsigned char)(bits >> 8 * k);
	}
	base64_write(text, bytes, n * 4);
	return text;
}

static void
answer(const struct embed_job *job, const struct embeddings *found,
    struct arena *arena)
{
	const char *vectors[BOUND_EMBED_TEXTS];
	struct embed_vectors out = {
		.model = job->svc->cfg->embed_model,
		.n_dimensions = (int64_t)found->n_dimensions,
		.vectors = vectors,
		.n_vectors = job->n_texts,
	};
	AUTO(buf_release)
	struct buf body;

	for (size_t i = 0; i < job->n_texts; i++)
		vectors[i] = pack(found->values + i * found->n_dimensions,
		    found->n_dimensions, arena);
	buf_init(&body);
	embed_vectors_encode(&out, &body);
	service_reply_later(job->ticket, &body, NULL);
}

static void
on_done(void *arg, const char *body, size_t size, const struct err *why)
{
	struct embed_job *job = arg;
	AUTO(arena_free)
	struct arena *arena = arena_new(JOB_ARENA_BYTES);
	struct embeddings found;
	struct err err;

	if (!body) {
		service_reply_later(job->ticket, NULL, why);
	} else if (embeddings_parse(
		       &found, body, size, job->n_texts, arena, &err) < 0) {
		err.code = ERR_UNAVAILABLE;
		embedder_judge(job->svc->embedder, &err);
		service_reply_later(job->ticket, NULL, &err);
	} else {
		embedder_judge(job->svc->embedder, NULL);
		settle(job, found.n_tokens);
		answer(job, &found, arena);
	}
	job_end(job);
}

/* The indexer keeps to the same rows; here they hold whatever it does. */
static int
check_allowed(struct svc *svc, const struct request *request,
    const struct embed_request *in, struct err *err)
{
	struct workspace_row workspace;
	int rc;

	if (csv_has(svc->cfg->embed_exclude_workspaces, in->workspace_id))
		return err_set(err, ERR_REFUSED,
		    "nothing of this workspace may be sent to the embedding "
		    "endpoint");
	for (size_t i = 0; i < in->n_texts; i++)
		if (embed_excludes(
			svc->cfg->embed_exclude_globs, in->texts[i].path))
			return err_set(err, ERR_REFUSED,
			    "%s may not be sent to the embedding endpoint",
			    log_quote(in->texts[i].path));
	rc = store_workspace_get(
	    svc->store, in->workspace_id, request->arena, &workspace, err);
	return rc == 1 ? err_set(err, ERR_REFUSED,
			     "that is no workspace of the engine's")
		       : rc;
}

static int64_t
estimate(const struct embed_request *in)
{
	size_t n = 0;

	for (size_t i = 0; i < in->n_texts; i++)
		n += strlen(in->texts[i].text);
	return (int64_t)n / BUDGET_BYTES_PER_TOKEN + 1;
}

static int
start(struct svc *svc, const struct request *request,
    const struct embed_request *in, struct err *err)
{
	const char *texts[BOUND_EMBED_TEXTS];
	struct embed_job *job = xcalloc(1, sizeof(*job));

	for (size_t i = 0; i < in->n_texts; i++)
		texts[i] = in->texts[i].text;
	*job = (struct embed_job){
		.svc = svc,
		.ticket = request->ticket,
		.workspace_id = xstrdup(in->workspace_id),
		.n_texts = in->n_texts,
		.n_estimated = estimate(in),
	};
	set_keys(job);
	LL_PREPEND(svc->embed_jobs, job);
	if (reserve(job, err) == 0 && embedder_start(svc->embedder, texts,
					  in->n_texts, on_done, job, err) == 0)
		return 0;
	job_end(job);
	return -1;
}

int
on_embed_request(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct embed_request in;
	struct embed_vectors out = { .model = "" };

	if (embed_request_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	if (!svc->embedder || in.n_texts == 0) {
		if (svc->embedder)
			out.model = svc->cfg->embed_model;
		embed_vectors_encode(&out, reply->body);
		return 0;
	}
	if (check_allowed(svc, request, &in, err) < 0 ||
	    start(svc, request, &in, err) < 0)
		return -1;
	reply->is_deferred = true;
	return 0;
}
