/* The loop: timers, descriptors, wake-ups, signals, work and children. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"

static struct loop *loop;

static int
open_loop(void **state)
{
	struct err err;

	(void)state;
	return loop_open(&loop, &err);
}

static int
close_loop(void **state)
{
	(void)state;
	loop_close(&loop);
	return loop != NULL;
}

static void
on_stop(void *arg)
{
	int *n = arg;

	if (n)
		(*n)++;
	loop_stop(loop);
}

/* Ends the test instead of hanging. */
static void
on_too_late(void *arg)
{
	(void)arg;
	fail_msg("nothing happened within five seconds");
}

static void
run(void)
{
	struct timer *late = timer_new(loop, on_too_late, NULL);

	timer_start(late, 5000, 0);
	loop_run(loop);
	timer_free(&late);
}

static void
a_timer_fires_once_and_not_early(void **state)
{
	int n = 0;
	struct timer *timer = timer_new(loop, on_stop, &n);
	int64_t began_ms = clock_mono_ms();

	(void)state;
	assert_false(timer_is_running(timer));
	timer_start(timer, 30, 0);
	assert_true(timer_is_running(timer));
	run();
	assert_int_equal(n, 1);
	assert_true(clock_mono_ms() - began_ms >= 29);
	assert_false(timer_is_running(timer));
	timer_free(&timer);
}

static void
a_timer_for_a_time_that_is_over_fires_at_once(void **state)
{
	int n = 0;
	struct timer *timer = timer_new(loop, on_stop, &n);

	(void)state;
	timer_start(timer, -7, 0);
	run();
	assert_int_equal(n, 1);
	timer_free(&timer);
}

struct late_start {
	struct timer *timer;
	int64_t began_ms;
};

static void
block_then_start(void *arg)
{
	struct late_start *late = arg;
	int64_t until_ms = clock_mono_ms() + 100;

	while (clock_mono_ms() < until_ms)
		;
	late->began_ms = clock_mono_ms();
	timer_start(late->timer, 50, 0);
}

/* libuv alone would count from the start of the turn and fire at once. */
static void
a_timer_started_late_in_a_turn_is_not_early(void **state)
{
	struct late_start late = { .timer = timer_new(loop, on_stop, NULL) };
	struct timer *first = timer_new(loop, block_then_start, &late);

	(void)state;
	loop_worst_lag_ms(loop);
	timer_start(first, 1, 0);
	run();
	assert_true(clock_mono_ms() - late.began_ms >= 49);
	assert_true(loop_worst_lag_ms(loop) >= 90);
	assert_int_equal(loop_worst_lag_ms(loop), 0);
	timer_free(&first);
	timer_free(&late.timer);
}

struct repeat {
	struct timer *timer;
	int n;
};

static void
on_repeat(void *arg)
{
	struct repeat *repeat = arg;

	if (++repeat->n < 3)
		return;
	timer_free(&repeat->timer);
	loop_stop(loop);
}

static void
a_timer_repeats_and_may_free_itself(void **state)
{
	struct repeat repeat = { 0 };

	(void)state;
	repeat.timer = timer_new(loop, on_repeat, &repeat);
	timer_start(repeat.timer, 0, 1);
	run();
	assert_int_equal(repeat.n, 3);
	assert_null(repeat.timer);
}

struct eager {
	struct timer *timer;
	int n;
};

static void
start_again(void *arg)
{
	struct eager *eager = arg;

	if (++eager->n < 1000)
		timer_start(eager->timer, 0, 0);
}

static void
on_byte(void *arg, int events)
{
	(void)arg;
	(void)events;
	loop_stop(loop);
}

static void
a_timer_that_starts_itself_lets_others_run(void **state)
{
	struct eager eager = { 0 };
	struct watch *watch;
	int ends[2];

	(void)state;
	eager.timer = timer_new(loop, start_again, &eager);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	watch = watch_new(loop, ends[0], on_byte, NULL);
	watch_set(watch, LOOP_READABLE);
	timer_start(eager.timer, 0, 0);
	run();
	assert_in_range(eager.n, 1, 10);
	timer_free(&eager.timer);
	watch_free(&watch);
	close(ends[0]);
	close(ends[1]);
}

static void
a_stopped_timer_stays_silent(void **state)
{
	int n = 0;
	struct timer *silent = timer_new(loop, on_stop, &n);
	struct timer *end = timer_new(loop, on_stop, NULL);

	(void)state;
	timer_start(silent, 1, 0);
	timer_stop(silent);
	timer_start(end, 20, 0);
	run();
	assert_int_equal(n, 0);
	timer_free(&silent);
	timer_free(&end);
}

static void
stopping_before_running_returns(void **state)
{
	(void)state;
	loop_stop(loop);
	run();
}

struct reader {
	struct watch *watch;
	int fd;
	int events;
	char byte;
};

static void
on_ready(void *arg, int events)
{
	struct reader *reader = arg;

	reader->events |= events;
	if (events & LOOP_READABLE)
		assert_int_equal(read(reader->fd, &reader->byte, 1), 1);
	watch_free(&reader->watch);
	loop_stop(loop);
}

static void
a_readable_descriptor_is_told(void **state)
{
	struct reader reader = { 0 };
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	reader.fd = fds[0];
	reader.watch = watch_new(loop, fds[0], on_ready, &reader);
	watch_set(reader.watch, LOOP_READABLE);
	assert_int_equal(write(fds[1], "x", 1), 1);
	run();
	assert_int_equal(reader.events, LOOP_READABLE);
	assert_int_equal(reader.byte, 'x');
	close(fds[0]);
	close(fds[1]);
}

static void
a_paused_watch_is_silent(void **state)
{
	struct reader reader = { 0 };
	struct timer *end = timer_new(loop, on_stop, NULL);
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	reader.watch = watch_new(loop, fds[1], on_ready, &reader);
	watch_set(reader.watch, LOOP_WRITABLE);
	watch_set(reader.watch, 0);
	timer_start(end, 20, 0);
	run();
	assert_int_equal(reader.events, 0);
	watch_free(&reader.watch);
	timer_free(&end);
	close(fds[0]);
	close(fds[1]);
}

static void
a_file_cannot_be_watched(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_null(watch_new(loop, fd, on_ready, NULL));
	close(fd);
}

static void *
send_often(void *wakeup)
{
	for (int i = 0; i < 1000; i++)
		wakeup_send(wakeup);
	return NULL;
}

static void
another_thread_wakes_the_loop(void **state)
{
	int n = 0;
	struct wakeup *wakeup = wakeup_new(loop, on_stop, &n);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, send_often, wakeup), 0);
	run();
	pthread_join(thread, NULL);
	assert_true(n >= 1 && n < 1000);
	wakeup_free(&wakeup);
}

static void
prepare_runs_each_turn_until_freed(void **state)
{
	int n = 0;
	struct prepare *prepare = prepare_new(loop, on_stop, &n);

	(void)state;
	run();
	run();
	assert_int_equal(n, 2);
	prepare_free(&prepare);
}

struct job {
	pthread_t worker;
	bool is_done;
};

static void
work(void *arg)
{
	((struct job *)arg)->worker = pthread_self();
}

static void
done(void *arg)
{
	((struct job *)arg)->is_done = true;
	loop_stop(loop);
}

static void
work_runs_off_the_loop_and_ends_on_it(void **state)
{
	struct job job = { 0 };

	(void)state;
	loop_work(loop, work, done, &job);
	run();
	assert_true(job.is_done);
	assert_false(pthread_equal(job.worker, pthread_self()));
}

static void
a_signal_is_told(void **state)
{
	int n = 0;
	struct err err;

	(void)state;
	assert_int_equal(loop_on_signal(loop, SIGUSR1, on_stop, &n, &err), 0);
	raise(SIGUSR1);
	run();
	assert_int_equal(n, 1);
	assert_int_equal(loop_on_signal(loop, 9999, on_stop, &n, &err), -1);
}

struct ended {
	struct child *child;
	int n, exit_status, signo;
};

static void
on_child_exit(void *arg, int exit_status, int signo)
{
	struct ended *ended = arg;

	ended->n++;
	ended->exit_status = exit_status;
	ended->signo = signo;
	child_free(&ended->child);
	loop_stop(loop);
}

static int
spawn(struct ended *ended, const char *script, const int *fds, int n_fds,
    struct err *err)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	const char *envp[] = { "WORD=hello", NULL };

	return child_start(&ended->child, loop,
	    &(struct child_options){
		.path = "/bin/sh",
		.argv = (char *const *)argv,
		.envp = (char *const *)envp,
		.fds = fds,
		.n_fds = n_fds,
		.on_exit = on_child_exit,
		.arg = ended,
	    },
	    err);
}

static void
a_child_gets_its_descriptors_and_environment(void **state)
{
	struct ended ended = { 0 };
	struct err err;
	char text[64] = "";
	int out[2], fds[4];

	(void)state;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	fds[0] = -1;
	fds[1] = out[1];
	fds[2] = 2;
	fds[3] = -1;
	assert_int_equal(
	    spawn(&ended, "cat; cat <&3; echo \"$WORD\"; exit 7", fds, 4, &err),
	    0);
	assert_true(child_pid(ended.child) > 0);
	run();
	assert_int_equal(ended.exit_status, 7);
	assert_int_equal(ended.signo, 0);
	assert_int_equal(read(out[0], text, sizeof(text) - 1), 6);
	assert_string_equal(text, "hello\n");
	close(out[0]);
	close(out[1]);
}

static void
a_killed_child_tells_its_signal(void **state)
{
	const int fds[] = { -1, -1, 2 };
	struct ended ended = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(spawn(&ended, "exec sleep 60", fds, 3, &err), 0);
	child_kill(ended.child, SIGKILL);
	run();
	assert_int_equal(ended.signo, SIGKILL);
	assert_int_equal(ended.n, 1);
}

static void
a_child_freed_early_is_reaped_silently(void **state)
{
	const int fds[] = { -1, -1, 2 };
	struct ended ended = { 0 };
	struct timer *end = timer_new(loop, on_stop, NULL);
	struct err err;
	pid_t pid;

	(void)state;
	assert_int_equal(spawn(&ended, "exit 0", fds, 3, &err), 0);
	pid = child_pid(ended.child);
	child_free(&ended.child);
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++) {
		timer_start(end, 10, 0);
		run();
	}
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(ended.n, 0);
	timer_free(&end);
}

static void
a_program_that_is_not_there_is_named(void **state)
{
	const int fds[] = { -1, -1, 2 };
	const char *argv[] = { "x", NULL };
	struct child *child = NULL;
	struct err err;

	(void)state;
	assert_int_equal(child_start(&child, loop,
			     &(struct child_options){
				 .path = "/nowhere/x",
				 .argv = (char *const *)argv,
				 .envp = (char *const *)argv + 1,
				 .fds = fds,
				 .n_fds = 3,
			     },
			     &err),
	    -1);
	assert_non_null(strstr(err.text, "/nowhere/x"));
	assert_null(child);
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_loop, close_loop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_timer_fires_once_and_not_early),
		T(a_timer_for_a_time_that_is_over_fires_at_once),
		T(a_timer_started_late_in_a_turn_is_not_early),
		T(a_timer_repeats_and_may_free_itself),
		T(a_timer_that_starts_itself_lets_others_run),
		T(a_stopped_timer_stays_silent),
		T(stopping_before_running_returns),
		T(a_readable_descriptor_is_told),
		T(a_paused_watch_is_silent),
		T(a_file_cannot_be_watched),
		T(another_thread_wakes_the_loop),
		T(prepare_runs_each_turn_until_freed),
		T(work_runs_off_the_loop_and_ends_on_it),
		T(a_signal_is_told),
		T(a_child_gets_its_descriptors_and_environment),
		T(a_killed_child_tells_its_signal),
		T(a_child_freed_early_is_reaped_silently),
		T(a_program_that_is_not_there_is_named),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
