/*
 * peer sink: a gateway and its platform in one. The file is the platform: what
 * stands in it was seen by people, and a repeat is recognised by it.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "libcommon/loop.h"
#include "proto/delivery.h"
#include "tests/tools/peer.h"

enum {
	CLAIM_MAX = 32,
	WITHIN_MS = 10000,
	ARENA_BYTES = 12 * 1024 * 1024,
	MAX_FILE_BYTES = 256 * 1024 * 1024,
};

/* "delivery_id part" */
struct seen {
	UT_hash_handle hh;
	char line[];
};

struct sink {
	struct peer *peer;
	struct peer_options options;
	struct timer *poll;
	struct arena *arena;
	struct seen *seen;
	int out_fd, repeats_fd, log_fd;
	bool is_claiming;
	int64_t n_open; /* deliveries under way */
	int64_t n_parts, n_repeats, n_stale, n_done;
};

/* One delivery: begun, sent, reported, part by part. */
struct job {
	struct sink *sink;
	char *delivery_id, *lease;
	int64_t part;
	bool is_begun;
};

static void report(struct job *job);
static void claim(void *arg);

static void
append(int fd, const char *line)
{
	struct buf text;

	buf_init(&text);
	buf_addf(&text, "%s\n", line);
	if (write(fd, text.data, text.size) != (ssize_t)text.size ||
	    fsync(fd) != 0)
		die(1, "cannot write what was sent");
	buf_release(&text);
}

/* False: it is there already. */
static bool
remember(struct sink *sink, const char *line)
{
	struct seen *seen;

	HASH_FIND_STR(sink->seen, line, seen);
	if (seen)
		return false;
	seen = xcalloc(1, sizeof(*seen) + strlen(line) + 1);
	memcpy(seen->line, line, strlen(line) + 1);
	HASH_ADD_STR(sink->seen, line, seen);
	return true;
}

static void
put_on_platform(struct job *job)
{
	struct sink *sink = job->sink;
	char line[256];

	snprintf(
	    line, sizeof(line), "%s %" PRId64, job->delivery_id, job->part);
	if (remember(sink, line)) {
		append(sink->out_fd, line);
		sink->n_parts++;
	} else {
		append(sink->repeats_fd, line);
		sink->n_repeats++;
	}
}

static void
end_job(struct job *job)
{
	struct sink *sink = job->sink;

	sink->n_open--;
	xfree(&job->delivery_id);
	xfree(&job->lease);
	free(job);
	/* The next round, when this one is through. */
	if (sink->n_open == 0)
		timer_start(sink->poll, 0, sink->options.poll_ms);
}

static bool
is_stale(struct sink *sink, const struct envelope *answer)
{
	struct delivery_noted noted;
	struct err err;

	arena_reset(sink->arena);
	if (delivery_noted_decode(&noted, answer->body, sink->arena, &err) < 0)
		die(1, "delivery.result: %s", err.text);
	return strcmp(noted.state, "stale") == 0;
}

/* Without an answer the lease runs out, and the row is claimed again. */
static void
on_noted(void *arg, const struct envelope *answer, const struct err *err)
{
	struct job *job = arg;
	struct sink *sink = job->sink;

	(void)err;
	if (!answer || !answer->ok) {
		end_job(job);
		return;
	}
	if (is_stale(sink, answer)) {
		sink->n_stale++;
		end_job(job);
		return;
	}
	if (!job->is_begun) {
		job->is_begun = true;
		put_on_platform(job);
		report(job);
		return;
	}
	job->is_begun = false;
	if (++job->part < sink->options.n_parts) {
		report(job);
		return;
	}
	sink->n_done++;
	end_job(job);
}

static void
report(struct job *job)
{
	struct sink *sink = job->sink;
	char platform_id[256];
	struct buf body;
	struct err err;

	snprintf(platform_id, sizeof(platform_id), "sink-%s-%" PRId64,
	    job->delivery_id, job->part);
	buf_init(&body);
	delivery_result_encode(
	    &(struct delivery_result){
		.delivery_id = job->delivery_id,
		.lease = job->lease,
		.outcome = job->is_begun ? "sent" : "begun",
		.part = job->part,
		.is_last =
		    job->is_begun && job->part == sink->options.n_parts - 1,
		.platform_id = job->is_begun ? platform_id : "",
		.reason = "",
	    },
	    &body);
	if (bus_call(sink->peer->bus,
		&(struct bus_call){
		    .to = SVC_TASK_ENGINE,
		    .type = "delivery.result",
		    .deadline_ms = clock_unix_ms() + WITHIN_MS,
		    .body = &body,
		},
		on_noted, job, &err) < 0)
		on_noted(job, NULL, &err);
	buf_release(&body);
}

static void
log_delivery(struct sink *sink, const struct delivery *delivery)
{
	struct json_out out;
	struct buf line;

	if (sink->log_fd < 0)
		return;
	buf_init(&line);
	json_out_init(&out, &line);
	json_out_object(&out, NULL);
	json_out_str(&out, "delivery_id", delivery->delivery_id);
	json_out_str(&out, "chat_id", delivery->chat_id);
	json_out_str(&out, "reply_to_id", delivery->reply_to_id);
	json_out_int(&out, "attempt", delivery->attempt);
	json_out_int(&out, "n_parts_sent", delivery->n_parts_sent);
	json_out_bool(&out, "is_part_uncertain", delivery->is_part_uncertain);
	json_out_str(&out, "text", delivery->text);
	json_out_object_end(&out);
	append(sink->log_fd, line.data);
	buf_release(&line);
}

static void
begin_job(struct sink *sink, const struct delivery *delivery)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->sink = sink;
	job->delivery_id = xstrdup(delivery->delivery_id);
	job->lease = xstrdup(delivery->lease);
	job->part = delivery->n_parts_sent;
	sink->n_open++;
	report(job);
}

static void
on_batch(void *arg, const struct envelope *answer, const struct err *err)
{
	struct sink *sink = arg;
	struct delivery_batch batch;
	struct err why;

	(void)err;
	sink->is_claiming = false;
	if (!answer || !answer->ok)
		return;
	arena_reset(sink->arena);
	if (delivery_batch_decode(&batch, answer->body, sink->arena, &why) < 0)
		die(1, "delivery.claim: %s", why.text);
	/* Held open meanwhile, as a job may end at once. */
	sink->n_open++;
	for (size_t i = 0; i < batch.n_deliveries; i++) {
		log_delivery(sink, &batch.deliveries[i]);
		begin_job(sink, &batch.deliveries[i]);
	}
	sink->n_open--;
}

static void
claim(void *arg)
{
	struct sink *sink = arg;
	struct buf body;
	struct err err;

	if (sink->is_claiming || sink->n_open > 0)
		return;
	sink->is_claiming = true;
	buf_init(&body);
	delivery_claim_encode(
	    &(struct delivery_claim){ .max = CLAIM_MAX }, &body);
	if (bus_call(sink->peer->bus,
		&(struct bus_call){
		    .to = SVC_TASK_ENGINE,
		    .type = "delivery.claim",
		    .deadline_ms = clock_unix_ms() + WITHIN_MS,
		    .body = &body,
		},
		on_batch, sink, &err) < 0)
		sink->is_claiming = false;
	buf_release(&body);
}

static void
on_news(void *arg, const struct bus_peer *from, const struct envelope *news)
{
	(void)from;
	if (strcmp(news->type, "delivery.ready") == 0)
		claim(arg);
}

/* A line that was cut off by a kill was never finished: it goes. */
static void
recall(struct sink *sink, const char *path)
{
	struct buf text;
	struct err err;
	char *rest, *line;
	size_t size;

	buf_init(&text);
	if (file_read(&text, AT_FDCWD, path, MAX_FILE_BYTES, &err) < 0)
		die(1, "%s", err.text);
	for (size = text.size; size > 0 && text.data[size - 1] != '\n';)
		size--;
	if (size < text.size && ftruncate(sink->out_fd, (off_t)size) != 0)
		die(1, "cannot truncate %s", path);
	buf_truncate(&text, size);
	rest = text.data;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			remember(sink, line);
	buf_release(&text);
}

static int
open_append(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		die(1, "cannot open %s", path);
	return fd;
}

static void
open_files(struct sink *sink)
{
	const char *path = sink->options.file;
	struct buf repeats;

	if (!path)
		die(2, "sink needs --out FILE");
	buf_init(&repeats);
	buf_addf(&repeats, "%s.repeats", path);
	sink->out_fd = open_append(path);
	sink->repeats_fd = open_append(repeats.data);
	sink->log_fd = sink->options.log ? open_append(sink->options.log) : -1;
	recall(sink, path);
	buf_release(&repeats);
}

static bool
is_never(void *arg)
{
	(void)arg;
	return false;
}

int
peer_sink(struct peer *peer, const struct peer_options *options)
{
	struct sink sink = { .peer = peer, .options = *options };

	if (sink.options.poll_ms == 0)
		sink.options.poll_ms = 200;
	if (sink.options.n_parts == 0)
		sink.options.n_parts = 1;
	open_files(&sink);
	sink.arena = arena_new(ARENA_BYTES);
	sink.poll = timer_new(peer->loop, claim, &sink);
	timer_start(sink.poll, 0, sink.options.poll_ms);
	bus_on_news(peer->bus, on_news, &sink);
	peer_run(peer, is_never, NULL);
	printf("{\"parts\":%" PRId64 ",\"repeats\":%" PRId64
	       ",\"stale\":%" PRId64 ",\"done\":%" PRId64 "}\n",
	    sink.n_parts, sink.n_repeats, sink.n_stale, sink.n_done);
	return 0;
}
