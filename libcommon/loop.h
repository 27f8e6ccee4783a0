#ifndef LIBCOMMON_LOOP_H
#define LIBCOMMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcommon/defs.h"

struct err;
struct uv_loop_s;

/*
 * The one event loop of a program, a thin face of libuv. Everything runs on
 * the thread that called loop_run, except loop_work jobs. Callbacks may start,
 * stop and free their own and other handles.
 */
struct loop;

int loop_open(struct loop **loop_out, struct err *err) MUST_CHECK;
void loop_close(struct loop **loop);
void loop_run(struct loop *loop); /* until loop_stop */
void loop_stop(struct loop *loop);
struct uv_loop_s *loop_uv(struct loop *loop); /* for libraries that want it */

/* Worst time in ms that one turn of the loop took since the last call. */
int64_t loop_worst_lag_ms(struct loop *loop);

typedef void (*loop_fn)(void *arg);

/* A timer that is made once and started often. A time that is over already
 * (after_ms below 0) is now. Started for now by a timer's callback it waits
 * 1 ms, so that everything else gets its turn. */
struct timer;
struct timer *timer_new(struct loop *loop, loop_fn fn, void *arg);
void timer_free(struct timer **timer);
void timer_start(struct timer *timer, int64_t after_ms, int64_t repeat_ms);
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);

/* fn is called with each arrival of signo. */
int loop_on_signal(struct loop *loop, int signo, loop_fn fn, void *arg,
    struct err *err) MUST_CHECK;

/* Readiness of a foreign descriptor, which stays the caller's. watch_new is
 * NULL for what cannot be waited for: a plain file. */
enum { LOOP_READABLE = 1, LOOP_WRITABLE = 2 };
typedef void (*watch_fn)(void *arg, int events);
struct watch;
struct watch *watch_new(struct loop *loop, int fd, watch_fn fn, void *arg);
void watch_set(struct watch *watch, int events); /* 0: pause */
void watch_free(struct watch **watch);

/* Wakes the loop from another thread; wake-ups between two calls are one. */
struct wakeup;
struct wakeup *wakeup_new(struct loop *loop, loop_fn fn, void *arg);
void wakeup_send(struct wakeup *wakeup);
void wakeup_free(struct wakeup **wakeup);

/* Calls fn before the loop sleeps, each turn; for curl- and MHD-like guests. */
struct prepare;
struct prepare *prepare_new(struct loop *loop, loop_fn fn, void *arg);
void prepare_free(struct prepare **prepare);

/*
 * Runs work in libuv's thread pool, then done on the loop thread. work may
 * touch nothing but arg.
 */
void loop_work(struct loop *loop, loop_fn work, loop_fn done, void *arg);

/* A child process. fds[i] becomes descriptor i of the child; -1: /dev/null. */
struct child;
typedef void (*child_exit_fn)(void *arg, int exit_status, int signo);
struct child_options {
	const char *path;
	char *const *argv;
	char *const *envp;
	const char *cwd; /* NULL: ours */
	const int *fds;
	int n_fds;
	/* Own session and process group: a terminal's Ctrl-C is not for it. */
	bool is_detached;
	child_exit_fn on_exit;
	void *arg;
};
int child_start(struct child **child_out, struct loop *loop,
    const struct child_options *options, struct err *err) MUST_CHECK;
pid_t child_pid(const struct child *child);
void child_kill(struct child *child, int signo);
/* Of a detached child: it and all that it started and left in its group, which
 * may outlive it. Last called by on_exit. */
void child_kill_group(const struct child *child, int signo);
void child_free(struct child **child); /* does not kill */

#endif
