/* Vectors of sections: a batch at a time, kept in the index. */

#include "services/indexer/meaning_impl.h"

#include <stdlib.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/embed.h"
#include "services/indexer/index.h"
#include "services/indexer/index_vectors.h"
#include "services/indexer/library.h"
#include "services/indexer/sources.h"
#include "services/indexer/workspace.h"

enum {
	/* More at once would hold a question up behind them. */
	TEXTS_A_BATCH = 16,
	/* Longer than the endpoint may take. */
	PATIENCE_MS = 11 * 60 * 1000,
	PROBE_MS = 10 * 1000,
};

/* One that is under way. */
struct meaning_batch {
	struct meaning *meaning; /* NULL: it is closed */
	char *workspace_id;
	struct arena *arena;
	struct index_text texts[TEXTS_A_BATCH];
	size_t n_texts;
};

static void
batch_free(struct meaning_batch **batch)
{
	if (!*batch)
		return;
	arena_free(&(*batch)->arena);
	xfree(&(*batch)->workspace_id);
	xfree(batch);
}

static struct meaning_batch *
batch_new(struct meaning *m, const char *workspace_id)
{
	struct meaning_batch *batch = xcalloc(1, sizeof(*batch));

	batch->meaning = m;
	batch->workspace_id = xstrdup(workspace_id);
	batch->arena = arena_new(MEANING_ARENA_BYTES);
	return batch;
}

static void
on_probed(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(batch_free)
	struct meaning_batch *batch = arg;
	struct meaning *m = batch->meaning;
	struct embed_vectors found;
	struct err err;
	float *none;

	if (!m)
		return;
	m->in_flight = NULL;
	if (meaning_take_vectors(
		answer, why, 0, batch->arena, &found, &none, &err) < 0) {
		meaning_fails(m, &err);
		return;
	}
	if (*found.model == '\0') {
		meaning_ends(m);
		return;
	}
	meaning_set_model(m, found.model);
	meaning_works(m);
	meaning_run_in(m, 0);
}

/* Whether there is an endpoint at all. */
void
meaning_probe(struct meaning *m)
{
	const struct embed_request body = { .workspace_id = "" };
	AUTO(batch_free)
	struct meaning_batch *batch = batch_new(m, "");
	struct err err;

	if (meaning_ask_engine(m, &body, PROBE_MS, on_probed, batch, &err) < 0)
		meaning_fails(m, &err);
	else
		m->in_flight = STEAL(batch);
}

static int
keep(struct meaning *m, const struct meaning_batch *batch, const float *values,
    size_t n_dimensions, struct err *err)
{
	struct workspace *ws;
	int rc = library_use_known(
	    m->options.library, batch->workspace_id, &ws, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return index_vectors_put(ws->index, m->model, batch->texts,
	    batch->n_texts, values, n_dimensions, err);
}

/* It may not be sent: the engine has the last word. */
static void
give_up(
    struct meaning *m, const struct meaning_batch *batch, const struct err *why)
{
	log_info("meaning-refused", "workspace=%s why=%s",
	    log_quote(batch->workspace_id), log_quote(why->text));
	sources_drop(&m->sources, batch->workspace_id);
	meaning_run_in(m, 0);
}

/* A budget is used up, say: the others' are not. */
static void
hold(
    struct meaning *m, const struct meaning_batch *batch, const struct err *why)
{
	sources_put_off(&m->sources, batch->workspace_id, why->text);
	meaning_pause_longer(m);
}

static int
pass(struct meaning *m, const struct meaning_batch *batch,
    const struct err *why, struct err *err)
{
	const struct index_text *text = &batch->texts[0];
	struct workspace *ws;
	int rc = library_use_known(
	    m->options.library, batch->workspace_id, &ws, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	log_info("meaning-passed", "workspace=%s path=%s why=%s",
	    log_quote(batch->workspace_id), log_quote(text->path),
	    log_quote(why->text));
	return index_vectors_pass(ws->index, m->model, text, err);
}

/* It works, and does not take one of the texts: which, it is not said. */
static void
find_unfit(
    struct meaning *m, const struct meaning_batch *batch, const struct err *why)
{
	struct err err;

	if (batch->n_texts > 1) {
		m->n_singly = batch->n_texts;
	} else {
		m->n_singly -= m->n_singly > 0;
		m->n_refused++;
		if (meaning_is_doubted(m)) {
			meaning_fails(m, why);
			return;
		}
		if (pass(m, batch, why, &err) < 0) {
			meaning_fails(m, &err);
			return;
		}
		meaning_works(m);
	}
	meaning_run_in(m, 0);
}

static void
release(struct meaning *m, const struct meaning_batch *batch)
{
	struct source *source = sources_find(m->sources, batch->workspace_id);

	if (source)
		xfree(&source->held);
	m->n_singly -= m->n_singly > 0;
	m->n_refused = 0;
	meaning_run_in(m, 0);
}

static void
on_batch(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(batch_free)
	struct meaning_batch *batch = arg;
	struct meaning *m = batch->meaning;
	struct embed_vectors found;
	struct err err;
	float *values;
	int rc;

	if (!m)
		return;
	m->in_flight = NULL;
	rc = meaning_take_vectors(
	    answer, why, batch->n_texts, batch->arena, &found, &values, &err);
	if (rc == 0)
		meaning_set_model(m, found.model);
	if (rc == 0)
		rc = keep(m, batch, values, (size_t)found.n_dimensions, &err);
	if (rc == 0) {
		meaning_works(m);
		release(m, batch);
	} else if (err.code == ERR_BUSY) {
		hold(m, batch, &err);
	} else if (err.code == ERR_REFUSED) {
		give_up(m, batch, &err);
	} else if (err.code == ERR_INVALID) {
		find_unfit(m, batch, &err);
	} else {
		meaning_fails(m, &err);
	}
}

static int
send_batch(struct meaning *m, struct meaning_batch *batch, struct err *err)
{
	struct embed_text texts[TEXTS_A_BATCH];
	const struct embed_request body = {
		.workspace_id = batch->workspace_id,
		.texts = texts,
		.n_texts = batch->n_texts,
	};

	for (size_t i = 0; i < batch->n_texts; i++)
		texts[i] = (struct embed_text){ batch->texts[i].path,
			batch->texts[i].text };
	return meaning_ask_engine(m, &body, PATIENCE_MS, on_batch, batch, err);
}

/* Returns 1 when nothing of the first workspace is wanted. */
static int
collect(struct meaning *m, struct meaning_batch *batch, struct err *err)
{
	struct workspace *ws;
	int rc = library_use_known(
	    m->options.library, batch->workspace_id, &ws, err);

	if (rc != 0)
		return rc;
	if (!ws->is_retried && index_vectors_retry(ws->index, err) < 0)
		return -1;
	ws->is_retried = true;
	return index_vectors_wanted(ws->index, m->model,
	    m->options.exclude_globs, batch->texts,
	    m->n_singly > 0 ? 1 : TEXTS_A_BATCH, &batch->n_texts, batch->arena,
	    err);
}

void
meaning_work(struct meaning *m)
{
	AUTO(batch_free)
	struct meaning_batch *batch = batch_new(m, m->sources->workspace_id);
	struct err err;
	int rc = collect(m, batch, &err);

	if (rc == 1)
		sources_drop(&m->sources, batch->workspace_id);
	if (rc == 0 && batch->n_texts > 0) {
		rc = send_batch(m, batch, &err);
		if (rc == 0) {
			m->in_flight = STEAL(batch);
			return;
		}
	}
	if (rc < 0)
		meaning_fails(m, &err);
	else if (m->sources || m->state == MEANING_AWAY)
		meaning_run_in(m, 0);
}

void
meaning_batch_forget(struct meaning *m)
{
	if (m->in_flight)
		m->in_flight->meaning = NULL;
}
