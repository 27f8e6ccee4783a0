/* A small suite in one process: buses, an echo, and calls. */

#include "tests/unit/bus/stage.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "libcommon/sanitizers.h"

#if BUILT_WITH_ASAN
#include <sanitizer/lsan_interface.h>
#endif

static const struct bus_peer suite[] = {
	{ SVC_TASK_ENGINE, "main" },
	{ SVC_API, "main" },
	{ SVC_INDEXER, "main" },
	{ SVC_SCHEDULER, "main" },
	{ SVC_GATEWAY_TELEGRAM, "main" },
	{ SVC_GATEWAY_TELEGRAM, "sink" },
};

static void
must(int rc, const struct err *err)
{
	if (rc < 0)
		die(1, "%s", err->text);
}

void
stage_open(struct stage *stage)
{
	struct err err;
	char dir[] = "/tmp/bus-test-XXXXXX";

	if (!mkdtemp(dir))
		die(1, "cannot make %s", dir);
	stage->run_dir = xstrdup(dir);
	must(loop_open(&stage->loop, &err), &err);
	stage->keys = door_keys_make(suite, N_OF(suite));
}

static char *
keys_path(const char *run_dir)
{
	struct buf path;

	buf_init(&path);
	buf_addf(&path, "%s/keys", run_dir);
	return buf_steal(&path);
}

void
stage_write_keys(const struct stage *stage)
{
	AUTO(xfree)
	char *path = keys_path(stage->run_dir);
	struct buf text;
	struct door_key key;
	struct err err;

	buf_init(&text);
	for (size_t i = 0; door_keys_at(stage->keys, i, &key); i++)
		buf_addf(&text, "%s/%s.%s %s\n", service_name(key.listener),
		    service_name(key.peer.service), key.peer.instance, key.hex);
	must(file_replace(AT_FDCWD, path, text.data, text.size, 0600, &err),
	    &err);
	buf_release(&text);
}

void
stage_join(struct stage *stage, const char *run_dir)
{
	AUTO(xfree)
	char *path = keys_path(run_dir);
	struct err err;

	stage->run_dir = xstrdup(run_dir);
	must(loop_open(&stage->loop, &err), &err);
	must(door_keys_read_file(&stage->keys, path, &err), &err);
}

void
stage_leave(struct stage *stage)
{
	door_keys_free(&stage->keys);
	loop_close(&stage->loop);
	xfree(&stage->run_dir);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void
stage_close(struct stage *stage)
{
	if (nftw(stage->run_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		die(1, "cannot remove %s", stage->run_dir);
	stage_leave(stage);
}

void
stage_exit(int status)
{
	fflush(NULL);
#if BUILT_WITH_ASAN
	if (__lsan_do_recoverable_leak_check() != 0 && status == 0)
		status = 23;
#endif
	_exit(status);
}

struct bus *
stage_bus(struct stage *stage, enum service_id service, const char *instance)
{
	struct bus *bus;
	struct err err;

	must(bus_open(&bus, stage->loop,
		 &(struct bus_options){
		     .run_dir = stage->run_dir,
		     .self = { service, instance },
		     .keys = stage->keys,
		 },
		 &err),
	    &err);
	return bus;
}

struct until {
	struct stage *stage;
	claim_fn claim;
	void *arg;
	bool is_late, holds;
};

static void
on_late(void *arg)
{
	struct until *until = arg;

	until->is_late = true;
}

static void
on_turn(void *arg)
{
	struct until *until = arg;

	until->holds = until->claim(until->arg);
	if (until->holds || until->is_late)
		loop_stop(until->stage->loop);
}

bool
stage_until(struct stage *stage, claim_fn claim, void *arg, int64_t ms)
{
	struct until until = { stage, claim, arg, false, false };
	struct prepare *prepare = prepare_new(stage->loop, on_turn, &until);
	struct timer *late = timer_new(stage->loop, on_late, &until);

	timer_start(late, ms, 0);
	loop_run(stage->loop);
	timer_free(&late);
	prepare_free(&prepare);
	return until.holds;
}

static void
echo_one(struct echo *echo, struct bus_request *request)
{
	const struct envelope *envelope = bus_request_envelope(request);
	struct envelope_head head;
	struct buf body, reply;

	memcpy(echo->last_id, envelope->id, sizeof(echo->last_id));
	if (echo->is_holding) {
		echo->tickets[echo->n_tickets++ % (int)N_OF(echo->tickets)] =
		    bus_request_ticket(request);
		bus_defer(request);
		return;
	}
	buf_init(&body);
	buf_init(&reply);
	json_print(envelope->body, &body);
	bus_reply_head(request, &head);
	envelope_encode_ok(&reply, &head, &body);
	bus_reply(request, &reply);
	buf_release(&body);
	buf_release(&reply);
}

static void
echo_batch(void *arg, struct bus_request **requests, size_t n_requests)
{
	struct echo *echo = arg;

	echo->n_batches++;
	echo->n_requests += (int)n_requests;
	if (n_requests > echo->largest_batch)
		echo->largest_batch = n_requests;
	/* Stands for a commit: the loop is blocked meanwhile. */
	if (echo->slow_ms)
		poll(NULL, 0, (int)echo->slow_ms);
	for (size_t i = 0; i < n_requests; i++)
		echo_one(echo, requests[i]);
}

void
echo_open(struct echo *echo, struct bus *bus)
{
	*echo = (struct echo){ .bus = bus };
	bus_on_requests(bus, echo_batch, echo);
}

static void
on_answer(void *arg, const struct envelope *answer, const struct err *err)
{
	struct asked *asked = arg;

	asked->is_done = true;
	asked->n_answers++;
	if (asked->n_done)
		(*asked->n_done)++;
	if (!answer) {
		asked->code = (int)err->code;
		snprintf(asked->text, sizeof(asked->text), "%s", err->text);
		return;
	}
	memcpy(asked->id, answer->id, sizeof(asked->id));
	asked->ok = answer->ok;
	asked->retry_after_ms = answer->retry_after_ms;
	if (answer->ok) {
		json_print(answer->body, &asked->body);
		return;
	}
	asked->code = (int)answer->error.code;
	snprintf(asked->text, sizeof(asked->text), "%s", answer->error.text);
}

void
ask(struct asked *asked, struct bus *bus, enum service_id to, const char *type,
    const char *id, int64_t within_ms, const char *body)
{
	int *n_done = asked->n_done;
	struct buf text;
	struct err err;

	*asked = (struct asked){ .n_done = n_done };
	buf_init(&asked->body);
	buf_init(&text);
	buf_adds(&text, body);
	if (bus_call(bus,
		&(struct bus_call){
		    .to = to,
		    .type = type,
		    .id = id,
		    .deadline_ms = clock_unix_ms() + within_ms,
		    .body = &text,
		},
		on_answer, asked, &err) < 0)
		on_answer(asked, NULL, &err);
	buf_release(&text);
}

bool
asked_is_done(void *arg)
{
	return ((struct asked *)arg)->is_done;
}

void
asked_release(struct asked *asked)
{
	buf_release(&asked->body);
}
