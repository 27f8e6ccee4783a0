/* A process of the tests: a server (a parting one), a client under load (a turner: with
 * requests that are answered late), a crowd of clients, or a subscriber. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "tests/unit/bus/crowd.h"
#include "tests/unit/bus/progress.h"
#include "tests/unit/bus/stage.h"

static struct stage stage;
static struct bus *bus;
static struct progress *progress;

struct slot {
	bool is_open;
	int64_t until_ms;
	int64_t pause_ms;
};

static struct slot slots[256];
static int n_slots;
static int64_t within_ms;
static const char *request_type = "task.get";
static bool is_stopping;
static struct timer *again;
static const char *run_dir;
static int member_number = -1;

static void call(struct slot *slot);

static void
count_error(const struct err *err)
{
	switch ((int)err->code) {
	case ERR_TIMEOUT:
		progress->n_timeouts++;
		break;
	case ERR_UNAVAILABLE:
		progress->n_unavailable++;
		break;
	case ERR_BUSY:
		progress->n_busy++;
		break;
	default:
		fprintf(stderr, "unexpected: %s\n", err->text);
		progress->n_other++;
		break;
	}
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *err)
{
	struct slot *slot = arg;
	int64_t now_ms = clock_mono_ms(), late_ms = now_ms - slot->until_ms;

	if (!slot->is_open)
		progress->n_double++;
	slot->is_open = false;
	progress->n_outstanding--;
	if (late_ms > progress->worst_late_ms)
		progress->worst_late_ms = late_ms;
	if (answer) {
		progress->n_ok++;
		progress->last_ok_ms = now_ms;
		if (member_number >= 0)
			progress->n_answers[member_number]++;
		if (!is_stopping)
			call(slot);
		return;
	}
	count_error(err);
	/* A moment later: an error may come at once. */
	if (!timer_is_running(again))
		timer_start(again, 20, 0);
}

static void
call(struct slot *slot)
{
	struct buf body;
	struct err err;

	slot->is_open = true;
	slot->until_ms = clock_mono_ms() + within_ms;
	progress->n_outstanding++;
	buf_init(&body);
	buf_adds(&body, "{\"id\":\"a task\"}");
	if (bus_call(bus,
		&(struct bus_call){
		    .to = SVC_TASK_ENGINE,
		    .type = request_type,
		    .deadline_ms = clock_unix_ms() + within_ms,
		    .body = &body,
		},
		on_answer, slot, &err) < 0)
		on_answer(slot, NULL, &err);
	buf_release(&body);
}

static void
call_all(void *arg)
{
	(void)arg;
	for (int i = 0; i < n_slots && !is_stopping; i++)
		if (!slots[i].is_open)
			call(&slots[i]);
}

static bool
is_all_done(void *arg)
{
	(void)arg;
	for (int i = 0; i < n_slots; i++)
		if (slots[i].is_open)
			return false;
	return is_stopping;
}

static void
on_stop(void *arg)
{
	(void)arg;
	is_stopping = true;
}

static void
client(const char *instance, int n, int64_t ms)
{
	bus = stage_bus(&stage, SVC_API, instance);
	n_slots = n;
	within_ms = ms;
	progress->n_outstanding = 0;
	again = timer_new(stage.loop, call_all, NULL);
	call_all(NULL);
	while (!stage_until(&stage, is_all_done, NULL, 60000))
		;
}

static void
member(int i)
{
	member_number = i;
	stage_join(&stage, run_dir);
	client("main", n_slots, within_ms);
}

static bool
server_turn(void *arg)
{
	const struct echo *echo = arg;

	progress->n_served = echo->n_requests;
	return is_stopping;
}

static void
server(int64_t slow_ms)
{
	static struct echo echo;

	bus = stage_bus(&stage, SVC_TASK_ENGINE, "main");
	echo_open(&echo, bus);
	echo.slow_ms = slow_ms;
	progress->n_ready++;
	while (!stage_until(&stage, server_turn, &echo, 60000))
		;
}

/* Answers at its end, and leaves when that is heard. */
static void
parting(void)
{
	static struct echo echo;
	struct buf body;

	bus = stage_bus(&stage, SVC_TASK_ENGINE, "main");
	echo_open(&echo, bus);
	echo.is_holding = true;
	while (!stage_until(&stage, server_turn, &echo, 60000))
		;
	buf_init(&body);
	buf_adds(&body, "{}");
	for (int i = 0; i < echo.n_tickets; i++)
		if (bus_reply_later(bus, echo.tickets[i], &body, NULL) != 0)
			die(1, "nobody waits for the answer");
	buf_release(&body);
	bus_flush(bus, 20000);
}

static void
on_news(void *arg, const struct bus_peer *from, const struct envelope *news)
{
	(void)from;
	(void)news;
	if (strcmp(arg, "main") == 0)
		progress->n_heard++;
	else
		progress->n_heard_far++;
}

static bool
is_stop(void *arg)
{
	(void)arg;
	return is_stopping;
}

static void
subscriber(char *instance)
{
	bus = stage_bus(&stage, SVC_GATEWAY_TELEGRAM, instance);
	bus_on_news(bus, on_news, instance);
	while (!stage_until(&stage, is_stop, NULL, 60000))
		;
}

/* actor ROLE RUN_DIR INSTANCE N MS */
int
main(int argc, char **argv)
{
	struct err err;

	if (argc != 6)
		die(2, "usage: actor ROLE RUN_DIR INSTANCE N MS");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_dir = argv[2];
	progress = progress_map(run_dir);
	if (strcmp(argv[1], "crowd") == 0) {
		log_init(argv[1], LOG_LEVEL_ERROR);
		n_slots = 16;
		within_ms = strtol(argv[5], NULL, 10);
		crowd(progress, (int)strtol(argv[4], NULL, 10), member);
		stage_exit(0);
	}
	log_init(argv[1], LOG_LEVEL_INFO);
	stage_join(&stage, run_dir);
	if (loop_on_signal(stage.loop, SIGTERM, on_stop, NULL, &err) < 0)
		die(1, "%s", err.text);
	if (strcmp(argv[1], "turner") == 0)
		request_type = "chat.turn";
	if (strcmp(argv[1], "client") == 0 || strcmp(argv[1], "turner") == 0)
		client(argv[3], (int)strtol(argv[4], NULL, 10),
		    strtol(argv[5], NULL, 10));
	else if (strcmp(argv[1], "server") == 0)
		server(strtol(argv[5], NULL, 10));
	else if (strcmp(argv[1], "parting") == 0)
		parting();
	else
		subscriber(argv[3]);
	bus_flush(bus, 200);
	stage_exit(0);
}
