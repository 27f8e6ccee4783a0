#ifndef INDEXER_MEANING_IMPL_H
#define INDEXER_MEANING_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/bus.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/indexer/meaning.h"
#include "services/indexer/questions.h"

struct arena;
struct embed_request;
struct embed_vectors;
struct envelope;
struct meaning_batch;
struct meaning_question;
struct source;
struct timer;

/* Between meaning.c, which knows how the endpoint stands, meaning_batch.c and
 * meaning_ask.c, which ask it. */
enum meaning_state {
	MEANING_UNKNOWN, /* the engine did not say yet */
	MEANING_OFF,
	MEANING_ON,
	MEANING_AWAY,
};

struct meaning {
	struct meaning_options options;
	enum meaning_state state;
	char *model;
	struct err trouble;
	struct timer *again;
	int64_t pause_ms;		 /* 0: the last one worked */
	struct meaning_batch *in_flight; /* or the probe, of no texts */
	struct source *sources;
	struct meaning_question *asked;
	struct questions questions; /* those that were answered */
	size_t n_singly;	    /* texts to be sent one by one */
	size_t n_refused;	    /* of them, since one was taken */
	/* What the endpoint failed at last, to be asked again. */
	char *failed_question, *failed_workspace;
};

void meaning_run_in(struct meaning *m, int64_t after_ms);
void meaning_works(struct meaning *m);
/* There is no endpoint: it is asked now and then whether there is one. */
void meaning_ends(struct meaning *m);
/* Nothing at all can be had for now; NOT_FOUND: it has ended. */
void meaning_fails(struct meaning *m, const struct err *why);
void meaning_pause_longer(struct meaning *m);
/* It refused so many texts, one behind the other, that it may refuse all. */
bool meaning_is_doubted(const struct meaning *m);
bool meaning_excludes(const struct meaning *m, const char *workspace_id);
/* What was answered by another model is forgotten. */
void meaning_set_model(struct meaning *m, const char *model);

int meaning_ask_engine(struct meaning *m, const struct embed_request *body,
    int64_t patience_ms, bus_answer_fn fn, void *arg,
    struct err *err) MUST_CHECK;
/* The answer's vectors, one behind the other; -1: there are none. */
int meaning_take_vectors(const struct envelope *answer, const struct err *why,
    size_t n_wanted, struct arena *arena, struct embed_vectors *out,
    float **values_out, struct err *err) MUST_CHECK;

/* Of sections: whether there is an endpoint, and the next that are wanted. */
void meaning_probe(struct meaning *m);
void meaning_work(struct meaning *m);
void meaning_batch_forget(struct meaning *m);

/* Of questions: the one that failed last. */
void meaning_ask_again(struct meaning *m);
void meaning_questions_forget(struct meaning *m);

enum { MEANING_ARENA_BYTES = 8 * 1024 * 1024 };

#endif
