/* Starts the indexer; the work is in handlers.c, library.c and index.c. */

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
#include "services/indexer/teller.h"

struct indexer_cfg {
	const char *workspace_root;
	int64_t debounce_s;
};

static const struct cfg_item items[] = {
	/* The task-engine's row. */
	CFG_PATH("AGENT_RUNTIME_WORKSPACE_ROOT", struct indexer_cfg,
	    workspace_root, "",
	    "folder of the workspaces (empty: workspaces/ in the data "
	    "directory)"),
	CFG_INT("AGENT_RUNTIME_QMD_DEBOUNCE_SECONDS", struct indexer_cfg,
	    debounce_s, "3", 0, 3600, "s",
	    "how long changes of files settle before they are indexed; a "
	    "search does not wait for that"),
};

static const struct handler handlers[] = {
	{ "search.query", .fn = on_search_query },
	{ "search.open", .fn = on_search_open },
	{ "search.status", .fn = on_search_status },
	{ "search.reindex", .fn = on_search_reindex },
};

static struct indexer_counters counters;

/* Named by confine, so they outlive it. */
static struct {
	char *root;
	char *index_root;
} folders;

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
indexer_prepare(
    const struct service_cfg *common, const void *cfg, struct err *err)
{
	const struct indexer_cfg *c = cfg;

	folders.root = *c->workspace_root
			   ? xstrdup(c->workspace_root)
			   : join(common->data_dir, "workspaces");
	folders.index_root = join(common->data_dir, "index");
	if (make_folder(folders.root, 0750, err) < 0)
		return -1;
	return make_folder(folders.index_root, 0700, err);
}

static void
on_indexed(void *arg, const char *workspace_id)
{
	struct svc *svc = arg;

	teller_wake(svc->teller, workspace_id);
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
	svc->counters = &counters;
	service_counter("searches", &counters.n_searches);
	service_counter("searches_stale", &counters.n_stale);
	*svc_out = svc;
	return 0;
}

static void
indexer_deinit(struct svc **svc)
{
	teller_close(&(*svc)->teller);
	library_close(&(*svc)->library);
	xfree(svc);
}

static void
indexer_confine(const struct svc *svc, struct confine_rules *rules)
{
	static struct confine_path paths[2];

	(void)svc;
	paths[0] = (struct confine_path){ folders.root, CONFINE_READ };
	paths[1] =
	    (struct confine_path){ folders.index_root, CONFINE_READ_WRITE };
	rules->paths = paths;
	rules->n_paths = N_OF(paths);
}

static const struct service indexer = {
	.id = SVC_INDEXER,
	.summary = "finds documents in the workspaces' Markdown",
	SERVICE_CFG(items, struct indexer_cfg),
	SERVICE_HANDLERS(handlers),
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
