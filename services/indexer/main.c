/* Starts the indexer; the work is in handlers.c, library.c, index.c and, if it
 * is asked for, qmd.c. */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/confine.h"
#include "libcommon/file.h"
#include "libcommon/service.h"
#include "services/indexer/handlers.h"
#include "services/indexer/library.h"
#include "services/indexer/meaning.h"
#include "services/indexer/qmd.h"
#include "services/indexer/qmd_text.h"
#include "services/indexer/teller.h"
#include "services/indexer/workspace.h"

enum {
	QMD_ARENA_BYTES = 64 * 1024,
	N_PATHS = 3, /* of the lock-down, beside qmd's programs */
};

enum { BACKEND_EMBEDDED, BACKEND_QMD };

struct indexer_cfg {
	const char *workspace_root;
	int64_t debounce_s;
	const char *qmd_binary;
	const char *qmd_index;
	const char *qmd_collection;
	const char *qmd_models_dir;
	const char *qmd_embed_excluded;
	int64_t qmd_index_timeout_s;
	int64_t qmd_query_timeout_s;
	int backend;
	bool qmd_embeds;
	const char *embed_exclude_globs;
	const char *embed_exclude_workspaces;
	int64_t embed_patience_ms;
};

static const char *const backends[] = { "embedded", "qmd", NULL };

static const struct cfg_item items[] = {
	/* The task-engine's row. */
	CFG_PATH("AGENT_RUNTIME_WORKSPACE_ROOT", struct indexer_cfg,
	    workspace_root, "",
	    "folder of the workspaces (empty: workspaces/ in the data "
	    "directory)"),
	CFG_INT("AGENT_RUNTIME_QMD_DEBOUNCE_SECONDS", struct indexer_cfg,
	    debounce_s, "3", 0, 3600, "s",
	    "how long changes of files settle before they are indexed; a "
	    "search of the own index does not wait for that"),
	CFG_CHOICE("AGENT_RUNTIME_SEARCH_BACKEND", struct indexer_cfg, backend,
	    "embedded", backends,
	    "what searches: the own index, or an installed qmd 2.8, with the "
	    "own index for when that does not answer"),
	CFG_STR("AGENT_RUNTIME_QMD_BINARY", struct indexer_cfg, qmd_binary,
	    "qmd",
	    "the program of the backend qmd: a path, or a name that PATH "
	    "finds"),
	CFG_STR("AGENT_RUNTIME_QMD_INDEX", struct indexer_cfg, qmd_index,
	    "agent-runtime", "name of qmd's index in each workspace"),
	CFG_STR("AGENT_RUNTIME_QMD_COLLECTION", struct indexer_cfg,
	    qmd_collection, "workspace",
	    "name of the collection in qmd's index"),
	CFG_PATH("AGENT_RUNTIME_QMD_SHARED_MODELS_DIR", struct indexer_cfg,
	    qmd_models_dir, "",
	    "folder of qmd's models, which all workspaces share (empty: "
	    "qmd-models/ in the data directory)"),
	CFG_BOOL("AGENT_RUNTIME_QMD_AUTO_EMBED", struct indexer_cfg, qmd_embeds,
	    "true",
	    "whether qmd makes vectors after an update, where the folder of "
	    "models has a model"),
	CFG_CSV("AGENT_RUNTIME_QMD_EMBED_EXCLUDE_GLOBS", struct indexer_cfg,
	    qmd_embed_excluded, "",
	    "changed files that are no cause to make vectors, beneath a "
	    "workspace"),
	CFG_INT("AGENT_RUNTIME_QMD_INDEX_TIMEOUT_SECONDS", struct indexer_cfg,
	    qmd_index_timeout_s, "180", 1, 86400, "s",
	    "how long qmd may take to update a workspace, vectors included"),
	CFG_INT("AGENT_RUNTIME_QMD_QUERY_TIMEOUT_SECONDS", struct indexer_cfg,
	    qmd_query_timeout_s, "30", 1, 600, "s",
	    "how long qmd may take to search; never longer than who asks "
	    "waits"),
	CFG_RETIRED("AGENT_RUNTIME_QMD_SIDECAR_URL",
	    "the indexer starts qmd itself, so there is no sidecar"),
	CFG_RETIRED("AGENT_RUNTIME_QMD_SIDECAR_ADDR",
	    "the indexer starts qmd itself, so there is no sidecar"),
	/* These two are the task-engine's rows. */
	CFG_CSV("AGENT_RUNTIME_EMBED_EXCLUDE_GLOBS", struct indexer_cfg,
	    embed_exclude_globs, "",
	    "documents that are never sent there: globs of paths beneath a "
	    "workspace, as in drafts/**,*.private.md"),
	CFG_CSV("AGENT_RUNTIME_EMBED_EXCLUDE_WORKSPACES", struct indexer_cfg,
	    embed_exclude_workspaces, "",
	    "ids of workspaces of which nothing is sent there"),
	CFG_INT("AGENT_RUNTIME_EMBED_QUESTION_MS", struct indexer_cfg,
	    embed_patience_ms, "400", 10, 10000, "ms",
	    "how long a search waits for the vector of its question; after "
	    "that it is by words alone"),
};

static const struct handler handlers[] = {
	{ "search.query", .fn = on_search_query },
	{ "search.open", .fn = on_search_open },
	{ "search.status", .fn = on_search_status },
	{ "search.reindex", .fn = on_search_reindex },
};

static struct indexer_counters counters;
static struct qmd_counters qmd_counters;

/* Named by confine, so they outlive it. */
static struct {
	char *root;
	char *index_root;
	char *models;
} folders;

/* The same; NULL: the backend is not qmd. */
static struct arena *qmd_arena;
static struct qmd_options qmd_options;

static char *
join(const char *data_dir, const char *name)
{
	AUTO(buf_release)
	struct buf path;

	buf_init(&path);
	buf_addf(&path, "%s/%s", data_dir, name);
	return buf_steal(&path);
}

/* The lock-down names folders that are there. The engine, which fills the
 * first, may start later; 0750 is what it would make. */
static int
make_folder(const char *path, mode_t mode, struct err *err)
{
	AUTO(xfree)
	char *parent = xstrdup(path);
	struct stat st;

	if (file_mkdirs(AT_FDCWD, dirname(parent), mode, err) < 0)
		return -1;
	if (mkdir(path, mode) == 0)
		return chmod(path, mode) == 0
			   ? 0
			   : err_errno(err, "cannot make the folder %s", path);
	if (errno != EEXIST)
		return err_errno(err, "cannot make the folder %s", path);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, ERR_UNAVAILABLE,
		    "%s must be a folder; move away what is there", path);
	return 0;
}

static int
indexer_check(
    const void *cfg, const struct service_cfg *common, struct err *err)
{
	const struct indexer_cfg *c = cfg;

	(void)common;
	if (qmd_is_name(c->qmd_index) && qmd_is_name(c->qmd_collection))
		return 0;
	return err_set(err, ERR_INVALID,
	    "AGENT_RUNTIME_QMD_INDEX and AGENT_RUNTIME_QMD_COLLECTION are "
	    "names: letters, digits, '.', '_' and '-', at most 64, with "
	    "neither '-' nor '.' first");
}

static void
prepare_qmd(const struct service_cfg *common, const struct indexer_cfg *c)
{
	folders.models = *c->qmd_models_dir
			     ? xstrdup(c->qmd_models_dir)
			     : join(common->data_dir, "qmd-models");
	qmd_arena = arena_new(QMD_ARENA_BYTES);
	qmd_options = (struct qmd_options){
		.root = folders.root,
		.index_root = folders.index_root,
		.binary = c->qmd_binary,
		.index = c->qmd_index,
		.collection = c->qmd_collection,
		.models_dir = folders.models,
		.embed_excluded = c->qmd_embed_excluded,
		.index_timeout_ms = c->qmd_index_timeout_s * 1000,
		.query_timeout_ms = c->qmd_query_timeout_s * 1000,
		.embeds = c->qmd_embeds,
	};
}

static int
indexer_prepare(
    const struct service_cfg *common, const void *cfg, struct err *err)
{
	const struct indexer_cfg *c = cfg;

	folders.root = *c->workspace_root
			   ? xstrdup(c->workspace_root)
			   : join(common->data_dir, "workspaces");
	folders.index_root = join(common->data_dir, "index");
	if (c->backend == BACKEND_QMD)
		prepare_qmd(common, c);
	if (make_folder(folders.root, 0750, err) < 0)
		return -1;
	return make_folder(folders.index_root, 0700, err);
}

static void
on_indexed(void *arg, const char *workspace_id)
{
	struct svc *svc = arg;

	teller_wake(svc->teller, workspace_id);
	if (svc->qmd)
		qmd_on_settled(svc->qmd, workspace_id);
	else
		meaning_wake(svc->meaning, workspace_id);
}

static void
on_qmd_state(void *arg, const char *trouble)
{
	library_set_trouble(arg, trouble);
}

static void
tell_of_change(void *arg, const char *workspace, const char *path)
{
	qmd_on_change(((struct svc *)arg)->qmd, workspace, path);
}

static void
tell_of_going(void *arg, const char *workspace)
{
	qmd_on_gone(((struct svc *)arg)->qmd, workspace);
}

static void
open_qmd(struct svc *svc, struct loop *loop)
{
	static struct workspace_hooks hooks = {
		.on_change = tell_of_change,
		.on_gone = tell_of_going,
	};

	qmd_open(&svc->qmd, loop, &qmd_options, &qmd_counters, on_qmd_state,
	    svc->library);
	hooks.arg = svc;
	library_hook(svc->library, &hooks);
	service_counter("qmd_searches", &qmd_counters.n_searches);
	service_counter("qmd_failures", &qmd_counters.n_failures);
}

static void
open_meaning(struct svc *svc, const struct service_env *env)
{
	const struct indexer_cfg *cfg = env->cfg;
	const struct meaning_options options = {
		.loop = env->loop,
		.bus = env->bus,
		.library = svc->library,
		.exclude_globs = cfg->embed_exclude_globs,
		.exclude_workspaces = cfg->embed_exclude_workspaces,
		.patience_ms = cfg->embed_patience_ms,
	};

	meaning_open(&svc->meaning, &options);
}

static int
indexer_init(
    struct svc **svc_out, const struct service_env *env, struct err *err)
{
	const struct indexer_cfg *cfg = env->cfg;
	struct svc *svc = xcalloc(1, sizeof(*svc));
	const struct library_options options = {
		.root = folders.root,
		.index_root = folders.index_root,
		.debounce_ms = cfg->debounce_s * 1000,
		.on_indexed = on_indexed,
		.arg = svc,
	};

	if (library_open(&svc->library, env->loop, &options, err) < 0) {
		xfree(&svc);
		return -1;
	}
	teller_open(&svc->teller, env->loop, env->bus, svc->library);
	open_meaning(svc, env);
	svc->counters = &counters;
	if (qmd_arena)
		open_qmd(svc, env->loop);
	service_counter("searches", &counters.n_searches);
	service_counter("searches_stale", &counters.n_stale);
	*svc_out = svc;
	return 0;
}

static void
indexer_deinit(struct svc **svc)
{
	meaning_close(&(*svc)->meaning);
	teller_close(&(*svc)->teller);
	/* Whose searches are then answered by the library. */
	qmd_close(&(*svc)->qmd);
	library_close(&(*svc)->library);
	xfree(svc);
}

/* Models are read, never fetched: there is no network either. */
static void
allow_qmd(struct confine_rules *rules, struct confine_path *paths)
{
	const char *programs[QMD_PLACE_MAX_PROGRAMS];

	qmd_place_programs(&qmd_options, programs, qmd_arena);
	paths[1].right = CONFINE_LINKS;
	paths[2] = (struct confine_path){ folders.models, CONFINE_READ };
	rules->n_paths = N_PATHS;
	for (size_t i = 0; programs[i]; i++)
		paths[rules->n_paths++] =
		    (struct confine_path){ programs[i], CONFINE_EXECUTE };
	rules->flags |= CONFINE_ALLOW_EXEC;
}

static void
indexer_confine(const struct svc *svc, struct confine_rules *rules)
{
	static struct confine_path paths[N_PATHS + QMD_PLACE_MAX_PROGRAMS];

	(void)svc;
	paths[0] = (struct confine_path){ folders.root, CONFINE_READ };
	paths[1] =
	    (struct confine_path){ folders.index_root, CONFINE_READ_WRITE };
	rules->paths = paths;
	rules->n_paths = N_PATHS - 1;
	if (qmd_arena)
		allow_qmd(rules, paths);
}

static const struct service indexer = {
	.id = SVC_INDEXER,
	.summary = "finds documents in the workspaces' Markdown",
	SERVICE_CFG(items, struct indexer_cfg),
	SERVICE_HANDLERS(handlers),
	.check = indexer_check,
	.prepare = indexer_prepare,
	.init = indexer_init,
	.deinit = indexer_deinit,
	.confine = indexer_confine,
};

int
main(int argc, char **argv)
{
	return service_main(argc, argv, &indexer);
}
