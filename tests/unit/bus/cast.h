#ifndef TESTS_UNIT_BUS_CAST_H
#define TESTS_UNIT_BUS_CAST_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/unit/bus/progress.h"
#include "tests/unit/bus/stage.h"

/*
 * The processes of a test, its stage and the page that they share. Whatever
 * is not as it should be fails the cmocka test that is running.
 */
struct actor {
	const char *role, *instance, *n, *ms;
	struct child *child;
	bool has_exited;
	int exit_status, signo;
	int n_starts, n_stuck, n_killed;
	bool is_kept_up; /* started again whatever it ends by */
};

/* For whatever must happen, but may be slow on a busy machine. */
enum { PATIENCE_MS = 30000 };

extern struct stage stage;
extern struct progress *progress;
extern struct actor server, client, near, far;

int open_cast(const char *actor_path);
int close_cast(void **state); /* the group's teardown */
/* Teardown: whoever a test leaves behind is killed after it. */
int end_actors(void **state);

void start(struct actor *actor);
void start_server(const char *slow_ms, bool is_kept_up);
void start_client(const char *n, const char *within_ms, bool is_kept_up);
void tell(struct actor *actor, int signo);
void stop(struct actor *actor); /* in order, by SIGTERM */
bool has_ended(void *actor);
int64_t rss_kb(const struct actor *actor);

/* Whether the counter grows by so much in that time. */
bool grows(_Atomic int64_t *counter, int64_t by, int64_t within_ms);
void wait_ms(int64_t ms);

/* A claim for stage_until. */
struct more {
	_Atomic int64_t *counter;
	int64_t than;
};
bool is_more(void *more);

#endif
