/* Starts the task-engine: what it opens, in which order, and how it recovers.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/service.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/config.h"
#include "services/task-engine/conversation/safety.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/commands/forgetter.h"
#include "services/task-engine/commands/lookup.h"
#include "services/task-engine/doors/starter.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/knowledge/refine.h"
#include "services/task-engine/llm/embed.h"
#include "services/task-engine/lockdown.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/tasks/finish.h"
#include "services/task-engine/tasks/notify.h"
#include "services/task-engine/turn/routed.h"
#include "services/task-engine/turn/turns.h"
#include "services/task-engine/workspace/files.h"

enum {
	PRIVATE_MODE = 0700,
	WORKSPACE_MODE = 0750,
	/* Members of the group may read and edit the workspaces. */
	WORKSPACE_GROUP_MODE = 02770,
	ENGINE_UMASK = 027,
	RECOVERY_ARENA_BYTES = 1024 * 1024,
};

static const char group_name[] = "agent-runtime";

static char *
beneath(const struct service_cfg *common, const char *path)
{
	struct buf full;

	buf_init(&full);
	buf_addf(&full, "%s/%s", common->data_dir, path);
	return buf_steal(&full);
}

static int
make_folder(const char *path, mode_t mode, struct err *err)
{
	return file_mkdirs(AT_FDCWD, path, mode, err);
}

static int
make_folders(const struct service_cfg *common, const struct engine_cfg *cfg,
    struct err *err)
{
	AUTO(xfree)
	char *own = beneath(common, "agent-runtime");
	AUTO(xfree)
	char *run = beneath(common, "run");
	AUTO(xfree)
	char *root = engine_cfg_workspace_root(cfg, common);
	AUTO(xfree)
	char *db = engine_cfg_db_path(cfg, common);

	if (make_folder(common->data_dir, PRIVATE_MODE, err) < 0 ||
	    make_folder(own, PRIVATE_MODE, err) < 0 ||
	    make_folder(run, PRIVATE_MODE, err) < 0 ||
	    make_folder(dirname(db), PRIVATE_MODE, err) < 0)
		return -1;
	return make_folder(root, WORKSPACE_MODE, err);
}

/* Before the bus and the database: a second engine must not touch either. */
static int
engine_prepare(
    const struct service_cfg *common, const void *cfg, struct err *err)
{
	AUTO(xfree)
	char *path = beneath(common, "agent-runtime/engine.lock");

	if (make_folders(common, cfg, err) < 0)
		return -1;
	/* Held until the process ends: the kernel lets go of it. */
	if (file_lock(path, err) >= 0)
		return 0;
	if (err->code != ERR_CONFLICT)
		return -1;
	return err_prefix(
	    err, "another task-engine works on this data directory");
}

static void
say_state(struct svc *svc)
{
	const char *text =
	    *svc->database_trouble ? svc->database_trouble : svc->files_trouble;

	if (!*text && svc->audit)
		text = audit_trouble(svc->audit);

	service_set_state(*text ? BEAT_DEGRADED : BEAT_HEALTHY, text);
}

void
engine_database_trouble(struct svc *svc, const char *text)
{
	if (strcmp(svc->database_trouble, text) == 0)
		return;
	snprintf(
	    svc->database_trouble, sizeof(svc->database_trouble), "%s", text);
	say_state(svc);
}

void
engine_files_trouble(void *arg, const char *text)
{
	struct svc *svc = arg;

	if (strcmp(svc->files_trouble, text) == 0)
		return;
	snprintf(svc->files_trouble, sizeof(svc->files_trouble), "%s", text);
	say_state(svc);
}

/* People with an editor are members of a group, if there is one. */
static void
share_with_group(const char *root)
{
	struct group *group = getgrnam(group_name);

	if (!group)
		return;
	if (chown(root, (uid_t)-1, group->gr_gid) < 0 ||
	    chmod(root, WORKSPACE_GROUP_MODE) < 0)
		log_warn("group-not-set", "path=%s group=%s", log_quote(root),
		    group_name);
}

/*
 * SQLite gives its -wal and -shm the mode of the database. Closed before SQLite
 * opens it: closing any descriptor of a file drops the process's locks on it,
 * and an operator's shell would then take itself for the only user and remove
 * the -wal under us.
 */
static int
make_private(const char *path, struct err *err)
{
	AUTO(fd_close)
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, ERR_UNAVAILABLE,
		    "cannot open the database %s: %s", path, strerror(errno));
	return 0;
}

static int
open_database(struct svc *svc, struct err *err)
{
	AUTO(xfree)
	char *path = engine_cfg_db_path(svc->cfg, svc->env.common);

	if (make_private(path, err) < 0)
		return -1;
	return store_open(&svc->store, path, err);
}

static int
open_audit(struct svc *svc, struct err *err)
{
	AUTO(xfree)
	char *folder = beneath(svc->env.common, "agent-runtime");

	return audit_open(
	    &svc->audit, svc->store, folder, clock_unix_ms(), err);
}

static int
open_people(struct svc *svc, struct err *err)
{
	AUTO(xfree)
	char *path = beneath(svc->env.common, "run/admin.token");

	svc->policy = (struct policy){ svc->store, svc->cfg->guest_commands };
	if (people_open(&svc->people, svc->store, path, err) < 0)
		return -1;
	/* Who is local: not the uid that this daemon was given. */
	svc->people.owner_uid = svc->env.owner_uid;
	return 0;
}

static void
open_approvals(struct svc *svc)
{
	svc->approvals = (struct approvals){
		.store = svc->store,
		.policy = &svc->policy,
		.types = action_types,
		.n_types = n_action_types,
		.ttl_s = svc->cfg->approval_ttl_s,
		.max_pending = svc->cfg->approval_max_pending,
		.is_separated = svc->cfg->approval_separation,
	};
}

static struct safety *
make_safety(const struct engine_cfg *cfg)
{
	const struct safety_options options = {
		.is_enabled = cfg->llm_enabled,
		.allow_dm = cfg->llm_allow_dm,
		.require_mention = cfg->llm_require_mention,
		.allowed_roles = cfg->llm_allowed_roles,
		.allowed_context_ids = cfg->llm_allowed_context_ids,
		.limits = { [SAFETY_PERSON] = cfg->llm_rate_limit,
		    [SAFETY_ROOM] = cfg->llm_rate_limit_room,
		    [SAFETY_WORKSPACE] = cfg->llm_rate_limit_workspace },
		.window_ms = cfg->llm_rate_window_s * 1000,
	};

	return safety_new(&options);
}

static int
recover_rows(struct svc *svc, int64_t blamed, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(RECOVERY_ARENA_BYTES);
	int64_t now_ms = clock_unix_ms(), n_requeued, n_unknown;
	struct notify_policies policies;
	struct turn_work work;
	bool is_set_aside;

	engine_cfg_notify(svc->cfg, &policies);
	if (store_begin(svc->store, err) < 0)
		return -1;
	if (store_turns_recover(svc->store, blamed, now_ms, arena,
		&is_set_aside, &work, &n_requeued, err) < 0 ||
	    (is_set_aside &&
		tell_set_aside(svc->store, &work, &policies,
		    routed_unanswered(svc->cfg, &work, now_ms, arena), now_ms,
		    arena, err) < 0) ||
	    approvals_recover(svc->store, now_ms, arena, &n_unknown, err) < 0) {
		store_rollback(svc->store);
		return -1;
	}
	if (is_set_aside)
		log_error("turn-set-aside", "turn=%" PRId64 " task=%s",
		    work.turn_id, work.has_task ? work.task.task.id : "-");
	if (n_requeued)
		log_info("turns-requeued", "n=%" PRId64, n_requeued);
	return store_commit(svc->store, err);
}

static int
recover(struct svc *svc, struct err *err)
{
	AUTO(xfree)
	char *path = beneath(svc->env.common, "agent-runtime/current");
	int64_t blamed;

	if (blame_open(path, &blamed, err) < 0 ||
	    recover_rows(svc, blamed, err) < 0)
		return -1;
	blame_clear();
	return 0;
}

static int
open_embedder(struct svc *svc, struct err *err)
{
	const struct embedder_options options = {
		.base_url = svc->cfg->embed_base_url,
		.api_key = svc->cfg->embed_api_key,
		.model = svc->cfg->embed_model,
		.ca_file = svc->cfg->llm_ca_file,
		.timeout_ms = svc->cfg->embed_timeout_s * 1000,
	};

	if (!*options.base_url)
		return 0;
	return embedder_open(&svc->embedder, svc->env.loop, &options, err);
}

static int
open_refiner(struct svc *svc, struct err *err)
{
	const struct refiner_options options = {
		.store = svc->store,
		.budgets = &svc->budgets,
		.loop = svc->env.loop,
		.cfg = svc->cfg,
	};

	return refiner_open(&svc->refiner, &options, err);
}

static int
open_rooms(struct svc *svc, struct err *err)
{
	const struct files_options files = {
		.store = svc->store,
		.loop = svc->env.loop,
		.workspace_root = svc->workspace_root,
		.on_trouble = engine_files_trouble,
		.arg = svc,
	};

	open_approvals(svc);
	svc->budgets = (struct budgets){ svc->store, svc->cfg, NULL };
	post_open(&svc->post, svc->store, svc->env.bus, svc->env.loop);
	if (files_open(&svc->files, &files, err) < 0 ||
	    open_refiner(svc, err) < 0)
		return -1;
	const struct turns_options turns = {
		.store = svc->store,
		.budgets = &svc->budgets,
		.bus = svc->env.bus,
		.loop = svc->env.loop,
		.cfg = svc->cfg,
		.policy = &svc->policy,
		.approvals = &svc->approvals,
		.people = &svc->people,
		.refiner = svc->refiner,
		.workspace_root = svc->workspace_root,
	};

	if (turns_open(&svc->turns, &turns, err) < 0 ||
	    open_embedder(svc, err) < 0)
		return -1;
	lookups_open(&svc->lookups, svc);
	forgetter_open(&svc->forgetter, svc);
	return 0;
}

static void
turns_queued(void *arg, unsigned changes)
{
	struct svc *svc = arg;

	if (changes & STORE_CHANGED_TURNS)
		turns_wake(svc->turns);
}

/* On the loop, after the lock-down: only then may threads be started. */
static void
begin(void *arg)
{
	struct svc *svc = arg;

	timer_free(&svc->begin);
	turns_wake(svc->turns);
	if (svc->refiner)
		refiner_wake(svc->refiner);
	lookups_wake(svc->lookups);
	forgetter_wake(svc->forgetter);
}

static void
engine_deinit(struct svc **slot)
{
	struct svc *svc = *slot;

	timer_free(&svc->begin);
	audit_jobs_close(svc);
	embedder_close(&svc->embedder);
	embed_jobs_close(svc);
	forgetter_close(&svc->forgetter);
	lookups_close(&svc->lookups);
	turns_close(&svc->turns);
	refiner_close(&svc->refiner);
	files_close(&svc->files);
	post_close(&svc->post);
	safety_free(&svc->safety);
	audit_close(&svc->audit);
	store_close(&svc->store);
	blame_close();
	secret_replies_release(&svc->secret_replies);
	free(svc->cancelled);
	free(svc->workspace_root);
	free(svc);
	*slot = NULL;
}

static int
open_all(struct svc *svc, struct err *err)
{
	umask(ENGINE_UMASK);
	share_with_group(svc->workspace_root);
	if (open_database(svc, err) < 0 || open_audit(svc, err) < 0 ||
	    open_people(svc, err) < 0 || recover(svc, err) < 0 ||
	    open_rooms(svc, err) < 0)
		return -1;
	svc->safety = make_safety(svc->cfg);
	store_on_commit(svc->store, turns_queued, svc);
	svc->begin = timer_new(svc->env.loop, begin, svc);
	timer_start(svc->begin, 0, 0);
	return starter_ensure(svc, clock_unix_ms(), err);
}

static int
engine_init(
    struct svc **svc_out, const struct service_env *env, struct err *err)
{
	struct svc *svc = xcalloc(1, sizeof(*svc));

	secret_replies_init(&svc->secret_replies);
	svc->env = *env;
	svc->cfg = env->cfg;
	svc->workspace_root = engine_cfg_workspace_root(svc->cfg, env->common);
	if (doors_check_policy(err) < 0 || open_all(svc, err) < 0) {
		engine_deinit(&svc);
		return -1;
	}
	service_counter("requests", &svc->n_requests);
	service_counter("batches", &svc->n_batches);
	say_state(svc);
	service_proof();
	*svc_out = svc;
	return 0;
}

static const struct service task_engine = {
	.id = SVC_TASK_ENGINE,
	.summary = "holds the database and the workspaces, and answers",
	.items = engine_items,
	.n_items = ENGINE_N_ITEMS,
	.cfg_size = sizeof(struct engine_cfg),
	.handlers = engine_handlers,
	.n_handlers = N_ENGINE_HANDLERS,
	.check = engine_cfg_check,
	.prepare = engine_prepare,
	.init = engine_init,
	.deinit = engine_deinit,
	.confine = engine_confine,
	.on_batch = doors_on_batch,
};

int
main(int argc, char **argv)
{
	return service_main(argc, argv, &task_engine);
}
