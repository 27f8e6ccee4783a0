/* Names updates to the engine before anybody looks at them. */

#include "libcommon/suspects.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/connector.h"
#include "libcommon/defs.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/bounds.h"
#include "proto/update.h"

enum {
	SUSPECT_UPDATES = 100,
	WITHIN_MS = 10000,
	AGAIN_MS = 300,
	/* What is tried before it is soon through. */
	WAIT_MS = 100,
	ARENA_BYTES = 4096,
};

struct suspects {
	struct connector *connector;
	struct timer *again;
	struct arena *arena;
	char update_id[BOUND_NAME + 1];
	suspects_fn fn; /* NULL: none is named */
	void *arg;
	int n_left;
	bool is_looked_at; /* the one that was named last */
	bool is_over;	   /* that was, and the engine is to know */
	bool is_asking;	   /* one question at a time */
	bool is_outdated;  /* what is asked: another one is next */
	int64_t n_poison;
};

static void
finish(struct suspects *s, bool is_poison)
{
	suspects_fn fn = s->fn;

	s->fn = NULL;
	s->is_looked_at = !is_poison;
	if (s->n_left > 0)
		s->n_left--;
	if (is_poison) {
		s->n_poison++;
		log_error("update-poison", "update=%s effect=%s",
		    log_quote(s->update_id),
		    log_quote("it was there each time that the last three "
			      "processes died, and is left out"));
	}
	fn(s->arg, is_poison);
}

/* The scheduler tells when the engine is away. */
static bool
may_pass(enum err_code code)
{
	return code == ERR_BUSY || code == ERR_UNAVAILABLE ||
	       code == ERR_TIMEOUT;
}

/* As soon as nothing else is asked. */
static void
ask_next(struct suspects *s)
{
	if (s->is_asking)
		s->is_outdated = true;
	else
		timer_start(s->again, 0, 0);
}

/* Whether the answer is to what is asked now; if not, that is asked. */
static bool
is_answered(struct suspects *s)
{
	bool is_outdated = s->is_outdated;

	s->is_asking = s->is_outdated = false;
	if (is_outdated)
		ask_next(s);
	return !is_outdated;
}

static void
on_verdict(void *arg, const struct envelope *answer, const struct err *why)
{
	struct suspects *s = arg;
	struct update_verdict verdict;
	struct err err;

	if (!is_answered(s))
		return;
	arena_reset(s->arena);
	if (!answer || !answer->ok) {
		/* What the engine cannot judge is nobody's to hold up. */
		if (may_pass(answer ? answer->error.code : why->code))
			timer_start(s->again, AGAIN_MS, 0);
		else
			finish(s, false);
		return;
	}
	if (update_verdict_decode(&verdict, answer->body, s->arena, &err) < 0)
		finish(s, false);
	else if (strcmp(verdict.verdict, "wait") == 0)
		timer_start(s->again, WAIT_MS, 0);
	else
		finish(s, strcmp(verdict.verdict, "skip") == 0);
}

static void
on_over(void *arg, const struct envelope *answer, const struct err *why)
{
	struct suspects *s = arg;

	/* The name of another one says the same. */
	if (!is_answered(s))
		return;
	if (!(answer && answer->ok) &&
	    may_pass(answer ? answer->error.code : why->code))
		timer_start(s->again, AGAIN_MS, 0);
	else
		s->is_over = false;
}

static void
ask(void *arg)
{
	struct suspects *s = arg;
	const struct update_suspect in = {
		.update_id = s->update_id,
		.is_over = s->is_over,
	};
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	update_suspect_encode(&in, &body);
	s->is_asking = true;
	connector_ask(s->connector, "update.suspect", &body, WITHIN_MS,
	    s->is_over ? on_over : on_verdict, s);
}

void
suspects_name(
    struct suspects *s, const char *update_id, suspects_fn fn, void *arg)
{
	assert(!s->fn);
	s->fn = fn;
	s->arg = arg;
	s->is_looked_at = s->is_over = false;
	snprintf(s->update_id, sizeof(s->update_id), "%s", update_id);
	/* From the loop: an engine that is away is answered at once. */
	ask_next(s);
}

void
suspects_looked(struct suspects *s)
{
	if (!s->is_looked_at)
		return;
	s->is_looked_at = false;
	s->is_over = true;
	/* Not at once: the next one may be named, which says the same. */
	ask_next(s);
}

void
suspects_begin(struct suspects *s)
{
	s->n_left = SUSPECT_UPDATES;
}

void
suspects_end(struct suspects *s)
{
	s->n_left = 0;
}

bool
suspects_are_on(const struct suspects *s)
{
	return s->n_left > 0;
}

const int64_t *
suspects_counter(const struct suspects *s)
{
	return &s->n_poison;
}

struct suspects *
suspects_new(struct loop *loop, struct connector *connector)
{
	struct suspects *s = xcalloc(1, sizeof(*s));

	s->connector = connector;
	s->again = timer_new(loop, ask, s);
	s->arena = arena_new(ARENA_BYTES);
	return s;
}

void
suspects_free(struct suspects **slot)
{
	struct suspects *s = STEAL(*slot);

	if (!s)
		return;
	timer_free(&s->again);
	arena_free(&s->arena);
	xfree(&s);
}
