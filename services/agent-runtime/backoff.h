#ifndef AGENT_RUNTIME_BACKOFF_H
#define AGENT_RUNTIME_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When a daemon that died is started again: after 0.1 s, doubling to 30 s,
 * each less up to a fifth by chance, so that daemons that died together do
 * not return together. A minute up forgets the past. Five deaths in a row that
 * came within five seconds of their start make it `failing`: it is then tried
 * every 30 s.
 */
struct backoff {
	int n_deaths; /* since it was last up for a minute */
	int n_quick;  /* in a row */
};

/* Counts a death after up_ms and returns the pause before the next start.
 * chance is any number. */
int64_t
backoff_after_death(struct backoff *backoff, int64_t up_ms, uint32_t chance);
bool backoff_is_failing(const struct backoff *backoff);

#endif
