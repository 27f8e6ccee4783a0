#ifndef TESTS_UNIT_BUS_PROGRESS_H
#define TESTS_UNIT_BUS_PROGRESS_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * How the actors of a test are getting on: a file in the run directory that
 * all of them have mapped. It outlives whoever is killed.
 */
enum { CROWD_MAX = 16 };

struct progress {
	_Atomic int64_t n_ok;
	_Atomic int64_t last_ok_ms; /* monotonic: one clock for all */
	_Atomic int64_t n_timeouts, n_unavailable, n_busy, n_other;
	_Atomic int64_t n_double;      /* answered more than once */
	_Atomic int64_t worst_late_ms; /* behind the deadline */
	_Atomic int64_t n_outstanding;
	_Atomic int64_t n_ready;     /* servers that have opened their doors */
	_Atomic int64_t n_heard;     /* by the subscriber of instance "main" */
	_Atomic int64_t n_heard_far; /* by that of another one */
	_Atomic int64_t n_served;
	/* Of a crowd: killed and replaced, left by the watchdog. */
	_Atomic int64_t n_replaced, n_stuck;
	_Atomic int64_t n_answers[CROWD_MAX]; /* since the member's start */
};

struct progress *progress_map(const char *run_dir);

#endif
