/* Starts, kills, stops and watches the actors of a test. */

#include "tests/unit/bus/cast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/err.h"

struct actor server, client, near, far;
struct stage stage;
struct progress *progress;
static const char *actor_path;
static struct timer *beat;

static void
on_exit_of(void *arg, int exit_status, int signo)
{
	struct actor *actor = arg;

	child_free(&actor->child);
	actor->has_exited = true;
	actor->exit_status = exit_status;
	actor->signo = signo;
	actor->n_stuck += exit_status == BUS_EXIT_STUCK;
	actor->n_killed += signo == SIGKILL;
	if (actor->is_kept_up)
		start(actor);
}

void
start(struct actor *actor)
{
	const char *const argv[] = { "actor", actor->role, stage.run_dir,
		actor->instance, actor->n ? actor->n : "0",
		actor->ms ? actor->ms : "0", NULL };
	int fds[] = { -1, 1, 2 };
	struct err err;

	actor->has_exited = false;
	actor->n_starts++;
	if (child_start(&actor->child, stage.loop,
		&(struct child_options){
		    .path = actor_path,
		    .argv = (char *const *)argv,
		    .envp = environ,
		    .fds = fds,
		    .n_fds = 3,
		    .on_exit = on_exit_of,
		    .arg = actor,
		},
		&err) < 0)
		die(1, "%s", err.text);
}

void
start_server(const char *slow_ms, bool is_kept_up)
{
	server = (struct actor){ .role = "server",
		.instance = "main",
		.ms = slow_ms,
		.is_kept_up = is_kept_up };
	start(&server);
}

void
start_client(const char *n, const char *within_ms, bool is_kept_up)
{
	client = (struct actor){ .role = "client",
		.instance = "main",
		.n = n,
		.ms = within_ms,
		.is_kept_up = is_kept_up };
	start(&client);
}

void
tell(struct actor *actor, int signo)
{
	child_kill(actor->child, signo);
}

bool
has_ended(void *arg)
{
	return ((struct actor *)arg)->has_exited;
}

void
stop(struct actor *actor)
{
	actor->is_kept_up = false;
	tell(actor, SIGTERM);
	assert_true(stage_until(&stage, has_ended, actor, PATIENCE_MS));
	/* One that was started just now does not listen to it yet. */
	assert_true(actor->signo == 0 || actor->signo == SIGTERM);
	/* It may have found itself stuck just now. */
	assert_true(
	    actor->exit_status == 0 || actor->exit_status == BUS_EXIT_STUCK);
}

int
end_actors(void **state)
{
	struct actor *actors[] = { &server, &client, &near, &far };

	(void)state;
	for (size_t i = 0; i < N_OF(actors); i++) {
		if (!actors[i]->child)
			continue;
		actors[i]->is_kept_up = false;
		tell(actors[i], SIGKILL);
		tell(actors[i], SIGCONT);
		if (!stage_until(&stage, has_ended, actors[i], PATIENCE_MS))
			return -1;
	}
	return 0;
}

bool
is_more(void *arg)
{
	struct more *more = arg;

	return *more->counter > more->than;
}

static bool
is_never(void *arg)
{
	(void)arg;
	return false;
}

bool
grows(_Atomic int64_t *counter, int64_t by, int64_t within_ms)
{
	struct more more = { counter, *counter + by - 1 };

	return stage_until(&stage, is_more, &more, within_ms);
}

void
wait_ms(int64_t ms)
{
	stage_until(&stage, is_never, NULL, ms);
}

int64_t
rss_kb(const struct actor *actor)
{
	char path[64], line[128];
	long kb = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status",
	    (int)child_pid(actor->child));
	file = fopen(path, "r");
	while (file && kb < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, "VmRSS:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	if (file)
		fclose(file);
	return kb;
}

/* The loop turns every 5 ms, so that what another process counts is seen. */
static void
on_beat(void *arg)
{
	(void)arg;
}

int
open_cast(const char *path)
{
	actor_path = path;
	stage_open(&stage);
	stage_write_keys(&stage);
	progress = progress_map(stage.run_dir);
	beat = timer_new(stage.loop, on_beat, NULL);
	timer_start(beat, 5, 5);
	return 0;
}

int
close_cast(void **state)
{
	(void)state;
	timer_free(&beat);
	stage_close(&stage);
	return 0;
}
