/*
 * Plays a gateway at the engine's door, with a key file that serve wrote: a
 * load generator (send) or a counting double of a platform (sink).
 */

#include "tests/tools/peer.h"

#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/beat.h"

enum { BEAT_MS = 5000, FIRST_BEAT_MS = 20, USAGE = 2 };

static const char usage[] =
    "usage: peer --run-dir DIR --as SERVICE.INSTANCE --keys FILE MODE\n"
    "\n"
    "send   sends messages and prints a summary as JSON when all are answered\n"
    "  --count N       messages (1000)\n"
    "  --clients N     of them at a time (1)\n"
    "  --chats N       spread over as many chats (1)\n"
    "  --rate N        at most as many a second (0: no limit)\n"
    "  --within MS     deadline of each try (10000)\n"
    "  --acks FILE     appends \"event_id outcome message_id\" for each\n"
    "  --tag TEXT      begins the event ids (load)\n"
    "  --text TEXT     of each message; %d becomes its number\n"
    "  --direct --addressed   what the messages say of themselves\n"
    "sink   claims deliveries, reports each part and remembers it\n"
    "  --out FILE      appends \"delivery_id part\", each once; repeats go\n"
    "                  to FILE.repeats\n"
    "  --log FILE      appends each delivery as a line of JSON\n"
    "  --poll MS       claims unasked as often (200)\n"
    "  --parts N       parts of each delivery (1)\n";

/* Which field of the options an option fills. */
enum kind { TEXT, NUMBER, FLAG };

#define FIELD(f) offsetof(struct peer_options, f)

static const struct {
	const char *name;
	enum kind kind;
	size_t offset;
} rows[] = {
	{ "run-dir", TEXT, FIELD(run_dir) },
	{ "as", TEXT, FIELD(as) },
	{ "keys", TEXT, FIELD(keys) },
	{ "acks", TEXT, FIELD(file) },
	{ "out", TEXT, FIELD(file) },
	{ "log", TEXT, FIELD(log) },
	{ "tag", TEXT, FIELD(tag) },
	{ "text", TEXT, FIELD(text) },
	{ "count", NUMBER, FIELD(n_messages) },
	{ "clients", NUMBER, FIELD(n_clients) },
	{ "chats", NUMBER, FIELD(n_chats) },
	{ "rate", NUMBER, FIELD(per_second) },
	{ "within", NUMBER, FIELD(within_ms) },
	{ "poll", NUMBER, FIELD(poll_ms) },
	{ "parts", NUMBER, FIELD(n_parts) },
	{ "direct", FLAG, FIELD(is_direct) },
	{ "addressed", FLAG, FIELD(is_addressed) },
};

static const struct {
	const char *name;
	int (*fn)(struct peer *peer, const struct peer_options *options);
} modes[] = {
	{ "send", peer_send },
	{ "sink", peer_sink },
};

static void
set_option(struct peer_options *options, size_t row, const char *value)
{
	char *field = (char *)options + rows[row].offset;
	char *end;

	switch (rows[row].kind) {
	case TEXT:
		*(const char **)field = value;
		break;
	case NUMBER:
		*(int64_t *)field = strtoll(value, &end, 10);
		if (*value == '\0' || *end != '\0' || *(int64_t *)field < 0)
			die(USAGE, "--%s %s: not a number", rows[row].name,
			    value);
		break;
	case FLAG:
		*(bool *)field = true;
		break;
	}
}

static void
read_options(struct peer_options *options, int argc, char **argv)
{
	struct option table[N_OF(rows) + 1] = { 0 };
	int row;

	for (size_t i = 0; i < N_OF(rows); i++)
		table[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].kind == FLAG ? no_argument
							: required_argument,
		};
	while (getopt_long(argc, argv, "", table, &row) == 0)
		set_option(options, (size_t)row, optarg);
	if (optind != argc - 1 || !options->run_dir || !options->as ||
	    !options->keys) {
		fputs(usage, stderr);
		exit(USAGE);
	}
}

static struct bus_peer
parse_self(const char *as)
{
	const char *dot = strchr(as, '.');
	AUTO(xfree)
	char *name = xstrdup(as);
	struct bus_peer self = { SVC_COUNT, "" };

	if (dot) {
		name[dot - as] = '\0';
		self.service = service_parse(name);
		self.instance = dot + 1;
	}
	if (self.service == SVC_COUNT || !door_instance_is_valid(self.instance))
		die(USAGE, "--as %s: not SERVICE.INSTANCE", as);
	return self;
}

static void
open_bus(struct peer *peer, const struct peer_options *options)
{
	AUTO(door_keys_free)
	struct door_keys *keys = NULL;
	struct err err;

	if (door_keys_read_file(&keys, options->keys, &err) < 0 ||
	    loop_open(&peer->loop, &err) < 0 ||
	    bus_open(&peer->bus, peer->loop,
		&(struct bus_options){
		    .run_dir = options->run_dir,
		    .self = parse_self(options->as),
		    .keys = keys,
		    .client_only = true,
		},
		&err) < 0)
		die(1, "%s", err.text);
}

static void
on_stop(void *arg)
{
	struct peer *peer = arg;

	peer->is_stopping = true;
}

struct beater {
	struct peer *peer;
	struct timer *timer;
	struct beat beat;
};

/* The scheduler shall see the instance that is played. */
static void
on_beat(void *arg)
{
	struct beater *beater = arg;
	struct buf body;

	if (!bus_is_connected(beater->peer->bus, SVC_SCHEDULER)) {
		timer_start(beater->timer, FIRST_BEAT_MS, 0);
		return;
	}
	buf_init(&body);
	beat_encode(&beater->beat, &body);
	bus_publish(
	    beater->peer->bus, SVC_SCHEDULER, NULL, "beat", NULL, &body);
	buf_release(&body);
	timer_start(beater->timer, BEAT_MS, 0);
}

static void
begin_beats(struct peer *peer)
{
	struct beater *beater = xcalloc(1, sizeof(*beater));

	beater->peer = peer;
	beater->beat = (struct beat){
		.state = "healthy",
		.text = "",
		.version = AGENT_RUNTIME_VERSION,
		.pid = getpid(),
		.started_unix = clock_unix_ms() / 1000,
	};
	beater->timer = timer_new(peer->loop, on_beat, beater);
	timer_start(beater->timer, 0, 0);
}

struct run {
	struct peer *peer;
	bool (*fn)(void *arg);
	void *arg;
};

static void
on_turn(void *arg)
{
	struct run *run = arg;

	if (run->peer->is_stopping || run->fn(run->arg))
		loop_stop(run->peer->loop);
}

void
peer_run(struct peer *peer, bool (*fn)(void *arg), void *arg)
{
	struct run run = { peer, fn, arg };
	struct prepare *prepare = prepare_new(peer->loop, on_turn, &run);

	loop_run(peer->loop);
	prepare_free(&prepare);
}

int
main(int argc, char **argv)
{
	struct peer_options options = { 0 };
	struct peer peer = { 0 };
	struct err err;
	int status = USAGE;

	read_options(&options, argc, argv);
	log_init("peer", LOG_LEVEL_WARN);
	open_bus(&peer, &options);
	if (loop_on_signal(peer.loop, SIGTERM, on_stop, &peer, &err) < 0 ||
	    loop_on_signal(peer.loop, SIGINT, on_stop, &peer, &err) < 0)
		die(1, "%s", err.text);
	begin_beats(&peer);
	for (size_t i = 0; i < N_OF(modes); i++)
		if (strcmp(modes[i].name, argv[optind]) == 0)
			status = modes[i].fn(&peer, &options);
	if (status == USAGE)
		fputs(usage, stderr);
	bus_flush(peer.bus, 300);
	fflush(stdout);
	_exit(status);
}
