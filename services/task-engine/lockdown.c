/* What the engine keeps of the file system; libcommon/confine does the rest. */

#include "services/task-engine/lockdown.h"

#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/confine.h"
#include "libcommon/defs.h"
#include "libcommon/log.h"
#include "libcommon/service.h"
#include "services/task-engine/config.h"
#include "services/task-engine/engine.h"

/* Stands for a path that is switched off: allowed already. */
static const char nothing_more[] = "/etc/ssl";

static char *
folder_of(const char *path)
{
	/* dirname writes into its argument; lock-down happens once. */
	return dirname(xstrdup(path));
}

static bool
holds(const char *folder, const char *path)
{
	AUTO(xfree)
	char *outer = realpath(folder, NULL);
	AUTO(xfree)
	char *inner = realpath(path, NULL);
	size_t size = outer ? strlen(outer) : 0;

	if (!outer || !inner || strncmp(inner, outer, size) != 0)
		return false;
	return inner[size] == '/' || inner[size] == '\0' ||
	       outer[size - 1] == '/';
}

/*
 * A file that people edit: its folder, since editors replace it. But not a
 * folder that holds the working directory or the data: secrets of others lie
 * there (.env, log, index), so only the file that is there now is allowed.
 */
static const char *
edited(const char *path, const char *data_dir)
{
	char *folder;

	if (*path == '\0')
		return nothing_more;
	folder = folder_of(path);
	if (!holds(folder, ".") && !holds(folder, data_dir))
		return folder;
	log_info("directives-fixed", "path=%s why=%s", log_quote(path),
	    log_quote("its folder holds more than directives: a new file in "
		      "its place is read after a restart only"));
	return path;
}

/* The folder of skills, unless it holds what only others may read. */
static const char *
skills_root(const char *path, const char *data_dir)
{
	if (*path == '\0')
		return nothing_more;
	if (!holds(path, ".") && !holds(path, data_dir))
		return path;
	log_warn("skills-closed", "path=%s why=%s", log_quote(path),
	    log_quote("the folder holds more than skills: the engine keeps "
		      "out of it"));
	return nothing_more;
}

void
engine_confine(const struct svc *svc, struct confine_rules *rules)
{
	/* What TLS and name lookups read, whatever the distribution. */
	static struct confine_path paths[] = {
		{ "/etc/ssl", CONFINE_READ },
		{ "/etc/pki", CONFINE_READ },
		{ "/etc/gnutls", CONFINE_READ },
		{ "/usr/share/ca-certificates", CONFINE_READ },
		{ "/usr/local/share/ca-certificates", CONFINE_READ },
		{ "/etc/resolv.conf", CONFINE_READ },
		{ "/run/systemd/resolve", CONFINE_READ },
		{ "/etc/hosts", CONFINE_READ },
		{ "/etc/nsswitch.conf", CONFINE_READ },
		{ "/etc/host.conf", CONFINE_READ },
		{ "/etc/gai.conf", CONFINE_READ },
		{ "/etc/services", CONFINE_READ },
		{ "/usr/share/zoneinfo", CONFINE_READ },
		{ NULL, CONFINE_READ_WRITE },
		{ NULL, CONFINE_READ_WRITE },
		{ NULL, CONFINE_READ_WRITE },
		{ NULL, CONFINE_READ },
		{ NULL, CONFINE_READ },
		{ NULL, CONFINE_READ },
		{ NULL, CONFINE_READ },
	};
	AUTO(xfree)
	char *db = engine_cfg_db_path(svc->cfg, svc->env.common);
	const char *data = svc->env.common->data_dir;
	struct confine_path *own = &paths[N_OF(paths) - 7];
	struct buf own_folder;

	buf_init(&own_folder);
	buf_addf(&own_folder, "%s/agent-runtime", data);
	own[0].path = buf_steal(&own_folder);
	own[1].path = folder_of(db);
	own[2].path = svc->workspace_root;
	own[3].path = edited(svc->cfg->soul_global_file, data);
	own[4].path = edited(svc->cfg->system_prompt_global_file, data);
	own[5].path =
	    *svc->cfg->llm_ca_file ? svc->cfg->llm_ca_file : nothing_more;
	own[6].path = skills_root(svc->cfg->skills_global_root, data);
	rules->paths = paths;
	rules->n_paths = N_OF(paths);
	rules->flags = CONFINE_ALLOW_CONNECT;
}
