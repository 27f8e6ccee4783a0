/* Starts the scheduler: keeps time for the engine and knows who is alive. What
 * is made of the beats is in roster.c. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/confine.h"
#include "libcommon/envelope.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/service.h"
#include "proto/beat.h"
#include "proto/empty.h"
#include "proto/engine.h"
#include "services/scheduler/report.h"
#include "services/scheduler/roster.h"
#include "services/scheduler/supervision.h"

enum {
	MAX_PEERS = 64,
	LOOK_MS = 5000, /* for silence; what is said is looked at at once */
	UPKEEP_MS = 60 * 1000,
	UPKEEP_FIRST_MS = 5000,
	UPKEEP_AGAIN_MS = 5000,
	UPKEEP_DEADLINE_MS = 10 * 1000,
	/* The engine tidies so many rows at a time: as many may be left. */
	UPKEEP_MANY = 1000,
	UPKEEP_SOON_MS = 50,
	REPORT_MAX_BYTES = 64 * 1024,
	ARENA_BYTES = 1024 * 1024,
};

struct scheduler_cfg {
	bool is_enabled;
	int64_t stale_s;
};

static const struct cfg_item items[] = {
	CFG_BOOL("AGENT_RUNTIME_HEARTBEAT_ENABLED", struct scheduler_cfg,
	    is_enabled, "true",
	    "whether it is told how the daemons stand; false: the heartbeat "
	    "answers 503"),
	CFG_INT("AGENT_RUNTIME_HEARTBEAT_STALE_SECONDS", struct scheduler_cfg,
	    stale_s, "120", 60, 86400, "s",
	    "how long a daemon may call itself healthy while nothing works"),
};

/* Outlive the svc, as service_counter demands. */
static int64_t n_beats, n_upkeeps;

struct svc {
	struct service_env env;
	bool is_enabled;
	struct bus_peer self;
	struct roster *roster;
	struct report *report; /* NULL: nobody is to be told */
	struct timer *look;
	struct timer *upkeep;
	int64_t upkeep_ms;
	char *report_dir;
	char *report_path;
	struct timespec report_at; /* when the one that was read was written */
	ino_t report_inode;
};

static struct roster_time
time_now(void)
{
	return (struct roster_time){
		.mono_ms = clock_mono_ms(),
		.unix_s = clock_unix_ms() / 1000,
	};
}

/* Reads serve's report if it is another one than before. */
static void
read_report(struct svc *svc)
{
	AUTO(buf_release)
	struct buf text;
	struct stat st;
	struct err err;

	buf_init(&text);
	if (stat(svc->report_path, &st) < 0) {
		roster_unmark_all(svc->roster);
		svc->report_inode = 0;
		return;
	}
	if (st.st_ino == svc->report_inode &&
	    memcmp(&st.st_mtim, &svc->report_at, sizeof(st.st_mtim)) == 0)
		return;
	svc->report_inode = st.st_ino;
	svc->report_at = st.st_mtim;
	if (file_read(&text, AT_FDCWD, svc->report_path, REPORT_MAX_BYTES,
		&err) < 0 ||
	    supervision_read(
		svc->roster, text.data, text.size, getppid(), &err) < 0)
		log_warn("report-unread", "why=%s", log_quote(err.text));
}

static void
view(struct svc *svc, struct health *out, struct arena *arena)
{
	struct roster_time now = time_now();
	struct beat own;

	/* No door leads to oneself. */
	service_beat(&own);
	roster_beat(svc->roster, &svc->self, &own, &now);
	read_report(svc);
	roster_view(svc->roster, &now, out, arena);
}

/* A start that goes well is told by the daemons themselves. */
static void
log_change(const char *name, const char *was, const char *now, const char *why)
{
	bool is_well =
	    strcmp(now, "healthy") == 0 || strcmp(now, "disabled") == 0 ||
	    strcmp(now, "starting") == 0 || strcmp(now, "stopped") == 0;
	bool is_start = !was || strcmp(was, "starting") == 0;

	(!is_well      ? log_warn
	    : is_start ? log_debug
		       : log_info)("component", "name=%s was=%s now=%s why=%s",
	    name, was ? was : "unknown", now, log_quote(why));
}

static void
look(void *arg)
{
	struct svc *svc = arg;
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct roster_time now = time_now();
	struct health health;

	view(svc, &health, arena);
	roster_tell_changes(svc->roster, &health, log_change);
	if (svc->report)
		report_look(svc->report, &health, &now);
}

static void
on_beat(
    struct svc *svc, const struct bus_peer *from, const struct envelope *news)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct roster_time now = time_now();
	struct beat beat;
	struct err err;

	if (beat_decode(&beat, news->body, arena, &err) < 0) {
		log_warn("bad-beat", "from=%s.%s why=%s",
		    service_name(from->service), from->instance,
		    log_quote(err.text));
		return;
	}
	n_beats++;
	roster_beat(svc->roster, from, &beat, &now);
	look(svc);
}

static int
on_health_snapshot(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct health health;
	struct empty in;

	if (empty_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	if (!svc->is_enabled)
		return err_set(err, ERR_UNAVAILABLE, "heartbeat is disabled");
	view(svc, &health, request->arena);
	health_encode(&health, reply->body);
	return 0;
}

static const struct handler handlers[] = {
	{ "beat", .on_news = on_beat },
	{ "health.snapshot", .fn = on_health_snapshot },
};

static void
upkeep_failed(struct svc *svc, const char *why)
{
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	buf_addf(&text, "task-engine does not answer: %.200s", why);
	service_set_state(BEAT_DEGRADED, text.data);
	timer_start(svc->upkeep, UPKEEP_AGAIN_MS, 0);
}

static void
on_upkeep_done(void *arg, const struct envelope *answer, const struct err *why)
{
	struct svc *svc = arg;
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct upkeep_done done;
	struct err err;

	if (!answer || !answer->ok) {
		upkeep_failed(svc, answer ? answer->error.text : why->text);
		return;
	}
	if (upkeep_done_decode(&done, answer->body, arena, &err) < 0) {
		upkeep_failed(svc, err.text);
		return;
	}
	n_upkeeps++;
	service_proof();
	service_set_state(BEAT_HEALTHY, "");
	timer_start(svc->upkeep,
	    done.n_expired < UPKEEP_MANY ? svc->upkeep_ms : UPKEEP_SOON_MS, 0);
}

static void
ask_upkeep(void *arg)
{
	struct svc *svc = arg;
	struct empty nothing = { 0 };
	struct bus_call call = {
		.to = SVC_TASK_ENGINE,
		.type = "upkeep",
		.deadline_ms = clock_unix_ms() + UPKEEP_DEADLINE_MS,
	};
	AUTO(buf_release)
	struct buf body;
	struct err err;

	buf_init(&body);
	empty_encode(&nothing, &body);
	call.body = &body;
	if (bus_call(svc->env.bus, &call, on_upkeep_done, svc, &err) < 0)
		upkeep_failed(svc, err.text);
}

/* Whoever has a door here is expected to beat at it. */
static void
expect_all(struct svc *svc)
{
	struct bus_peer peers[MAX_PEERS];
	size_t n = bus_peers(svc->env.bus, peers, MAX_PEERS);

	for (size_t i = 0; i < n && i < MAX_PEERS; i++)
		roster_expect(svc->roster, &peers[i]);
	roster_expect(svc->roster, &svc->self);
}

static char *
join(const char *folder, const char *name)
{
	AUTO(buf_release)
	struct buf path;

	buf_init(&path);
	buf_addf(&path, "%s/%s", folder, name);
	return buf_steal(&path);
}

static int
scheduler_init(
    struct svc **svc_out, const struct service_env *env, struct err *err)
{
	const struct scheduler_cfg *cfg = env->cfg;
	struct roster_time now = time_now();
	struct svc *svc = xcalloc(1, sizeof(*svc));

	(void)err;
	svc->env = *env;
	svc->is_enabled = cfg->is_enabled;
	svc->self = (struct bus_peer){ SVC_SCHEDULER, env->common->instance };
	svc->report_dir = join(env->common->data_dir, "run/serve");
	svc->report_path = join(svc->report_dir, "serve.json");
	svc->roster = roster_new(&now, cfg->stale_s * 1000);
	if (cfg->is_enabled)
		svc->report = report_new(env->bus);
	expect_all(svc);
	/* Its answer is our proof: twice within the time it goes stale in. */
	svc->upkeep_ms = cfg->stale_s * 1000 / 2 < UPKEEP_MS
			     ? cfg->stale_s * 1000 / 2
			     : UPKEEP_MS;
	svc->look = timer_new(env->loop, look, svc);
	svc->upkeep = timer_new(env->loop, ask_upkeep, svc);
	timer_start(svc->look, LOOK_MS, LOOK_MS);
	timer_start(svc->upkeep, UPKEEP_FIRST_MS, 0);
	service_counter("beats", &n_beats);
	service_counter("upkeeps", &n_upkeeps);
	*svc_out = svc;
	return 0;
}

static void
scheduler_deinit(struct svc **svc_slot)
{
	struct svc *svc = *svc_slot;

	timer_free(&svc->look);
	timer_free(&svc->upkeep);
	report_free(&svc->report);
	roster_free(&svc->roster);
	xfree(&svc->report_dir);
	xfree(&svc->report_path);
	xfree(svc_slot);
}

/* serve replaces its report by a rename, so only the folder can be named; it
 * holds nothing else. */
static void
scheduler_confine(const struct svc *svc, struct confine_rules *rules)
{
	static struct confine_path path;

	path = (struct confine_path){ svc->report_dir, CONFINE_READ };
	rules->paths = &path;
	rules->n_paths = 1;
}

static const struct service scheduler = {
	.id = SVC_SCHEDULER,
	.summary = "knows which daemons are alive, and keeps time",
	SERVICE_CFG(items, struct scheduler_cfg),
	SERVICE_HANDLERS(handlers),
	.init = scheduler_init,
	.deinit = scheduler_deinit,
	.confine = scheduler_confine,
};

int
main(int argc, char **argv)
{
	return service_main(argc, argv, &scheduler);
}
