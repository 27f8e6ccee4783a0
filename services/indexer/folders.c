/* inotify on the workspaces. Not libuv's: that one says nothing of overflow. */

#include "services/indexer/folders.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/loop.h"
#include "services/indexer/paths.h"

enum {
	WATCHED = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE |
		  IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK,
	READ_BYTES = 16 * 1024,
};

struct folder {
	int wd;
	char *workspace; /* NULL: the root */
	char *path;
	UT_hash_handle hh;
};

struct folders {
	int fd;
	char *root;
	struct folders_events events;
	struct folder *all; /* by wd */
	struct watch *watch;
};

static void
folder_drop(struct folders *f, struct folder *folder)
{
	HASH_DEL(f->all, folder);
	xfree(&folder->workspace);
	xfree(&folder->path);
	xfree(&folder);
}

/* The same folder keeps its number when it is added under another name. */
static void
folder_note(struct folders *f, int wd, const char *workspace, const char *path)
{
	struct folder *folder;

	HASH_FIND_INT(f->all, &wd, folder);
	if (folder)
		folder_drop(f, folder);
	folder = xcalloc(1, sizeof(*folder));
	folder->wd = wd;
	folder->workspace = workspace ? xstrdup(workspace) : NULL;
	folder->path = xstrdup(path);
	HASH_ADD_INT(f->all, wd, folder);
}

int
folders_watch(
    struct folders *f, const char *workspace, const char *path, struct err *err)
{
	AUTO(buf_release)
	struct buf full;
	int wd;

	buf_init(&full);
	buf_adds(&full, f->root);
	if (workspace)
		buf_addf(&full, "/%s", workspace);
	if (path[0] != '\0')
		buf_addf(&full, "/%s", path);
	wd = inotify_add_watch(f->fd, full.data, WATCHED);
	if (wd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	if (wd < 0)
		return err_errno(err, "cannot watch %s", full.data);
	folder_note(f, wd, workspace, path);
	return 0;
}

static bool
is_within(const struct folder *folder, const char *workspace, const char *path)
{
	size_t size = strlen(path);

	if (!folder->workspace || strcmp(folder->workspace, workspace) != 0)
		return false;
	return size == 0 ||
	       (strncmp(folder->path, path, size) == 0 &&
		   (folder->path[size] == '\0' || folder->path[size] == '/'));
}

/* A folder that was moved out of the tree would still be told of. */
static void
forget_beneath(struct folders *f, const char *workspace, const char *path)
{
	struct folder *folder, *next;

	HASH_ITER (hh, f->all, folder, next) {
		if (!is_within(folder, workspace, path))
			continue;
		inotify_rm_watch(f->fd, folder->wd);
		folder_drop(f, folder);
	}
}

static void
tell_folder(
    struct folders *f, unsigned mask, const char *workspace, const char *path)
{
	if (mask & (IN_DELETE | IN_MOVED_FROM)) {
		forget_beneath(f, workspace, path);
		f->events.on_gone(f->events.arg, workspace, path);
	} else if (mask & (IN_CREATE | IN_MOVED_TO)) {
		f->events.on_folder(f->events.arg, workspace, path);
	}
}

static void
tell(struct folders *f, const struct folder *folder,
    const struct inotify_event *event)
{
	AUTO(buf_release)
	struct buf path;
	AUTO(xfree)
	char *workspace = NULL;
	const char *name = event->name;

	buf_init(&path);
	if (!folder->workspace) {
		if ((event->mask & IN_ISDIR) && paths_is_workspace(name))
			tell_folder(f, event->mask, name, "");
		return;
	}
	/* The events may drop the folder itself. */
	workspace = xstrdup(folder->workspace);
	if (folder->path[0] != '\0')
		buf_addf(&path, "%s/", folder->path);
	buf_adds(&path, name);
	if (event->mask & IN_ISDIR) {
		if (paths_is_indexed_folder(folder->path, name))
			tell_folder(f, event->mask, workspace, path.data);
	} else if (paths_is_indexed(path.data)) {
		f->events.on_document(f->events.arg, workspace, path.data);
	}
}

static void
take_event(struct folders *f, const struct inotify_event *event)
{
	struct folder *folder;

	if (event->mask & IN_Q_OVERFLOW) {
		f->events.on_lost(f->events.arg);
		return;
	}
	HASH_FIND_INT(f->all, &event->wd, folder);
	if (!folder)
		return;
	if (event->mask & IN_IGNORED)
		folder_drop(f, folder);
	else if (event->len > 0)
		tell(f, folder, event);
}

void
folders_drain(struct folders *f)
{
	union {
		struct inotify_event align;
		char bytes[READ_BYTES];
	} in;
	ssize_t got;

	while ((got = read(f->fd, in.bytes, sizeof(in.bytes))) > 0) {
		const struct inotify_event *event;

		for (char *at = in.bytes; at < in.bytes + got;
		     at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(void *)at;
			take_event(f, event);
		}
	}
}

static void
on_readable(void *arg, int events)
{
	(void)events;
	folders_drain(arg);
}

int
folders_open(struct folders **folders_out, struct loop *loop, const char *root,
    const struct folders_events *events, struct err *err)
{
	AUTO(folders_close)
	struct folders *f = xcalloc(1, sizeof(*f));
	int rc;

	f->events = *events;
	f->root = xstrdup(root);
	f->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (f->fd < 0)
		return err_errno(err, "cannot watch folders");
	rc = folders_watch(f, NULL, "", err);
	if (rc != 0)
		return rc < 0 ? -1
			      : err_set(err, ERR_NOT_FOUND,
				    "the folder %s is not there", root);
	f->watch = watch_new(loop, f->fd, on_readable, f);
	watch_set(f->watch, LOOP_READABLE);
	*folders_out = STEAL(f);
	return 0;
}

void
folders_close(struct folders **folders)
{
	struct folders *f = *folders;
	struct folder *folder, *next;

	if (!f)
		return;
	HASH_ITER (hh, f->all, folder, next)
		folder_drop(f, folder);
	watch_free(&f->watch);
	fd_close(&f->fd);
	xfree(&f->root);
	xfree(folders);
}
