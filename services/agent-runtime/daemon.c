/* One supervised daemon: started, listened to, started again. */

#include "services/agent-runtime/daemon.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/agent-runtime/backoff.h"
#include "services/agent-runtime/environment.h"
#include "services/agent-runtime/find.h"
#include "services/agent-runtime/forward.h"
#include "services/agent-runtime/suite.h"

enum {
	STATUS_BAD_CONFIG = 2,
	/* One that is stuck at its very start would spin. */
	STUCK_AT_LEAST_MS = 1000,
	KEYS_FD = 3,
	/* A busy suite says thousands of lines a second. To be woken by each
	 * would cost the daemons more than their lines do. */
	LISTEN_EVERY_MS = 10,
};

struct daemon {
	const struct daemon_env *env;
	const struct suite_member *member;
	char name[64];
	char path[4096];
	enum daemon_state state;
	int64_t since_unix;
	bool is_stopping;
	struct child *child;
	int64_t started_ms;
	int out_fd; /* what it writes */
	struct watch *watch;
	struct timer *listen; /* runs while watch is paused */
	struct lines lines;
	struct backoff backoff;
	struct timer *retry;
	int64_t next_try_unix;
	int n_restarts;
	char last_exit[48];
};

static const char *const state_names[DAEMON_STATE_COUNT] = {
	[DAEMON_STOPPED] = "stopped",
	[DAEMON_STARTING] = "starting",
	[DAEMON_RUNNING] = "running",
	[DAEMON_BACKOFF] = "backoff",
	[DAEMON_FAILING] = "failing",
	[DAEMON_BAD_CONFIG] = "bad-config",
};

const char *
daemon_state_name(enum daemon_state state)
{
	return state_names[state];
}

static void
enter(struct daemon *d, enum daemon_state state)
{
	if (state == d->state)
		return;
	d->state = state;
	d->since_unix = clock_unix_ms() / 1000;
	d->env->on_change(d->env->arg);
}

static void
on_line(void *arg, char *line)
{
	struct daemon *d = arg;
	struct log_line log;
	bool is_log =
	    log_line_parse(&log, line) &&
	    strcmp(log.program, service_name(d->member->peer.service)) == 0;

	forward_line(d->env->forward, d->name, line, is_log ? &log : NULL);
	if (!is_log || strcmp(log.id, "ready") != 0 || d->child == NULL)
		return;
	log_info("daemon-running", "name=%s pid=%d ms=%" PRId64, d->name,
	    (int)child_pid(d->child), clock_mono_ms() - d->started_ms);
	enter(d, DAEMON_RUNNING);
}

static void
read_lines(struct daemon *d)
{
	char bytes[8192];
	ssize_t n;

	/* Bounded: a daemon that only talks must not keep us from others. */
	for (int i = 0; i < 16; i++) {
		n = read(d->out_fd, bytes, sizeof(bytes));
		if (n <= 0)
			break;
		lines_feed(&d->lines, bytes, (size_t)n, on_line, d);
	}
}

static void
on_listen(void *arg)
{
	struct daemon *d = arg;

	watch_set(d->watch, LOOP_READABLE);
}

/* While it starts, its `ready` is waited for. */
static void
on_output(void *arg, int events)
{
	struct daemon *d = arg;

	(void)events;
	read_lines(d);
	if (d->state != DAEMON_RUNNING)
		return;
	watch_set(d->watch, 0);
	timer_start(d->listen, LISTEN_EVERY_MS, 0);
}

static void
stop_listening(struct daemon *d)
{
	if (d->out_fd < 0)
		return;
	timer_stop(d->listen);
	read_lines(d);
	lines_end(&d->lines, on_line, d);
	watch_free(&d->watch);
	fd_close(&d->out_fd);
}

static void
pause_then_start(struct daemon *d, int64_t pause_ms)
{
	d->next_try_unix = (clock_unix_ms() + pause_ms) / 1000;
	timer_start(d->retry, pause_ms, 0);
}

static void
after_death(struct daemon *d, int64_t up_ms)
{
	uint32_t chance;
	int64_t pause_ms;
	bool is_failing;

	id_random(&chance, sizeof(chance));
	pause_ms = backoff_after_death(&d->backoff, up_ms, chance);
	is_failing = backoff_is_failing(&d->backoff);
	if (is_failing)
		log_error("daemon-failing",
		    "name=%s ended=%s up_ms=%" PRId64 " deaths=%d "
		    "next_try_ms=%" PRId64,
		    d->name, log_quote(d->last_exit), up_ms,
		    d->backoff.n_deaths, pause_ms);
	else
		log_warn("daemon-died",
		    "name=%s ended=%s up_ms=%" PRId64 " next_try_ms=%" PRId64,
		    d->name, log_quote(d->last_exit), up_ms, pause_ms);
	pause_then_start(d, pause_ms);
	enter(d, is_failing ? DAEMON_FAILING : DAEMON_BACKOFF);
}

static void
judge_end(struct daemon *d, int status, int signo, int64_t up_ms)
{
	if (d->is_stopping) {
		log_info("daemon-stopped", "name=%s ended=%s", d->name,
		    log_quote(d->last_exit));
		enter(d, DAEMON_STOPPED);
	} else if (signo == 0 && status == STATUS_BAD_CONFIG) {
		log_error("daemon-bad-config",
		    "name=%s remedy=\"its last line above says what to "
		    "change; then start serve again\"",
		    d->name);
		enter(d, DAEMON_BAD_CONFIG);
	} else if (signo == 0 && status == BUS_EXIT_STUCK &&
		   up_ms >= STUCK_AT_LEAST_MS) {
		log_warn("daemon-stuck",
		    "name=%s up_ms=%" PRId64 " next_try_ms=0", d->name, up_ms);
		pause_then_start(d, 0);
		enter(d, DAEMON_BACKOFF);
	} else
		after_death(d, up_ms);
}

static void
on_end(void *arg, int status, int signo)
{
	struct daemon *d = arg;

	stop_listening(d);
	child_free(&d->child);
	if (signo != 0)
		snprintf(d->last_exit, sizeof(d->last_exit), "signal %d (%s)",
		    signo, strsignal(signo));
	else
		snprintf(
		    d->last_exit, sizeof(d->last_exit), "status %d", status);
	judge_end(d, status, signo, clock_mono_ms() - d->started_ms);
}

static void
on_retry(void *arg)
{
	struct daemon *d = arg;

	d->n_restarts++;
	daemon_start(d);
}

/* The reading end of a pipe that holds the daemon's keys and then ends. */
static int
keys_pipe(const struct daemon *d, struct err *err)
{
	AUTO(buf_release)
	struct buf text;
	int ends[2];
	ssize_t n;

	buf_init(&text);
	door_keys_print_for(d->env->keys, &d->member->peer, &text);
	/* A pipe holds 64 KiB; 31 peers take less than 8. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_errno(err, "make a pipe for door keys");
	n = write(ends[1], text.data, text.size);
	explicit_bzero(text.data, text.size);
	close(ends[1]);
	if (n != (ssize_t)text.size) {
		close(ends[0]);
		return err_errno(err, "write door keys");
	}
	return ends[0];
}

static int
spawn(struct daemon *d, const int *fds, struct err *err)
{
	char data_dir[4096 + 32], instance[80], serve_pid[16], keys_fd[16];
	char *argv[] = { d->path, (char *)"--door-keys-fd", keys_fd,
		(char *)"--supervised", serve_pid,
		d->env->has_own_uids ? (char *)"--own-uid" : NULL, NULL };
	char *extra[] = { data_dir, instance, NULL };
	AUTO(environment_list_free)
	char **envp = NULL;

	snprintf(data_dir, sizeof(data_dir), "AGENT_RUNTIME_DATA_DIR=%s",
	    d->env->data_dir);
	snprintf(instance, sizeof(instance), "AGENT_RUNTIME_INSTANCE=%s",
	    d->member->instance);
	snprintf(serve_pid, sizeof(serve_pid), "%d", (int)getpid());
	snprintf(keys_fd, sizeof(keys_fd), "%d", KEYS_FD);
	envp = environment_for(
	    d->env->environment, service_name(d->member->peer.service), extra);
	return child_start(&d->child, d->env->loop,
	    &(struct child_options){
		.path = d->path,
		.argv = argv,
		.envp = envp,
		.fds = fds,
		.n_fds = KEYS_FD + 1,
		/* Ctrl-C is for serve, which stops them in its order. */
		.is_detached = true,
		.on_exit = on_end,
		.arg = d,
	    },
	    err);
}

static int
start(struct daemon *d, struct err *err)
{
	AUTO(fd_close)
	int keys_fd = keys_pipe(d, err);
	AUTO(fd_close)
	int child_end = -1;
	int ends[2];

	if (keys_fd < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, "make a pipe for its log");
	child_end = ends[1];
	d->out_fd = ends[0];
	(void)fcntl(d->out_fd, F_SETFL, O_NONBLOCK);
	d->watch = watch_new(d->env->loop, d->out_fd, on_output, d);
	watch_set(d->watch, LOOP_READABLE);
	return spawn(d, (int[]){ -1, child_end, child_end, keys_fd }, err);
}

void
daemon_start(struct daemon *d)
{
	struct err err;

	d->next_try_unix = 0;
	d->started_ms = clock_mono_ms();
	if (start(d, &err) < 0) {
		stop_listening(d);
		snprintf(d->last_exit, sizeof(d->last_exit), "not started");
		log_error("daemon-not-started", "name=%s why=%s", d->name,
		    log_quote(err.text));
		after_death(d, 0);
		return;
	}
	log_info("daemon-starting", "name=%s pid=%d", d->name,
	    (int)child_pid(d->child));
	/* It is failing until it has shown that it can get ready. */
	if (!backoff_is_failing(&d->backoff))
		enter(d, DAEMON_STARTING);
}

void
daemon_stop(struct daemon *d, int signo)
{
	d->is_stopping = true;
	timer_stop(d->retry);
	d->next_try_unix = 0;
	if (d->child != NULL)
		child_kill(d->child, signo);
	else
		enter(d, DAEMON_STOPPED);
}

int
daemon_new(struct daemon **out, const struct daemon_env *env,
    const struct suite_member *member, struct err *err)
{
	struct daemon *d = xcalloc(1, sizeof(*d));

	d->env = env;
	d->member = member;
	d->out_fd = -1;
	d->since_unix = clock_unix_ms() / 1000;
	suite_member_name(member, d->name);
	if (find_program(d->path, service_name(member->peer.service), err) <
	    0) {
		free(d);
		return -1;
	}
	lines_init(&d->lines);
	d->retry = timer_new(env->loop, on_retry, d);
	d->listen = timer_new(env->loop, on_listen, d);
	*out = d;
	return 0;
}

void
daemon_free(struct daemon **slot)
{
	struct daemon *d = STEAL(*slot);

	if (d == NULL)
		return;
	stop_listening(d);
	child_free(&d->child);
	timer_free(&d->retry);
	timer_free(&d->listen);
	lines_release(&d->lines);
	free(d);
}

struct daemon_view
daemon_view(const struct daemon *d)
{
	return (struct daemon_view){
		.name = d->name,
		.program = service_name(d->member->peer.service),
		.instance = d->member->instance,
		.state = d->state,
		.pid = d->child != NULL ? child_pid(d->child) : 0,
		.n_restarts = d->n_restarts,
		.last_exit = d->last_exit,
		.since_unix = d->since_unix,
		.next_try_unix = d->next_try_unix,
	};
}
