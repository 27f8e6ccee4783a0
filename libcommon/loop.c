/* The event loop: libuv's, with handles that their owners may free anywhere. */

#include "libcommon/loop.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>
#include <uv.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"

struct signal_watch {
	uv_signal_t uv;
	loop_fn fn;
	void *arg;
	struct signal_watch *next;
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t before_sleep;
	uv_check_t after_sleep;
	struct signal_watch *signals;
	int64_t turn_began_ms; /* on libuv's clock */
	int64_t worst_lag_ms;
	int n_own_handles; /* not closed yet */
	bool is_in_timer;
};

struct timer {
	uv_timer_t uv;
	struct loop *loop;
	loop_fn fn;
	void *arg;
};

struct watch {
	uv_poll_t uv;
	watch_fn fn;
	void *arg;
};

struct wakeup {
	uv_async_t uv;
	loop_fn fn;
	void *arg;
};

struct prepare {
	uv_prepare_t uv;
	loop_fn fn;
	void *arg;
};

struct work {
	uv_work_t uv;
	loop_fn work;
	loop_fn done;
	void *arg;
};

/* libuv looks at a handle once more after uv_close: only then is it freed. */
static void
free_handle(uv_handle_t *handle)
{
	free(handle->data);
}

static int64_t
hr_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

/*
 * libuv's clock stands still from the return of epoll_wait on, so it tells
 * when this turn began. It is read here because the timers of the next turn
 * move it.
 */
static void
on_after_sleep(uv_check_t *check)
{
	struct loop *loop = check->data;

	loop->turn_began_ms = (int64_t)uv_now(&loop->uv);
}

static void
on_before_sleep(uv_prepare_t *prepare)
{
	struct loop *loop = prepare->data;
	int64_t lag_ms = hr_ms() - loop->turn_began_ms;

	if (loop->turn_began_ms != 0 && lag_ms > loop->worst_lag_ms)
		loop->worst_lag_ms = lag_ms;
}

int
loop_open(struct loop **loop_out, struct err *err)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));
	int rc = uv_loop_init(&loop->uv);

	if (rc < 0) {
		free(loop);
		return err_set(err, ERR_INTERNAL,
		    "cannot make an event loop: %s", uv_strerror(rc));
	}
	uv_prepare_init(&loop->uv, &loop->before_sleep);
	uv_check_init(&loop->uv, &loop->after_sleep);
	loop->before_sleep.data = loop->after_sleep.data = loop;
	loop->n_own_handles = 2;
	/* Both keep the loop alive while nothing else is active. */
	uv_prepare_start(&loop->before_sleep, on_before_sleep);
	uv_check_start(&loop->after_sleep, on_after_sleep);
	*loop_out = loop;
	return 0;
}

static void
on_own_closed(uv_handle_t *handle)
{
	struct loop *loop = handle->data;

	loop->n_own_handles--;
}

static void
on_signal_closed(uv_handle_t *handle)
{
	struct loop *loop = handle->loop->data;

	loop->n_own_handles--;
	free(handle->data);
}

/*
 * What others still have open stays usable: the bus never closes, and its
 * threads may wake the loop until the process has left.
 */
void
loop_close(struct loop **slot)
{
	struct loop *loop = *slot;
	struct signal_watch *sig, *next;

	if (!loop)
		return;
	*slot = NULL;
	loop->uv.data = loop;
	LL_FOREACH_SAFE(loop->signals, sig, next)
	uv_close((uv_handle_t *)&sig->uv, on_signal_closed);
	loop->signals = NULL;
	uv_close((uv_handle_t *)&loop->before_sleep, on_own_closed);
	uv_close((uv_handle_t *)&loop->after_sleep, on_own_closed);
	while (loop->n_own_handles > 0)
		uv_run(&loop->uv, UV_RUN_NOWAIT);
	if (uv_loop_close(&loop->uv) == 0)
		free(loop);
}

void
loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void
loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

struct uv_loop_s *
loop_uv(struct loop *loop)
{
	return &loop->uv;
}

int64_t
loop_worst_lag_ms(struct loop *loop)
{
	int64_t worst_ms = loop->worst_lag_ms;

	loop->worst_lag_ms = 0;
	return worst_ms;
}

static void
on_timer(uv_timer_t *uv)
{
	struct timer *timer = uv->data;
	struct loop *loop = timer->loop;

	loop->is_in_timer = true;
	timer->fn(timer->arg);
	loop->is_in_timer = false;
}

struct timer *
timer_new(struct loop *loop, loop_fn fn, void *arg)
{
	struct timer *timer = xcalloc(1, sizeof(*timer));

	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	timer->uv.data = timer;
	uv_timer_init(&loop->uv, &timer->uv);
	return timer;
}

void
timer_free(struct timer **slot)
{
	struct timer *timer = STEAL(*slot);

	if (timer)
		uv_close((uv_handle_t *)&timer->uv, free_handle);
}

/*
 * libuv counts from the start of the turn. A turn that has taken long already
 * would fire the timer early, so what it took is added. And libuv before 1.45
 * goes on with timers while any is due: one that is started with 0 by a timer
 * would run again and again before anything is polled.
 */
void
timer_start(struct timer *timer, int64_t after_ms, int64_t repeat_ms)
{
	int64_t spent_ms = hr_ms() - (int64_t)uv_now(timer->uv.loop);

	assert(repeat_ms >= 0);
	if (after_ms < 0)
		after_ms = 0;
	if (after_ms == 0 && timer->loop->is_in_timer)
		after_ms = 1;
	if (after_ms > 0 && spent_ms > 0)
		after_ms += spent_ms;
	uv_timer_start(
	    &timer->uv, on_timer, (uint64_t)after_ms, (uint64_t)repeat_ms);
}

void
timer_stop(struct timer *timer)
{
	uv_timer_stop(&timer->uv);
}

bool
timer_is_running(const struct timer *timer)
{
	return uv_is_active((const uv_handle_t *)&timer->uv);
}

static void
on_signal(uv_signal_t *uv, int signo)
{
	struct signal_watch *sig = uv->data;

	(void)signo;
	sig->fn(sig->arg);
}

int
loop_on_signal(
    struct loop *loop, int signo, loop_fn fn, void *arg, struct err *err)
{
	struct signal_watch *sig = xcalloc(1, sizeof(*sig));
	int rc;

	sig->fn = fn;
	sig->arg = arg;
	sig->uv.data = sig;
	uv_signal_init(&loop->uv, &sig->uv);
	LL_PREPEND(loop->signals, sig);
	loop->n_own_handles++;
	rc = uv_signal_start(&sig->uv, on_signal, signo);
	if (rc < 0)
		return err_set(err, ERR_INTERNAL,
		    "cannot wait for signal %d: %s", signo, uv_strerror(rc));
	return 0;
}

/* After a failed poll the owner tries and learns by itself what is wrong. */
static void
on_watch(uv_poll_t *uv, int status, int events)
{
	struct watch *watch = uv->data;
	int mask = 0;

	if (status < 0)
		mask = LOOP_READABLE | LOOP_WRITABLE;
	if (events & UV_READABLE)
		mask |= LOOP_READABLE;
	if (events & UV_WRITABLE)
		mask |= LOOP_WRITABLE;
	watch->fn(watch->arg, mask);
}

struct watch *
watch_new(struct loop *loop, int fd, watch_fn fn, void *arg)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	watch->fn = fn;
	watch->arg = arg;
	watch->uv.data = watch;
	if (uv_poll_init(&loop->uv, &watch->uv, fd) < 0) {
		free(watch);
		return NULL;
	}
	return watch;
}

void
watch_set(struct watch *watch, int events)
{
	int mask = 0;

	if (events & LOOP_READABLE)
		mask |= UV_READABLE;
	if (events & LOOP_WRITABLE)
		mask |= UV_WRITABLE;
	if (mask == 0)
		uv_poll_stop(&watch->uv);
	else
		uv_poll_start(&watch->uv, mask, on_watch);
}

void
watch_free(struct watch **slot)
{
	struct watch *watch = STEAL(*slot);

	if (watch)
		uv_close((uv_handle_t *)&watch->uv, free_handle);
}

static void
on_wakeup(uv_async_t *uv)
{
	struct wakeup *wakeup = uv->data;

	wakeup->fn(wakeup->arg);
}

struct wakeup *
wakeup_new(struct loop *loop, loop_fn fn, void *arg)
{
	struct wakeup *wakeup = xcalloc(1, sizeof(*wakeup));
	int rc;

	wakeup->fn = fn;
	wakeup->arg = arg;
	wakeup->uv.data = wakeup;
	rc = uv_async_init(&loop->uv, &wakeup->uv, on_wakeup);
	if (rc < 0)
		die(1, "cannot make a wake-up: %s", uv_strerror(rc));
	return wakeup;
}

void
wakeup_send(struct wakeup *wakeup)
{
	uv_async_send(&wakeup->uv);
}

void
wakeup_free(struct wakeup **slot)
{
	struct wakeup *wakeup = STEAL(*slot);

	if (wakeup)
		uv_close((uv_handle_t *)&wakeup->uv, free_handle);
}

static void
on_prepare(uv_prepare_t *uv)
{
	struct prepare *prepare = uv->data;

	prepare->fn(prepare->arg);
}

struct prepare *
prepare_new(struct loop *loop, loop_fn fn, void *arg)
{
	struct prepare *prepare = xcalloc(1, sizeof(*prepare));

	prepare->fn = fn;
	prepare->arg = arg;
	prepare->uv.data = prepare;
	uv_prepare_init(&loop->uv, &prepare->uv);
	uv_prepare_start(&prepare->uv, on_prepare);
	return prepare;
}

void
prepare_free(struct prepare **slot)
{
	struct prepare *prepare = STEAL(*slot);

	if (prepare)
		uv_close((uv_handle_t *)&prepare->uv, free_handle);
}

static void
on_work(uv_work_t *uv)
{
	struct work *work = uv->data;

	work->work(work->arg);
}

static void
on_worked(uv_work_t *uv, int status)
{
	struct work *work = uv->data;
	loop_fn done = work->done;
	void *arg = work->arg;

	/* Nobody cancels. */
	assert(status == 0);
	free(work);
	done(arg);
}

void
loop_work(struct loop *loop, loop_fn work_fn, loop_fn done, void *arg)
{
	struct work *work = xcalloc(1, sizeof(*work));

	work->work = work_fn;
	work->done = done;
	work->arg = arg;
	work->uv.data = work;
	uv_queue_work(&loop->uv, &work->uv, on_work, on_worked);
}
