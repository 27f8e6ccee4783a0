/* main() of every daemon, as a list; the work is in the other service files. */

#include "libcommon/service.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/confine.h"
#include "libcommon/file.h"
#include "libcommon/identity.h"
#include "libcommon/log.h"
#include "libcommon/sanitizers.h"
#include "libcommon/service_parts.h"

#if BUILT_WITH_ASAN
#include <sanitizer/lsan_interface.h>
#endif

enum {
	EXIT_CANNOT_START = 1,
	EXIT_BAD_CONFIG = 2,
	FLUSH_MS = 300,
	/* Stopping takes two seconds at most; the leak check is slow. */
	STOP_SECONDS = BUILT_WITH_ASAN ? 20 : 2,
	MAX_PATHS = 64,
};

/* One process is one service; service_set_state and the like have no handle. */
struct service_run service_run;

static void
load_config(void)
{
	struct service_run *run = &service_run;
	const struct cfg_table common = service_common_table();
	const struct cfg_table own = service_own_table();
	struct err err;

	run->cfg = xcalloc(1, run->service->cfg_size + 1);
	if (cfg_load(&run->common, &common, &err) < 0 ||
	    cfg_load(run->cfg, &own, &err) < 0)
		die(EXIT_BAD_CONFIG, "%s", err.text);
	if (!door_instance_is_valid(run->common.instance))
		die(EXIT_BAD_CONFIG,
		    "AGENT_RUNTIME_INSTANCE=%s: must be 1 to 32 of "
		    "A-Z a-z 0-9 _ -",
		    run->common.instance);
	if (run->service->check != NULL &&
	    run->service->check(run->cfg, &run->common, &err) < 0)
		die(EXIT_BAD_CONFIG, "%s", err.text);
}

static int
print_config(void)
{
	const struct cfg_table common = service_common_table();
	const struct cfg_table own = service_own_table();
	struct buf out;

	buf_init(&out);
	cfg_print(service_run.cfg, &own, &out);
	cfg_print(&service_run.common, &common, &out);
	fwrite(out.data, 1, out.size, stdout);
	buf_release(&out);
	return fflush(stdout) == 0 ? 0 : EXIT_CANNOT_START;
}

static void
on_stop_signal(void *arg)
{
	(void)arg;
	service_stop(0);
}

static void
on_hangup(void *arg)
{
	struct service_run *run = arg;
	enum log_level level = (enum log_level)run->common.log_level;

	run->is_debugging = !run->is_debugging;
	if (run->is_debugging)
		level = LOG_LEVEL_DEBUG;
	log_set_level(level);
	log_info("log-level", "now=%s", log_level_name(level));
}

static int
open_loop(struct err *err)
{
	struct service_run *run = &service_run;

	signal(SIGPIPE, SIG_IGN);
	if (loop_open(&run->loop, err) < 0 ||
	    loop_on_signal(run->loop, SIGTERM, on_stop_signal, run, err) < 0 ||
	    loop_on_signal(run->loop, SIGINT, on_stop_signal, run, err) < 0 ||
	    loop_on_signal(run->loop, SIGHUP, on_hangup, run, err) < 0)
		return -1;
	return 0;
}

/* Where doors lie; both are also made by `serve`, which may not be here. */
static const char *
run_dir(void)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/run", service_run.common.data_dir);
	return path;
}

static int
prepare(struct err *err)
{
	const struct service_run *run = &service_run;

	if (run->service->prepare == NULL)
		return 0;
	return run->service->prepare(&run->common, run->cfg, err);
}

static struct door_keys *
read_keys(const struct service_flags *flags)
{
	const char *path = service_run.common.door_key_file;
	struct door_keys *keys = NULL;
	struct err err;
	int rc;

	if (flags->keys_fd >= 0)
		rc = door_keys_read_fd(&keys, flags->keys_fd, &err);
	else if (path[0] != '\0')
		rc = door_keys_read_file(&keys, path, &err);
	else
		die(EXIT_BAD_CONFIG,
		    "has no door keys: start me with `agent-runtime serve`, or "
		    "set AGENT_RUNTIME_DOOR_KEY_FILE");
	if (rc < 0)
		die(EXIT_BAD_CONFIG, "door keys: %s", err.text);
	return keys;
}

static void
open_first(void)
{
	const struct service_run *run = &service_run;
	struct err err;

	umask(077);
	if (file_mkdirs(AT_FDCWD, run_dir(), 0700, &err) < 0 ||
	    (run->service->open_first != NULL &&
		run->service->open_first(&run->common, run->cfg, &err) < 0))
		die(EXIT_CANNOT_START, "%s", err.text);
}

/* Behind the configuration: secrets in files may be root's. */
static void
take_own_uid(void)
{
	struct service_run *run = &service_run;
	struct err err;

	for (int i = 0; i < SVC_COUNT; i++)
		run->uids[i] = identity_of((enum service_id)i).uid;
	run->has_own_uid = true;
	if (identity_assume(run->service->id, &err) < 0)
		die(EXIT_CANNOT_START, "%s", err.text);
}

static int
open_bus(const struct door_keys *keys, struct err *err)
{
	struct service_run *run = &service_run;
	const struct bus_options options = {
		.run_dir = run_dir(),
		.self = { run->service->id, run->common.instance },
		.keys = keys,
		.uids = run->has_own_uid ? run->uids : NULL,
		.start_later = true,
	};

	if (bus_open(&run->bus, run->loop, &options, err) < 0)
		return -1;
	bus_on_requests(run->bus, service_on_requests, NULL);
	bus_on_news(run->bus, service_on_news, NULL);
	return 0;
}

static int
init(struct err *err)
{
	struct service_run *run = &service_run;
	/* Handed to the service, which may keep it. */
	static struct service_env env;

	env = (struct service_env){
		.common = &run->common,
		.cfg = run->cfg,
		.loop = run->loop,
		.bus = run->bus,
		.name = service_name(run->service->id),
		.owner_uid = run->owner_uid,
	};
	return run->service->init(&run->svc, &env, err);
}

static int
lock_down(struct err *err)
{
	const struct service_run *run = &service_run;
	struct confine_path paths[MAX_PATHS + 1];
	struct confine_rules rules = { 0 };
	char doors[4200];
	int without_landlock;

	if (run->service->confine != NULL)
		run->service->confine(run->svc, &rules);
	assert(rules.n_paths <= MAX_PATHS);
	if (rules.n_paths > 0)
		memcpy(paths, rules.paths, rules.n_paths * sizeof(paths[0]));
	snprintf(doors, sizeof(doors), "%s/%s", run_dir(),
	    service_name(run->service->id));
	paths[rules.n_paths++] =
	    (struct confine_path){ doors, CONFINE_SOCKETS };
	rules.paths = paths;
	without_landlock = confine_self(&rules, err);
	if (without_landlock == 1)
		log_warn("no-landlock",
		    "effect=\"paths are not locked down\" "
		    "remedy=\"boot a kernel with Landlock\"");
	return without_landlock < 0 ? -1 : 0;
}

static int
set_up(const struct service_flags *flags, struct err *err)
{
	struct door_keys *keys;
	int rc;

	if (open_loop(err) < 0 || prepare(err) < 0)
		return -1;
	keys = read_keys(flags);
	rc = open_bus(keys, err);
	door_keys_free(&keys);
	if (rc < 0 || init(err) < 0 || lock_down(err) < 0)
		return -1;
	return bus_start(service_run.bus, err);
}

static void
leave_now(int signo)
{
	(void)signo;
	_exit(service_run.status);
}

/*
 * The loop and the bus stay open: nng's threads still use them, and closing
 * nng can hang. So the process leaves by _exit, which also skips the leak
 * check unless we ask for it.
 */
static void
tear_down(void)
{
	struct service_run *run = &service_run;

	signal(SIGALRM, leave_now);
	alarm(STOP_SECONDS);
	log_info("stopping", "status=%d", run->status);
	/* First the last beat: its counters are the service's. */
	service_beats_stop();
	run->service->deinit(&run->svc);
	bus_flush(run->bus, FLUSH_MS);
#if BUILT_WITH_ASAN
	if (__lsan_do_recoverable_leak_check() != 0 && run->status == 0)
		run->status = 23;
#endif
	_exit(run->status);
}

int
service_main(int argc, char **argv, const struct service *service)
{
	const char *name = service_name(service->id);
	const struct cfg_table own = { service->items, service->n_items };
	struct service_flags flags;
	struct err err;

	fd_open_standard();
	service_run.service = service;
	service_check_handlers(service);
	service_flags_parse(&flags, argc, argv);
	load_config();
	if (flags.is_print_config)
		return print_config();
	if (flags.is_check)
		return 0;
	log_init(name, (enum log_level)service_run.common.log_level);
	/* While we are who owns them. */
	cfg_warn_open_secrets(&own);
	open_first();
	service_run.owner_uid = geteuid();
	if (flags.has_own_uid)
		take_own_uid();
	confine_early(flags.supervised);
	if (set_up(&flags, &err) < 0)
		die(EXIT_CANNOT_START, "%s", err.text);
	cfg_warn_retired(&own);
	service_beats_start();
	log_info("ready", "version=%s pid=%d instance=%s",
	    AGENT_RUNTIME_VERSION, (int)getpid(), service_run.common.instance);
	loop_run(service_run.loop);
	tear_down();
	return 0;
}

void
service_stop(int status)
{
	if (service_run.status == 0)
		service_run.status = status;
	loop_stop(service_run.loop);
}
