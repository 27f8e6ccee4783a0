/* Vectors of sections and questions, asked of the engine. */

#include "services/indexer/meaning.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/bounds.h"
#include "proto/embed.h"
#include "services/indexer/index.h"
#include "services/indexer/index_vectors.h"
#include "services/indexer/library.h"
#include "services/indexer/questions.h"
#include "services/indexer/sources.h"
#include "services/indexer/vectors.h"
#include "services/indexer/workspace.h"

enum {
	/* More at once would hold a question up behind them. */
	TEXTS_A_BATCH = 16,
	ASKED_MAX = 8, /* questions */
	/* Longer than the endpoint may take. */
	PATIENCE_MS = 11 * 60 * 1000,
	QUESTION_MS = 30 * 1000,
	PROBE_MS = 10 * 1000,
	PAUSE_MIN_MS = 500,
	PAUSE_MAX_MS = 60 * 1000,
	ARENA_BYTES = 8 * 1024 * 1024,
};

enum state {
	STATE_UNKNOWN, /* the engine did not say yet */
	STATE_OFF,
	STATE_ON,
	STATE_AWAY,
};

struct meaning {
	struct meaning_options options;
	enum state state;
	char *model;
	struct err trouble;
	struct timer *again;
	int64_t pause_ms;	 /* 0: the last one worked */
	struct batch *in_flight; /* or the probe, of no texts */
	struct source *sources;
	struct question *asked;
	struct questions questions; /* those that were answered */
	/* What the endpoint failed at last, to be asked again. */
	char *failed_question, *failed_workspace;
};

/* One that is under way. */
struct batch {
	struct meaning *meaning; /* NULL: it is closed */
	char *workspace_id;
	struct arena *arena;
	struct index_text texts[TEXTS_A_BATCH];
	size_t n_texts;
};

struct question {
	struct meaning *meaning; /* NULL: it is closed */
	char *workspace_id, *text;
	struct timer *patience;
	meaning_fn fn; /* NULL: who asked waits no longer */
	void *arg;
	struct question *prev, *next;
};

static void go_on(void *arg);

static void
question_free(struct question **question)
{
	struct question *q = *question;

	if (!q)
		return;
	timer_free(&q->patience);
	xfree(&q->workspace_id);
	xfree(&q->text);
	xfree(question);
}

static void
batch_free(struct batch **batch)
{
	if (!*batch)
		return;
	arena_free(&(*batch)->arena);
	xfree(&(*batch)->workspace_id);
	xfree(batch);
}

static void
run_in(struct meaning *m, int64_t after_ms)
{
	if (!m->in_flight)
		timer_start(m->again, after_ms, 0);
}

/* Said once, in the log and in the beats. */
static void
enter(struct meaning *m, enum state state)
{
	static const char by_words[] = "search is by words alone: ";
	AUTO(buf_release)
	struct buf note;

	buf_init(&note);
	if (state == m->state)
		return;
	if (state == STATE_AWAY) {
		buf_addf(&note, "%s%s", by_words, m->trouble.text);
		log_warn("meaning-away", "why=%s", log_quote(m->trouble.text));
	} else if (m->state == STATE_AWAY) {
		log_info("meaning-back", "model=%s", log_quote(m->model));
	}
	m->state = state;
	library_note(m->options.library, note.data);
}

static void
works(struct meaning *m)
{
	m->pause_ms = 0;
	enter(m, STATE_ON);
}

static void
pause_longer(struct meaning *m)
{
	m->pause_ms = m->pause_ms == 0 ? PAUSE_MIN_MS : 2 * m->pause_ms;
	if (m->pause_ms > PAUSE_MAX_MS)
		m->pause_ms = PAUSE_MAX_MS;
	run_in(m, m->pause_ms);
}

static void
fails(struct meaning *m, const struct err *why)
{
	m->trouble = *why;
	if (m->state != STATE_UNKNOWN)
		enter(m, STATE_AWAY);
	pause_longer(m);
}

void
meaning_open(
    struct meaning **meaning_out, const struct meaning_options *options)
{
	struct meaning *m = xcalloc(1, sizeof(*m));

	m->options = *options;
	m->model = xstrdup("");
	m->again = timer_new(options->loop, go_on, m);
	timer_start(m->again, 0, 0);
	*meaning_out = m;
}

void
meaning_close(struct meaning **meaning)
{
	struct meaning *m = *meaning;
	struct question *q, *next;

	if (!m)
		return;
	sources_release(&m->sources);
	/* Calls that are under way end with the process. */
	DL_FOREACH_SAFE(m->asked, q, next)
	{
		timer_stop(q->patience);
		q->meaning = NULL;
	}
	if (m->in_flight)
		m->in_flight->meaning = NULL;
	questions_release(&m->questions);
	timer_free(&m->again);
	xfree(&m->model);
	xfree(&m->failed_question);
	xfree(&m->failed_workspace);
	xfree(meaning);
}

static bool
is_excluded(const struct meaning *m, const char *workspace_id)
{
	const char *ids = m->options.exclude_workspaces;
	size_t size = strlen(workspace_id);

	while (*ids) {
		size_t n = strcspn(ids, ",");

		if (n == size && strncmp(ids, workspace_id, n) == 0)
			return true;
		ids += n + (ids[n] == ',');
	}
	return false;
}

void
meaning_wake(struct meaning *m, const char *workspace_id)
{
	if (is_excluded(m, workspace_id))
		return;
	sources_add(&m->sources, workspace_id);
	if (m->state == STATE_ON)
		run_in(m, 0);
}

static int
ask_engine(struct meaning *m, const struct embed_request *body,
    int64_t patience_ms, bus_answer_fn fn, void *arg, struct err *err)
{
	AUTO(buf_release)
	struct buf bytes;
	const struct bus_call call = {
		.to = SVC_TASK_ENGINE,
		.type = "embed.request",
		.deadline_ms = clock_unix_ms() + patience_ms,
		.body = &bytes,
	};

	buf_init(&bytes);
	embed_request_encode(body, &bytes);
	return bus_call(m->options.bus, &call, fn, arg, err);
}

/* The answer's vectors, one behind the other; -1: there are none. */
static int
take_vectors(const struct envelope *answer, const struct err *why,
    size_t n_wanted, struct arena *arena, struct embed_vectors *out,
    float **values_out, struct err *err)
{
	if (!answer || !answer->ok) {
		*err = answer ? answer->error : *why;
		return -1;
	}
	if (embed_vectors_decode(out, answer->body, arena, err) < 0)
		return -1;
	return vectors_unpack(out, n_wanted, arena, values_out, err);
}

/* Vectors of another model mean nothing beside these. */
static void
set_model(struct meaning *m, const char *model)
{
	if (strcmp(m->model, model) == 0)
		return;
	questions_release(&m->questions);
	xfree(&m->model);
	m->model = xstrdup(model);
}

static struct batch *
batch_new(struct meaning *m, const char *workspace_id)
{
	struct batch *batch = xcalloc(1, sizeof(*batch));

	batch->meaning = m;
	batch->workspace_id = xstrdup(workspace_id);
	batch->arena = arena_new(ARENA_BYTES);
	return batch;
}

static void
on_probed(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(batch_free)
	struct batch *batch = arg;
	struct meaning *m = batch->meaning;
	struct embed_vectors found;
	struct err err;
	float *none;

	if (!m)
		return;
	m->in_flight = NULL;
	if (take_vectors(answer, why, 0, batch->arena, &found, &none, &err) <
	    0) {
		fails(m, &err);
		return;
	}
	set_model(m, found.model);
	m->pause_ms = 0;
	m->state = *found.model ? STATE_ON : STATE_OFF;
	run_in(m, m->state == STATE_ON ? 0 : PAUSE_MAX_MS);
}

/* Whether there is an endpoint at all. */
static void
probe(struct meaning *m)
{
	const struct embed_request body = { .workspace_id = "" };
	AUTO(batch_free)
	struct batch *batch = batch_new(m, "");
	struct err err;

	if (ask_engine(m, &body, PROBE_MS, on_probed, batch, &err) < 0)
		fails(m, &err);
	else
		m->in_flight = STEAL(batch);
}

static int
keep(struct meaning *m, const struct batch *batch, const float *values,
    size_t n_dimensions, struct err *err)
{
	struct workspace *ws =
	    library_known(m->options.library, batch->workspace_id);

	if (!ws)
		return 0;
	if (library_use(m->options.library, ws, err) < 0)
		return -1;
	return index_vectors_put(ws->index, m->model, batch->texts,
	    batch->n_texts, values, n_dimensions, err);
}

/* It may not be sent: the engine has the last word. */
static void
give_up(struct meaning *m, const struct batch *batch, const struct err *why)
{
	log_info("meaning-refused", "workspace=%s why=%s",
	    log_quote(batch->workspace_id), log_quote(why->text));
	sources_drop(&m->sources, batch->workspace_id);
	run_in(m, 0);
}

/* A budget is used up, say: the others' are not. */
static void
hold(struct meaning *m, const struct batch *batch, const struct err *why)
{
	sources_put_off(&m->sources, batch->workspace_id, why->text);
	pause_longer(m);
}

static void
release(struct meaning *m, const struct batch *batch)
{
	struct source *source = sources_find(m->sources, batch->workspace_id);

	if (source)
		xfree(&source->held);
	run_in(m, 0);
}

static void
on_batch(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(batch_free)
	struct batch *batch = arg;
	struct meaning *m = batch->meaning;
	struct embed_vectors found;
	struct err err;
	float *values;
	int rc;

	if (!m)
		return;
	m->in_flight = NULL;
	rc = take_vectors(
	    answer, why, batch->n_texts, batch->arena, &found, &values, &err);
	if (rc == 0)
		set_model(m, found.model);
	if (rc == 0)
		rc = keep(m, batch, values, (size_t)found.n_dimensions, &err);
	if (rc == 0) {
		works(m);
		release(m, batch);
	} else if (err.code == ERR_BUSY) {
		hold(m, batch, &err);
	} else if (err.code == ERR_REFUSED) {
		give_up(m, batch, &err);
	} else {
		fails(m, &err);
	}
}

static int
send_batch(struct meaning *m, struct batch *batch, struct err *err)
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
	return ask_engine(m, &body, PATIENCE_MS, on_batch, batch, err);
}

/* Returns 1 when nothing of the first workspace is wanted. */
static int
collect(struct meaning *m, struct batch *batch, struct err *err)
{
	struct workspace *ws =
	    library_known(m->options.library, batch->workspace_id);

	if (!ws)
		return 1;
	if (library_use(m->options.library, ws, err) < 0)
		return -1;
	return index_vectors_wanted(ws->index, m->model,
	    m->options.exclude_globs, batch->texts, TEXTS_A_BATCH,
	    &batch->n_texts, batch->arena, err);
}

static void
work(struct meaning *m)
{
	AUTO(batch_free)
	struct batch *batch = batch_new(m, m->sources->workspace_id);
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
		fails(m, &err);
	else if (m->sources)
		run_in(m, 0);
}

static void ask(struct meaning *m, const char *workspace_id, const char *text,
    meaning_fn fn, void *arg);

static void
go_on(void *arg)
{
	struct meaning *m = arg;

	if (m->in_flight)
		return;
	if (m->state == STATE_UNKNOWN || m->state == STATE_OFF)
		probe(m);
	else if (m->sources)
		work(m);
	else if (m->state == STATE_AWAY && m->failed_question)
		ask(m, m->failed_workspace, m->failed_question, NULL, NULL);
}

static void
note_failed(struct meaning *m, const struct question *q)
{
	xfree(&m->failed_question);
	xfree(&m->failed_workspace);
	m->failed_question = xstrdup(q->text);
	m->failed_workspace = xstrdup(q->workspace_id);
}

static void
tell(struct question *q, const struct index_meaning *found)
{
	meaning_fn fn = q->fn;

	q->fn = NULL;
	if (fn)
		fn(q->arg, found);
}

static void
on_impatient(void *arg)
{
	struct question *q = arg;

	log_debug("meaning-late", "workspace=%s", log_quote(q->workspace_id));
	tell(q, NULL);
}

static void
on_question(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(question_free)
	struct question *q = arg;
	struct meaning *m = q->meaning;
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct embed_vectors found;
	struct index_meaning vector;
	struct err err;
	float *values;

	if (!m)
		return;
	DL_DELETE(m->asked, q);
	if (take_vectors(answer, why, 1, arena, &found, &values, &err) < 0) {
		tell(q, NULL);
		if (err.code == ERR_REFUSED || err.code == ERR_BUSY)
			return;
		note_failed(m, q);
		fails(m, &err);
		return;
	}
	set_model(m, found.model);
	vector = (struct index_meaning){ values, (size_t)found.n_dimensions };
	questions_put(&m->questions, q->text, &vector);
	works(m);
	tell(q, &vector);
}

static void
ask(struct meaning *m, const char *workspace_id, const char *text,
    meaning_fn fn, void *arg)
{
	struct question *q = xcalloc(1, sizeof(*q));
	struct embed_text one = { .path = "", .text = text };
	const struct embed_request body = {
		.workspace_id = workspace_id, .texts = &one, .n_texts = 1
	};
	struct err err;

	q->meaning = m;
	q->workspace_id = xstrdup(workspace_id);
	q->text = xstrdup(text);
	q->fn = fn;
	q->arg = arg;
	q->patience = timer_new(m->options.loop, on_impatient, q);
	if (ask_engine(m, &body, QUESTION_MS, on_question, q, &err) < 0) {
		tell(q, NULL);
		question_free(&q);
		fails(m, &err);
		return;
	}
	timer_start(q->patience, m->options.patience_ms, 0);
	DL_APPEND(m->asked, q);
}

void
meaning_of(struct meaning *m, const char *workspace_id, const char *question,
    meaning_fn fn, void *arg)
{
	struct index_meaning known;
	const struct question *q;
	size_t n_asked = 0;

	DL_FOREACH (m->asked, q)
		n_asked++;
	if (m->state == STATE_ON && !is_excluded(m, workspace_id) &&
	    questions_find(&m->questions, question, &known) == 0)
		fn(arg, &known);
	else if (m->state != STATE_ON || is_excluded(m, workspace_id) ||
		 n_asked >= ASKED_MAX)
		fn(arg, NULL);
	else
		ask(m, workspace_id, question, fn, arg);
}

int
meaning_describe(
    struct meaning *m, struct workspace *ws, struct buf *out, struct err *err)
{
	struct index_vector_totals totals;
	const struct source *source;

	if (m->state == STATE_UNKNOWN || m->state == STATE_OFF)
		return 0;
	if (is_excluded(m, ws->id)) {
		buf_adds(out, "off for this workspace");
		return 0;
	}
	if (library_use(m->options.library, ws, err) < 0 ||
	    index_vector_totals(ws->index, &totals, err) < 0)
		return -1;
	if (m->state == STATE_AWAY)
		buf_addf(out, "away, search is by words alone (%s); ",
		    m->trouble.text);
	source = sources_find(m->sources, ws->id);
	if (source && source->held)
		buf_addf(out, "waiting (%s); ", source->held);
	buf_addf(out, "%" PRId64 " of %" PRId64 " sections have vectors",
	    totals.n_vectors, totals.n_sections);
	return 0;
}
