/* What happens in the workspaces' folders, and looking through them in case
 * that something was not told. */

#include "services/indexer/library_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/service.h"
#include "services/indexer/index.h"
#include "services/indexer/paths.h"

enum {
	/* Well within the age at which a proof goes stale. */
	PROBE_MS = 30 * 1000,
	/* Behind everything that is watched, in case something was not told. */
	RESCAN_MS = 10 * 60 * 1000,
	/* An index that nobody uses is closed: each takes memory. */
	UNUSED_MS = 5 * 60 * 1000,
};

static void
on_document(void *arg, const char *workspace, const char *path)
{
	struct library *lib = arg;
	struct workspace *ws;

	HASH_FIND_STR(lib->all, workspace, ws);
	if (!ws)
		return;
	workspace_add_document(ws, path);
	library_list(lib, ws, lib->debounce_ms);
}

static void
on_folder(void *arg, const char *workspace, const char *path)
{
	struct library *lib = arg;
	struct workspace *ws;

	HASH_FIND_STR(lib->all, workspace, ws);
	if (!ws || path[0] == '\0') {
		library_add(lib, workspace);
		return;
	}
	workspace_add_folder(ws, path);
	library_list(lib, ws, lib->debounce_ms);
}

static void
on_gone(void *arg, const char *workspace, const char *path)
{
	struct library *lib = arg;
	struct workspace *ws;

	HASH_FIND_STR(lib->all, workspace, ws);
	if (!ws)
		return;
	/* The whole workspace: its folder is looked for, and not found. */
	if (path[0] == '\0')
		workspace_add_all(ws, false);
	else
		workspace_add_sweep(ws);
	library_list(lib, ws, lib->debounce_ms);
}

void
library_drop_orphans(struct library *lib)
{
	DIR *dir = opendir(lib->index_root);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		AUTO(buf_release)
		struct buf path;
		struct workspace *ws;

		buf_init(&path);
		HASH_FIND_STR(lib->all, entry->d_name, ws);
		if (ws || !paths_is_workspace(entry->d_name))
			continue;
		buf_addf(&path, "%s/%s", lib->index_root, entry->d_name);
		log_info("index-orphan", "path=%s", log_quote(path.data));
		index_delete(path.data);
	}
	if (dir)
		closedir(dir);
}

int
library_rescan(struct library *lib)
{
	DIR *dir = opendir(lib->root);
	const struct dirent *entry;
	struct workspace *ws, *next;

	lib->rescanned_ms = clock_mono_ms();
	lib->n_unwatched = 0;
	lib->is_root_lost = !dir;
	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		struct stat st;

		if (paths_is_workspace(entry->d_name) &&
		    fstatat(dirfd(dir), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode))
			library_add(lib, entry->d_name);
	}
	closedir(dir);
	/* Those that went find out by themselves. */
	HASH_ITER (hh, lib->all, ws, next)
		if (!ws->is_listed)
			library_add(lib, ws->id);
	return 0;
}

static void
on_lost(void *arg)
{
	struct library *lib = arg;

	log_warn("watch-overflow", "effect=\"everything is looked through\"");
	(void)library_rescan(lib);
	library_report(lib);
}

static void
close_unused(struct library *lib)
{
	int64_t since_ms = clock_mono_ms() - UNUSED_MS;

	while (lib->opened && lib->opened->open_prev->used_ms < since_ms)
		library_close_index(lib, lib->opened->open_prev);
}

static bool
is_open_as(int fd, const struct stat *now)
{
	struct stat ours;

	return fstat(fd, &ours) < 0 ||
	       (now->st_ino == ours.st_ino && now->st_dev == ours.st_dev);
}

static void
leave(struct library *lib)
{
	lib->is_leaving = true;
	service_stop(1);
}

static void
check_root(struct library *lib)
{
	struct stat now;
	AUTO(fd_close)
	int fd = open(lib->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	lib->is_root_lost = fd < 0;
	if (stat(lib->root, &now) < 0 || is_open_as(lib->places.root_fd, &now))
		return;
	log_error("workspaces-replaced", "path=%s effect=restart",
	    log_quote(lib->root));
	leave(lib);
}

static void
check_index_root(struct library *lib)
{
	struct stat now = { 0 };

	if (stat(lib->index_root, &now) < 0 && errno != ENOENT)
		return;
	if (is_open_as(lib->index_root_fd, &now))
		return;
	log_error("index-folder-lost", "path=%s effect=restart",
	    log_quote(lib->index_root));
	leave(lib);
}

void
library_check_folders(struct library *lib)
{
	if (!lib->is_leaving)
		check_root(lib);
	if (!lib->is_leaving)
		check_index_root(lib);
}

static void
on_probe(void *arg)
{
	struct library *lib = arg;

	library_check_folders(lib);
	close_unused(lib);
	if (clock_mono_ms() - lib->rescanned_ms >= RESCAN_MS)
		(void)library_rescan(lib);
	library_report(lib);
	if (!lib->is_root_lost && lib->n_failed == 0)
		service_proof();
}

void
library_probe_start(struct library *lib)
{
	lib->probe = timer_new(lib->loop, on_probe, lib);
	timer_start(lib->probe, PROBE_MS, PROBE_MS);
}

struct folders_events
library_events(struct library *lib)
{
	return (struct folders_events){
		.on_document = on_document,
		.on_folder = on_folder,
		.on_gone = on_gone,
		.on_lost = on_lost,
		.arg = lib,
	};
}
