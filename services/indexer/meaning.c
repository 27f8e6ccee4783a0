/* How the endpoint of vectors stands, and what is asked of it. */

#include "services/indexer/meaning.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/embed.h"
#include "services/indexer/index.h"
#include "services/indexer/index_vectors.h"
#include "services/indexer/library.h"
#include "services/indexer/meaning_impl.h"
#include "services/indexer/questions.h"
#include "services/indexer/sources.h"
#include "services/indexer/vectors.h"
#include "services/indexer/workspace.h"

enum {
	REFUSED_MAX = 16,
	/* Without an endpoint: one may be set when the engine is started anew */
	OFF_MS = 60 * 1000,
};

void
meaning_run_in(struct meaning *m, int64_t after_ms)
{
	if (!m->in_flight)
		timer_start(m->again, after_ms, 0);
}

/* Said once, in the log and in the beats. */
static void
enter(struct meaning *m, enum meaning_state state)
{
	static const char by_words[] = "search is by words alone: ";
	AUTO(buf_release)
	struct buf note;

	buf_init(&note);
	if (state == m->state)
		return;
	if (state == MEANING_AWAY) {
		buf_addf(&note, "%s%s", by_words, m->trouble.text);
		log_warn("meaning-away", "why=%s", log_quote(m->trouble.text));
	} else if (m->state == MEANING_AWAY && state == MEANING_ON) {
		log_info("meaning-back", "model=%s", log_quote(m->model));
	}
	m->state = state;
	library_note(m->options.library, note.data);
}

void
meaning_works(struct meaning *m)
{
	m->pause_ms = 0;
	enter(m, MEANING_ON);
}

void
meaning_pause_longer(struct meaning *m)
{
	m->pause_ms = sources_longer_pause(m->pause_ms);
	meaning_run_in(m, m->pause_ms);
}

void
meaning_ends(struct meaning *m)
{
	m->pause_ms = 0;
	enter(m, MEANING_OFF);
	meaning_run_in(m, OFF_MS);
}

void
meaning_fails(struct meaning *m, const struct err *why)
{
	m->trouble = *why;
	if (why->code == ERR_NOT_FOUND) {
		meaning_ends(m);
		return;
	}
	/* Of what is not there nobody misses anything. */
	if (m->state == MEANING_ON)
		enter(m, MEANING_AWAY);
	meaning_pause_longer(m);
}

bool
meaning_is_doubted(const struct meaning *m)
{
	return m->sources && m->n_refused > REFUSED_MAX;
}

static void
go_on(void *arg)
{
	struct meaning *m = arg;

	if (m->in_flight)
		return;
	if (m->state == MEANING_UNKNOWN || m->state == MEANING_OFF)
		meaning_probe(m);
	else if (m->sources && !meaning_is_doubted(m))
		meaning_work(m);
	else if (m->state == MEANING_AWAY && (m->sources || m->failed_question))
		meaning_ask_again(m);
	else if (m->state == MEANING_AWAY)
		/* Nothing is left to find out by: the next question tells. */
		meaning_works(m);
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

	if (!m)
		return;
	sources_release(&m->sources);
	/* Calls that are under way end with the process. */
	meaning_questions_forget(m);
	meaning_batch_forget(m);
	questions_release(&m->questions);
	timer_free(&m->again);
	xfree(&m->model);
	xfree(&m->failed_question);
	xfree(&m->failed_workspace);
	xfree(meaning);
}

bool
meaning_excludes(const struct meaning *m, const char *workspace_id)
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
	if (meaning_excludes(m, workspace_id))
		return;
	sources_add(&m->sources, workspace_id);
	if (m->state == MEANING_ON)
		meaning_run_in(m, 0);
}

int
meaning_ask_engine(struct meaning *m, const struct embed_request *body,
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

int
meaning_take_vectors(const struct envelope *answer, const struct err *why,
    size_t n_wanted, struct arena *arena, struct embed_vectors *out,
    float **values_out, struct err *err)
{
	if (!answer || !answer->ok) {
		*err = answer ? answer->error : *why;
		return -1;
	}
	if (embed_vectors_decode(out, answer->body, arena, err) == 0) {
		if (n_wanted > 0 && *out->model == '\0')
			return err_set(err, ERR_NOT_FOUND,
			    "there is no endpoint for vectors any more");
		if (vectors_unpack(out, n_wanted, arena, values_out, err) == 0)
			return 0;
	}
	/* No fault of the texts. */
	err->code = ERR_UNAVAILABLE;
	return -1;
}

/* Vectors of another model mean nothing beside these: the engine was started
 * anew with it, and all of them have to be made anew. */
void
meaning_set_model(struct meaning *m, const char *model)
{
	if (strcmp(m->model, model) == 0)
		return;
	if (*m->model)
		(void)library_rescan(m->options.library);
	questions_release(&m->questions);
	xfree(&m->model);
	m->model = xstrdup(model);
}

int
meaning_describe(
    struct meaning *m, struct workspace *ws, struct buf *out, struct err *err)
{
	struct index_vector_totals totals;
	const struct source *source;

	if (m->state == MEANING_UNKNOWN || m->state == MEANING_OFF)
		return 0;
	if (meaning_excludes(m, ws->id)) {
		buf_adds(out, "off for this workspace");
		return 0;
	}
	if (library_use(m->options.library, ws, err) < 0 ||
	    index_vector_totals(ws->index, &totals, err) < 0)
		return -1;
	if (m->state == MEANING_AWAY)
		buf_addf(out, "away, search is by words alone (%s); ",
		    m->trouble.text);
	source = sources_find(m->sources, ws->id);
	if (source && source->held)
		buf_addf(out, "waiting (%s); ", source->held);
	buf_addf(out, "%" PRId64 " of %" PRId64 " sections have vectors",
	    totals.n_vectors, totals.n_sections);
	return 0;
}
