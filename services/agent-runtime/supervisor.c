/* All daemons of a suite: their start, their state as a whole, their stop. */

#include "services/agent-runtime/supervisor.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/sanitizers.h"
#include "services/agent-runtime/daemon.h"
#include "services/agent-runtime/forward.h"
#include "services/agent-runtime/report.h"
#include "services/agent-runtime/suite.h"

enum {
	SCALE = BUILT_WITH_ASAN ? 10 : 1,
	/* Of the two seconds that a stop may take: */
	ENGINE_STOPS_AFTER_MS = 700 * SCALE,
	KILL_AFTER_MS = 1700 * SCALE,
	/* Sooner it is the same wish: a terminal, or timeout(1), signals both us
	 * and our process group. */
	SECOND_WISH_AFTER_MS = 300,
	/* Changes that come together are written down together. */
	REPORT_AFTER_MS = 20,
};

enum phase { STARTING, RUNNING, STOPPING_OTHERS, STOPPING_ALL };

struct supervisor {
	struct daemon_env *env;
	const char *run_dir; /* NULL: lost */
	struct daemon *daemons[SUITE_MAX_MEMBERS];
	size_t n_daemons;
	enum phase phase;
	int64_t started_ms;
	int64_t started_unix;
	int64_t stopping_ms;
	struct timer *report;
	struct timer *stop;
};

static const char *
phase_name(enum phase phase)
{
	if (phase == STARTING)
		return "starting";
	return phase == RUNNING ? "running" : "stopping";
}

static void
write_report(void *arg)
{
	const struct supervisor *s = arg;

	if (s->run_dir == NULL)
		return;
	report_write(&(struct report){
	    .run_dir = s->run_dir,
	    .started_unix = s->started_unix,
	    .state = phase_name(s->phase),
	    .daemons = s->daemons,
	    .n_daemons = s->n_daemons,
	});
}

static size_t
count(const struct supervisor *s, enum daemon_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_daemons; i++)
		n += daemon_view(s->daemons[i]).state == state;
	return n;
}

/* The engine answers the others' goodbyes; the scheduler hears their beats. */
static bool
is_needed_by_others(const struct daemon *daemon)
{
	const char *program = daemon_view(daemon).program;

	return strcmp(program, "task-engine") == 0 ||
	       strcmp(program, "scheduler") == 0;
}

static bool
have_others_ended(const struct supervisor *s)
{
	for (size_t i = 0; i < s->n_daemons; i++)
		if (!is_needed_by_others(s->daemons[i]) &&
		    daemon_view(s->daemons[i]).state != DAEMON_STOPPED)
			return false;
	return true;
}

static void
kill_the_rest(void *arg)
{
	struct supervisor *s = arg;

	for (size_t i = 0; i < s->n_daemons; i++) {
		const struct daemon_view v = daemon_view(s->daemons[i]);

		if (v.pid == 0)
			continue;
		log_error(
		    "daemon-killed", "name=%s why=\"did not stop\"", v.name);
		daemon_stop(s->daemons[i], SIGKILL);
	}
}

static void
stop_all(void *arg)
{
	struct supervisor *s = arg;

	if (s->phase == STOPPING_ALL)
		return;
	s->phase = STOPPING_ALL;
	/* One that has ended by now must not get a signal: it has no pid. */
	for (size_t i = 0; i < s->n_daemons; i++)
		if (is_needed_by_others(s->daemons[i]))
			daemon_stop(s->daemons[i], SIGTERM);
	timer_free(&s->stop);
	s->stop = timer_new(s->env->loop, kill_the_rest, s);
	timer_start(
	    s->stop, KILL_AFTER_MS - (clock_mono_ms() - s->stopping_ms), 0);
}

static void
show_progress(struct supervisor *s)
{
	char text[64];

	if (s->phase != STARTING)
		return;
	snprintf(text, sizeof(text), "starting: %zu of %zu daemons are ready",
	    count(s, DAEMON_RUNNING), s->n_daemons);
	forward_progress(s->env->forward, text);
}

/* Whether nobody is still on its way up for the first time. */
static void
note_if_started(struct supervisor *s)
{
	size_t n_settled = count(s, DAEMON_RUNNING) + count(s, DAEMON_FAILING) +
			   count(s, DAEMON_BAD_CONFIG);

	if (s->phase != STARTING || n_settled < s->n_daemons)
		return;
	s->phase = RUNNING;
	forward_progress(s->env->forward, "");
	log_info("suite-running", "running=%zu of=%zu ms=%" PRId64,
	    count(s, DAEMON_RUNNING), s->n_daemons,
	    clock_mono_ms() - s->started_ms);
}

static void
on_change(void *arg)
{
	struct supervisor *s = arg;

	if (!timer_is_running(s->report))
		timer_start(s->report, REPORT_AFTER_MS, 0);
	show_progress(s);
	note_if_started(s);
	if (s->phase == STOPPING_OTHERS && have_others_ended(s))
		stop_all(s);
	if (s->phase == STOPPING_ALL &&
	    count(s, DAEMON_STOPPED) == s->n_daemons)
		loop_stop(s->env->loop);
}

int
supervisor_open(struct supervisor **out, struct daemon_env *env,
    const struct suite *suite, const char *run_dir, struct err *err)
{
	struct supervisor *s = xcalloc(1, sizeof(*s));

	s->env = env;
	s->run_dir = run_dir;
	env->on_change = on_change;
	env->arg = s;
	s->report = timer_new(env->loop, write_report, s);
	s->stop = timer_new(env->loop, stop_all, s);
	for (size_t i = 0; i < suite->n_members; i++) {
		if (!suite->members[i].is_started)
			continue;
		if (daemon_new(&s->daemons[s->n_daemons], env,
			&suite->members[i], err) < 0) {
			supervisor_close(&s);
			return -1;
		}
		s->n_daemons++;
	}
	*out = s;
	return 0;
}

void
supervisor_close(struct supervisor **slot)
{
	struct supervisor *s = STEAL(*slot);

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_daemons; i++)
		daemon_free(&s->daemons[i]);
	timer_free(&s->report);
	timer_free(&s->stop);
	free(s);
}

void
supervisor_start(struct supervisor *s)
{
	s->started_ms = clock_mono_ms();
	s->started_unix = clock_unix_ms() / 1000;
	for (size_t i = 0; i < s->n_daemons; i++)
		daemon_start(s->daemons[i]);
}

void
supervisor_stop(struct supervisor *s)
{
	if (s->phase == STOPPING_OTHERS || s->phase == STOPPING_ALL) {
		if (clock_mono_ms() - s->stopping_ms < SECOND_WISH_AFTER_MS)
			return;
		stop_all(s);
		kill_the_rest(s);
		return;
	}
	log_info("suite-stopping", "running=%zu", count(s, DAEMON_RUNNING));
	forward_progress(s->env->forward, "");
	s->phase = STOPPING_OTHERS;
	s->stopping_ms = clock_mono_ms();
	timer_start(s->stop, ENGINE_STOPS_AFTER_MS, 0);
	for (size_t i = 0; i < s->n_daemons; i++)
		if (!is_needed_by_others(s->daemons[i]))
			daemon_stop(s->daemons[i], SIGTERM);
	on_change(s);
}

void
supervisor_abandon(struct supervisor *s)
{
	s->run_dir = NULL;
	supervisor_stop(s);
}
