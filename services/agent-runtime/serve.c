/* `agent-runtime serve`: the whole suite on one machine. */

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/confine.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/flags.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/agent-runtime/command.h"
#include "services/agent-runtime/daemon.h"
#include "services/agent-runtime/environment.h"
#include "services/agent-runtime/forward.h"
#include "services/agent-runtime/owners.h"
#include "services/agent-runtime/report.h"
#include "services/agent-runtime/settings.h"
#include "services/agent-runtime/suite.h"
#include "services/agent-runtime/supervisor.h"
#include "services/agent-runtime/variables.h"

enum {
	PATH_BYTES = 4200,
	/* A folder that is away for so long is not just being renamed. */
	LOOK_MS = 1000,
	LOOKS_IN_VAIN = 2,
};

struct serve {
	const char *keys_dir; /* --door-keys */
	bool has_log_file;
	struct settings settings;
	struct suite suite;
	char run_dir[PATH_BYTES], lock_path[PATH_BYTES + 16];
	int lock_fd;
	struct loop *loop;
	struct timer *look;
	int n_in_vain; /* looks in a row that did not find the lock */
	bool is_lost;  /* nobody can reach the suite any more */
	struct forward *forward;
	struct environment *environment;
	struct door_keys *keys;
	struct daemon_env env;
	struct supervisor *supervisor;
};

static const char usage[] =
    "usage: agent-runtime serve [--log-file] [--door-keys DIR]\n\n"
    "Starts all daemons on this machine, starts again whichever ends, and "
    "stops them\nwithin two seconds on SIGTERM or SIGINT (a second one kills "
    "them at once).\n\n"
    "  --log-file        log to data/log/agent-runtime.log (five files of 10 "
    "MiB);\n"
    "                    only errors are printed\n"
    "  --door-keys DIR   also write each daemon's door keys to DIR, for "
    "tests and\n"
    "                    debugging (see agent-runtime bus)\n\n"
    "Exit status: 0 asked to stop, 1 cannot start (a second serve, a "
    "missing program),\n2 wrong use or bad configuration, or its data "
    "directory was deleted or moved. Its\nstate is in "
    "data/run/serve/serve.json.\n";

static int
parse(struct serve *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "log-file", no_argument, NULL, 'l' },
		{ "door-keys", required_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	char text[FLAGS_COMPLAINT_SIZE];
	int flag;

	opterr = 0;
	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (flag == 'l')
			s->has_log_file = true;
		else if (flag == 'k')
			s->keys_dir = optarg;
		else
			return command_misused(&serve_command, "%s",
			    flags_complaint(text, flag, argv));
	}
	if (optind < argc)
		return command_misused(
		    &serve_command, "takes no argument: %s", argv[optind]);
	return 0;
}

static int
make_directories(struct serve *s, struct err *err)
{
	static const char *const names[] = { "run", ("run/" REPORT_FOLDER),
		"log" };
	char path[PATH_BYTES];

	for (size_t i = 0; i < N_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->settings.data_dir,
		    names[i]);
		if (file_mkdirs(AT_FDCWD, path, 0700, err) < 0)
			return err_prefix(err, "AGENT_RUNTIME_DATA_DIR");
	}
	snprintf(
	    s->run_dir, sizeof(s->run_dir), "%s/run", s->settings.data_dir);
	return 0;
}

/* Each daemon would find out by itself, and die of it again and again. */
static int
check_socket_paths(const struct serve *s, struct err *err)
{
	const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	size_t longest = 0;

	for (size_t i = 0; i < s->suite.n_members; i++) {
		const struct suite_member *m = &s->suite.members[i];
		size_t size =
		    strlen(service_name(m->peer.service)) + strlen(m->instance);

		longest = size > longest ? size : longest;
	}
	longest += strlen(s->run_dir) + strlen("/task-engine/..tell");
	if (longest <= most)
		return 0;
	return err_set(err, ERR_INVALID,
	    "AGENT_RUNTIME_DATA_DIR: sockets in it would have paths of %zu "
	    "bytes, and %zu are possible: choose a shorter one",
	    longest, most);
}

static int
take_lock(struct serve *s, struct err *err)
{
	snprintf(
	    s->lock_path, sizeof(s->lock_path), "%s/serve.lock", s->run_dir);
	s->lock_fd = file_lock(s->lock_path, err);
	if (s->lock_fd >= 0)
		return 0;
	if (err->code == ERR_CONFLICT)
		return err_prefix(
		    err, "a serve runs on this data directory already");
	return -1;
}

static int
write_keys(
    const struct serve *s, const struct suite_member *member, struct err *err)
{
	AUTO(buf_release)
	struct buf text;
	char path[PATH_BYTES];

	buf_init(&text);
	door_keys_print_for(s->keys, &member->peer, &text);
	snprintf(path, sizeof(path), "%s/%s.%s.keys", s->keys_dir,
	    service_name(member->peer.service), member->instance);
	return file_replace(AT_FDCWD, path, text.data, text.size, 0600, err);
}

static int
make_keys(struct serve *s, struct err *err)
{
	struct bus_peer peers[SUITE_MAX_MEMBERS];

	for (size_t i = 0; i < s->suite.n_members; i++)
		peers[i] = s->suite.members[i].peer;
	s->keys = door_keys_make(peers, s->suite.n_members);
	if (s->keys_dir == NULL)
		return 0;
	if (file_mkdirs(AT_FDCWD, s->keys_dir, 0700, err) < 0)
		return err_prefix(err, "--door-keys");
	for (size_t i = 0; i < s->suite.n_members; i++)
		if (write_keys(s, &s->suite.members[i], err) < 0)
			return err_prefix(err, "--door-keys");
	return 0;
}

static void
warn_unknown(void *arg, const char *name, const char *nearest)
{
	(void)arg;
	if (nearest != NULL)
		log_warn(
		    "unknown-variable", "name=%s nearest=%s", name, nearest);
	else
		log_warn("unknown-variable", "name=%s", name);
}

static void
on_stop_signal(void *arg)
{
	struct serve *s = arg;

	/* What is lost now is no second wish to stop. */
	timer_stop(s->look);
	supervisor_stop(s->supervisor);
}

static int
watch_signals(struct serve *s, struct err *err)
{
	/* A closed terminal is no reason to leave daemons behind. */
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < N_OF(signals); i++)
		if (loop_on_signal(
			s->loop, signals[i], on_stop_signal, s, err) < 0)
			return -1;
	return 0;
}

/*
 * Doors that are nowhere are not to be knocked at, and what the engine would
 * still take might go into a database that is deleted.
 */
static void
look_for_lock(void *arg)
{
	struct serve *s = arg;

	s->n_in_vain =
	    file_lock_is_at(s->lock_fd, s->lock_path) ? 0 : s->n_in_vain + 1;
	if (s->n_in_vain < LOOKS_IN_VAIN)
		return;
	timer_stop(s->look);
	s->is_lost = true;
	log_error("data-directory-lost", "lock=%s why=%s",
	    log_quote(s->lock_path),
	    log_quote("it was deleted or moved, and nobody can reach the "
		      "daemons any more: they are stopped; put back what "
		      "was moved before serve is started again"));
	supervisor_abandon(s->supervisor);
}

static int
open_log(struct serve *s, struct err *err)
{
	char dir[PATH_BYTES], text[PATH_BYTES + 64];

	snprintf(dir, sizeof(dir), "%s/log", s->settings.data_dir);
	if (forward_open(
		&s->forward, s->loop, s->has_log_file ? dir : NULL, err) < 0)
		return -1;
	if (s->has_log_file) {
		snprintf(text, sizeof(text),
		    "The log is in %s/agent-runtime.log (10 MiB, five kept)",
		    dir);
		forward_say(s->forward, text);
	}
	return 0;
}

/* In this order: nothing is written before the lock is ours. */
static int
set_up(struct serve *s, struct err *err)
{
	if (make_directories(s, err) < 0 || check_socket_paths(s, err) < 0 ||
	    take_lock(s, err) < 0 || make_keys(s, err) < 0 ||
	    loop_open(&s->loop, err) < 0 || open_log(s, err) < 0)
		return -1;
	s->environment = environment_take();
	variables_each_unknown(
	    environment_all(s->environment), warn_unknown, NULL);
	s->env = (struct daemon_env){
		.loop = s->loop,
		.forward = s->forward,
		.environment = s->environment,
		.keys = s->keys,
		.data_dir = s->settings.data_dir,
		.has_own_uids = owners_prepare(s->settings.data_dir),
	};
	if (supervisor_open(
		&s->supervisor, &s->env, &s->suite, s->run_dir, err) < 0)
		return -1;
	s->look = timer_new(s->loop, look_for_lock, s);
	timer_start(s->look, LOOK_MS, LOOK_MS);
	return watch_signals(s, err);
}

static void
tear_down(struct serve *s)
{
	timer_free(&s->look);
	supervisor_close(&s->supervisor);
	forward_close(&s->forward);
	if (s->loop != NULL)
		loop_close(&s->loop);
	door_keys_free(&s->keys);
	environment_free(&s->environment);
	if (s->lock_fd >= 0 && file_lock_is_at(s->lock_fd, s->lock_path))
		report_remove(s->run_dir);
	fd_close(&s->lock_fd);
	settings_release(&s->settings);
}

static int
say(const struct err *err, int status)
{
	fprintf(stderr, "agent-runtime serve: %s\n", err->text);
	return status;
}

static int
run(int argc, char **argv)
{
	struct serve serve = { .lock_fd = -1 };
	struct err err;

	if (parse(&serve, argc, argv) != 0)
		return EXIT_USAGE;
	confine_early(0);
	signal(SIGPIPE, SIG_IGN);
	if (settings_load(&serve.settings, &err) < 0)
		return say(&err, EXIT_USAGE);
	log_set_level((enum log_level)serve.settings.log_level);
	if (suite_plan(&serve.suite, serve.settings.connector_instances, &err) <
	    0) {
		settings_release(&serve.settings);
		return say(&err, EXIT_USAGE);
	}
	if (set_up(&serve, &err) < 0) {
		tear_down(&serve);
		return say(
		    &err, err.code == ERR_INVALID ? EXIT_USAGE : EXIT_FAILED);
	}
	supervisor_start(serve.supervisor);
	loop_run(serve.loop);
	tear_down(&serve);
	/* Started again it would begin with an empty directory. */
	return serve.is_lost ? EXIT_USAGE : EXIT_OK;
}

const struct command serve_command = {
	.name = "serve",
	.summary = "start all daemons and look after them",
	.usage = usage,
	.run = run,
};
