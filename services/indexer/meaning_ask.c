/* Vectors of questions, while a search waits for them. */

#include "services/indexer/meaning_impl.h"

#include <stdlib.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/embed.h"
#include "services/indexer/index.h"
#include "services/indexer/sources.h"

enum {
	ASKED_MAX = 8,
	QUESTION_MS = 30 * 1000,
};

struct meaning_question {
	struct meaning *meaning; /* NULL: it is closed */
	char *workspace_id, *text;
	struct timer *patience;
	meaning_fn fn; /* NULL: who asked waits no longer */
	void *arg;
	struct meaning_question *prev, *next;
};

static void
question_free(struct meaning_question **question)
{
	struct meaning_question *q = *question;

	if (!q)
		return;
	timer_free(&q->patience);
	xfree(&q->workspace_id);
	xfree(&q->text);
	xfree(question);
}

static void
note_failed(struct meaning *m, const struct meaning_question *q)
{
	xfree(&m->failed_question);
	xfree(&m->failed_workspace);
	m->failed_question = xstrdup(q->text);
	m->failed_workspace = xstrdup(q->workspace_id);
}

static void
answers(struct meaning *m)
{
	m->n_refused = 0;
	/* What waited for that. */
	if (m->state == MEANING_AWAY)
		meaning_run_in(m, 0);
	meaning_works(m);
}

/* The engine says no more of the endpoint than before. */
static void
not_sent(struct meaning *m, enum err_code code)
{
	if (m->state != MEANING_AWAY)
		return;
	if (code == ERR_BUSY) {
		meaning_pause_longer(m);
		return;
	}
	/* Of that workspace nothing can be found out. */
	if (meaning_is_doubted(m))
		sources_drop(&m->sources, m->sources->workspace_id);
	xfree(&m->failed_question);
	xfree(&m->failed_workspace);
	meaning_run_in(m, 0);
}

static void
not_answered(
    struct meaning *m, const struct meaning_question *q, const struct err *why)
{
	if (why->code == ERR_REFUSED || why->code == ERR_BUSY) {
		not_sent(m, why->code);
		return;
	}
	if (why->code == ERR_INVALID && !meaning_is_doubted(m)) {
		/* It works; of this one it makes none. */
		answers(m);
		return;
	}
	note_failed(m, q);
	meaning_fails(m, why);
}

static void
tell(struct meaning_question *q, const struct index_meaning *found)
{
	meaning_fn fn = q->fn;

	q->fn = NULL;
	if (fn)
		fn(q->arg, found);
}

static void
on_impatient(void *arg)
{
	struct meaning_question *q = arg;

	log_debug("meaning-late", "workspace=%s", log_quote(q->workspace_id));
	tell(q, NULL);
}

static void
on_question(void *arg, const struct envelope *answer, const struct err *why)
{
	AUTO(question_free)
	struct meaning_question *q = arg;
	struct meaning *m = q->meaning;
	AUTO(arena_free)
	struct arena *arena = arena_new(MEANING_ARENA_BYTES);
	struct embed_vectors found;
	struct index_meaning vector;
	struct err err;
	float *values;

	if (!m)
		return;
	DL_DELETE(m->asked, q);
	if (meaning_take_vectors(answer, why, 1, arena, &found, &values, &err) <
	    0) {
		tell(q, NULL);
		not_answered(m, q, &err);
		return;
	}
	meaning_set_model(m, found.model);
	vector = (struct index_meaning){ m->model, values,
		(size_t)found.n_dimensions };
	questions_put(&m->questions, q->text, &vector);
	answers(m);
	tell(q, &vector);
}

static void
ask(struct meaning *m, const char *workspace_id, const char *text,
    meaning_fn fn, void *arg)
{
	struct meaning_question *q = xcalloc(1, sizeof(*q));
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
	if (meaning_ask_engine(m, &body, QUESTION_MS, on_question, q, &err) <
	    0) {
		tell(q, NULL);
		question_free(&q);
		meaning_fails(m, &err);
		return;
	}
	timer_start(q->patience, m->options.patience_ms, 0);
	DL_APPEND(m->asked, q);
}

/* What it cannot but take, when it may be the texts that it did not. */
void
meaning_ask_again(struct meaning *m)
{
	if (meaning_is_doubted(m))
		ask(m, m->sources->workspace_id, "?", NULL, NULL);
	else
		ask(m, m->failed_workspace, m->failed_question, NULL, NULL);
}

void
meaning_of(struct meaning *m, const char *workspace_id, const char *question,
    meaning_fn fn, void *arg)
{
	struct index_meaning known;
	const struct meaning_question *q;
	size_t n_asked = 0;

	DL_FOREACH (m->asked, q)
		n_asked++;
	if (m->state == MEANING_ON && !meaning_excludes(m, workspace_id) &&
	    questions_find(&m->questions, question, &known) == 0) {
		known.model = m->model;
		fn(arg, &known);
	} else if (m->state != MEANING_ON ||
		   meaning_excludes(m, workspace_id) || n_asked >= ASKED_MAX) {
		fn(arg, NULL);
	} else {
		ask(m, workspace_id, question, fn, arg);
	}
}

void
meaning_questions_forget(struct meaning *m)
{
	struct meaning_question *q, *next;

	DL_FOREACH_SAFE(m->asked, q, next)
	{
		timer_stop(q->patience);
		q->meaning = NULL;
	}
}
