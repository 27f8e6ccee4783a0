#ifndef TASK_ENGINE_STORE_SUSPECTS_H
#define TASK_ENGINE_STORE_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;
struct store;

/*
 * Updates that a gateway names before it looks at them, and how many of its
 * processes have died with them. One is current at a time: what was named
 * before it has survived.
 */
struct suspect {
	int64_t n_deaths;
	bool is_current; /* named by the process that runs, and not over */
	bool is_waiting; /* and not to be looked at yet */
};

enum {
	/* The death before it was named is the first. */
	SUSPECT_DEATHS_MAX = 2,
	/* What people were told of. */
	SUSPECT_SET_ASIDE = 3,
};

/* What a death counts for whatever was under way. */
struct blame {
	int64_t n_more;	 /* so many deaths more, */
	int64_t n_least; /* but at least so many */
};

/* Another process of the instance has begun. */
int store_suspects_begin(struct store *store, const char *instance,
    bool was_clean_stop, const struct blame *blame, struct err *err) MUST_CHECK;

/* All zero when it is not known. */
int store_suspect_get(struct store *store, const char *instance,
    const char *update_id, struct suspect *out, struct err *err) MUST_CHECK;
int store_suspect_put(struct store *store, const char *instance,
    const char *update_id, const struct suspect *row, int64_t now_ms,
    struct err *err) MUST_CHECK;
/* The current one that was noted after that time; all zero: there is none. */
int store_suspects_current(struct store *store, const char *instance,
    int64_t after_ms, struct suspect *out, struct err *err) MUST_CHECK;
/* Nothing is known against what is current, but for the one of that id. */
int store_suspects_survived(struct store *store, const char *instance,
    const char *but_id, struct err *err) MUST_CHECK;
/* Nor against this one. */
int store_suspect_over(struct store *store, const char *instance,
    const char *update_id, struct err *err) MUST_CHECK;

#endif
