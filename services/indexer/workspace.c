/* One workspace: what has to be indexed, and indexing it step by step. */

#include "services/indexer/workspace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "services/indexer/folders.h"
#include "services/indexer/index.h"
#include "services/indexer/paths.h"

enum {
	ENTRIES_A_STEP = 64,
	/* More in one transaction gains nothing measurable. */
	CHANGES_A_COMMIT = 500,
	STEP_ARENA_BYTES = 256 * 1024,
};

struct dirty {
	char *path;
	UT_hash_handle hh;
};

struct folder_to_read {
	char *path;
	struct folder_to_read *next;
};

struct crawl {
	struct folder_to_read *folders; /* still to be opened */
	DIR *dir;			/* being read */
	char *dir_path;
	bool is_forced;
	bool is_whole; /* the workspace's own folder was among them */
	bool wants_sweep;
	int64_t swept_id;
};

struct workspace *
workspace_new(const char *id)
{
	struct workspace *ws = xcalloc(1, sizeof(*ws));

	ws->id = xstrdup(id);
	return ws;
}

static void
dirty_drop(struct workspace *ws, struct dirty *dirty)
{
	HASH_DEL(ws->dirty, dirty);
	xfree(&dirty->path);
	xfree(&dirty);
}

static void
crawl_close_dir(struct crawl *crawl)
{
	if (crawl->dir)
		closedir(crawl->dir);
	crawl->dir = NULL;
	xfree(&crawl->dir_path);
}

static void
crawl_free(struct crawl **crawl)
{
	struct folder_to_read *folder, *next;

	if (!*crawl)
		return;
	LL_FOREACH_SAFE((*crawl)->folders, folder, next)
	{
		xfree(&folder->path);
		xfree(&folder);
	}
	crawl_close_dir(*crawl);
	xfree(crawl);
}

void
workspace_free(struct workspace **workspace)
{
	struct workspace *ws = *workspace;
	struct dirty *dirty, *next;

	if (!ws)
		return;
	HASH_ITER (hh, ws->dirty, dirty, next)
		dirty_drop(ws, dirty);
	crawl_free(&ws->crawl);
	workspace_close_index(ws);
	xfree(&ws->id);
	xfree(workspace);
}

char *
workspace_path(const struct workspace *ws, const char *path)
{
	AUTO(buf_release)
	struct buf full;

	buf_init(&full);
	buf_adds(&full, ws->id);
	if (path[0] != '\0')
		buf_addf(&full, "/%s", path);
	return buf_steal(&full);
}

void
workspace_add_document(struct workspace *ws, const char *path)
{
	struct dirty *dirty;

	HASH_FIND_STR(ws->dirty, path, dirty);
	if (dirty)
		return;
	dirty = xcalloc(1, sizeof(*dirty));
	dirty->path = xstrdup(path);
	HASH_ADD_KEYPTR(hh, ws->dirty, dirty->path, strlen(path), dirty);
}

static struct crawl *
crawl_of(struct workspace *ws)
{
	if (!ws->crawl)
		ws->crawl = xcalloc(1, sizeof(*ws->crawl));
	return ws->crawl;
}

void
workspace_add_folder(struct workspace *ws, const char *path)
{
	struct crawl *crawl = crawl_of(ws);
	struct folder_to_read *folder = xcalloc(1, sizeof(*folder));

	folder->path = xstrdup(path);
	LL_PREPEND(crawl->folders, folder);
	if (path[0] == '\0')
		crawl->is_whole = true;
}

void
workspace_add_sweep(struct workspace *ws)
{
	struct crawl *crawl = crawl_of(ws);

	crawl->wants_sweep = true;
	crawl->swept_id = 0;
}

void
workspace_add_all(struct workspace *ws, bool is_forced)
{
	workspace_add_folder(ws, "");
	workspace_add_sweep(ws);
	ws->crawl->is_forced |= is_forced;
}

bool
workspace_is_pending(const struct workspace *ws)
{
	return ws->dirty || ws->crawl ||
	       (ws->index && index_uncommitted(ws->index) > 0);
}

static char *
index_dir(const struct workspace *ws, const struct places *places)
{
	AUTO(buf_release)
	struct buf dir;

	buf_init(&dir);
	buf_addf(&dir, "%s/%s", places->index_root, ws->id);
	return buf_steal(&dir);
}

int
workspace_open_index(
    struct workspace *ws, const struct places *places, struct err *err)
{
	AUTO(xfree)
	char *dir = NULL;
	int rc;

	if (ws->index && index_is_usable(ws->index))
		return 0;
	if (ws->index) {
		log_warn("index-lost", "workspace=%s", log_quote(ws->id));
		workspace_drop_index(ws, places);
	}
	dir = index_dir(ws, places);
	rc = index_open(&ws->index, dir, err);
	if (rc < 0)
		return -1;
	if (rc == 1)
		ws->is_made_anew = !ws->has_appeared;
	/* Whatever was known is gone; what is not yet read will be. */
	if (rc == 1 && ws->was_opened) {
		workspace_add_all(ws, false);
		ws->is_scanned = false;
	}
	ws->was_opened = true;
	ws->has_appeared = false;
	return 0;
}

void
workspace_close_index(struct workspace *ws)
{
	struct err err;

	if (!ws->index)
		return;
	if (index_commit(ws->index, &err) < 0) {
		log_error("index-commit-failed", "workspace=%s why=%s",
		    log_quote(ws->id), log_quote(err.text));
		workspace_add_all(ws, false);
	}
	index_close(&ws->index);
}

void
workspace_drop_index(struct workspace *ws, const struct places *places)
{
	AUTO(xfree)
	char *dir = index_dir(ws, places);

	index_close(&ws->index);
	index_delete(dir);
}

static void
tell_change(struct workspace *ws, const struct places *places, const char *path)
{
	if (places->hooks)
		places->hooks->on_change(places->hooks->arg, ws->id, path);
}

static int
forget_document(struct workspace *ws, const struct places *places,
    const char *path, struct arena *arena, struct err *err)
{
	struct index_document known;
	int rc = index_find(ws->index, path, &known, arena, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	tell_change(ws, places, path);
	return index_remove(ws->index, known.id, err);
}

/* At most size bytes: a file that grows meanwhile is told of again. */
static int
read_all(struct buf *out, int fd, size_t size)
{
	char *at = buf_grow(out, size);
	size_t n = 0;
	ssize_t got = 1;

	while (n < size && got > 0) {
		got = pread(fd, at + n, size - n, (off_t)n);
		if (got > 0)
			n += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	buf_truncate(out, n);
	return got < 0 ? -1 : 0;
}

/* Fills file from fd; what cannot be indexed is noted with its reason. Returns 1
 * when the disk does not give it. */
static int
read_document(
    struct index_file *file, int fd, struct buf *text, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, "cannot look at %s", file->path);
	file->stamp = index_stamp_of(&st);
	file->skipped = "";
	if (st.st_size > INDEX_MAX_FILE_BYTES) {
		file->skipped = "large";
		return 0;
	}
	if (read_all(text, fd, (size_t)st.st_size) < 0) {
		err_errno(err, "cannot read %s", file->path);
		return 1;
	}
	if (!utf8_is_valid(text->data, text->size))
		file->skipped = "not-utf8";
	file->text = text->data;
	file->text_size = text->size;
	return 0;
}

static int
index_document(struct workspace *ws, const struct places *places,
    const char *path, struct arena *arena, struct err *err)
{
	AUTO(xfree)
	char *full = workspace_path(ws, path);
	AUTO(buf_release)
	struct buf text;
	struct index_file file = { .path = path, .is_told = ws->is_made_anew };
	struct err why;
	AUTO(fd_close)
	int fd = -1;
	int got;

	buf_init(&text);
	fd = file_open_beneath(places->root_fd, full, O_RDONLY, 0, &why);
	if (fd < 0 && why.code == ERR_INTERNAL) {
		*err = why;
		return -1;
	}
	/* Gone, or no file that may be read: a link, a directory, a secret. */
	if (fd < 0)
		return forget_document(ws, places, path, arena, err);
	got = read_document(&file, fd, &text, err);
	if (got < 0)
		return -1;
	/* The others need not wait for that one. */
	if (got == 1) {
		log_warn("unread", "workspace=%s why=%s", log_quote(ws->id),
		    log_quote(err->text));
		return forget_document(ws, places, path, arena, err);
	}
	tell_change(ws, places, path);
	return index_put(ws->index, &file, err);
}

/* Returns 1 when the folder is not there. */
static int
open_folder(struct workspace *ws, const struct places *places, const char *path,
    struct err *err)
{
	AUTO(xfree)
	char *full = workspace_path(ws, path);
	int rc = 0, fd;

	/* First the watch, so that nothing slips between. */
	if (places->folders)
		rc = folders_watch(places->folders, ws->id, path, err);
	if (rc < 0 && (*places->n_unwatched)++ == 0)
		log_warn("unwatched", "why=%s", log_quote(err->text));
	fd = file_open_beneath(
	    places->root_fd, full, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return err->code == ERR_INTERNAL ? -1 : 1;
	ws->crawl->dir = fdopendir(fd);
	if (!ws->crawl->dir) {
		fd_close(&fd);
		return err_errno(err, "cannot read the folder %s", full);
	}
	ws->crawl->dir_path = xstrdup(path);
	return 0;
}

static char *
join(const char *folder, const char *name)
{
	AUTO(buf_release)
	struct buf path;

	buf_init(&path);
	if (folder[0] != '\0')
		buf_addf(&path, "%s/", folder);
	buf_adds(&path, name);
	return buf_steal(&path);
}

static int
look_at_document(struct workspace *ws, const char *name, const char *path,
    struct arena *arena, struct err *err)
{
	struct index_document known;
	struct index_stamp stamp;
	struct stat st;
	int rc;

	if (fstatat(dirfd(ws->crawl->dir), name, &st, AT_SYMLINK_NOFOLLOW) <
		0 ||
	    !S_ISREG(st.st_mode) || strlen(path) > INDEX_MAX_PATH_BYTES)
		return 0;
	stamp = index_stamp_of(&st);
	rc = index_find(ws->index, path, &known, arena, err);
	if (rc < 0)
		return -1;
	if (rc == 1 || ws->crawl->is_forced ||
	    !index_stamp_equal(&stamp, &known.stamp))
		workspace_add_document(ws, path);
	return 0;
}

static bool
is_folder(const struct workspace *ws, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd(ws->crawl->dir), entry->d_name, &st,
		   AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int
look_at_entry(struct workspace *ws, const struct dirent *entry,
    struct arena *arena, struct err *err)
{
	const char *folder = ws->crawl->dir_path;
	const char *name = entry->d_name;
	AUTO(xfree)
	char *path = join(folder, name);

	if (is_folder(ws, entry)) {
		if (paths_is_indexed_folder(folder, name) &&
		    strlen(path) < INDEX_MAX_PATH_BYTES)
			workspace_add_folder(ws, path);
		return 0;
	}
	if (!paths_is_indexed(path))
		return 0;
	return look_at_document(ws, name, path, arena, err);
}

static int
read_folder(struct workspace *ws, struct arena *arena, struct err *err)
{
	for (int i = 0; i < ENTRIES_A_STEP; i++) {
		const struct dirent *entry = readdir(ws->crawl->dir);

		if (!entry) {
			crawl_close_dir(ws->crawl);
			return 0;
		}
		if (look_at_entry(ws, entry, arena, err) < 0)
			return -1;
	}
	return 0;
}

static bool
is_file_there(
    const struct workspace *ws, const struct places *places, const char *path)
{
	AUTO(xfree)
	char *full = workspace_path(ws, path);
	AUTO(fd_close)
	int fd = -1;
	struct err err;

	if (!paths_is_indexed(path))
		return false;
	fd = file_open_beneath(places->root_fd, full, O_RDONLY, 0, &err);
	/* Out of descriptors or memory says nothing of the file. */
	return fd >= 0 || err.code == ERR_INTERNAL;
}

static int
sweep(struct workspace *ws, const struct places *places, struct arena *arena,
    struct err *err)
{
	struct crawl *crawl = ws->crawl;

	for (int i = 0; i < ENTRIES_A_STEP; i++) {
		struct index_document known;
		int rc =
		    index_next(ws->index, crawl->swept_id, &known, arena, err);

		if (rc == 1)
			crawl->wants_sweep = false;
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		crawl->swept_id = known.id;
		if (is_file_there(ws, places, known.path))
			continue;
		tell_change(ws, places, known.path);
		if (index_remove(ws->index, known.id, err) < 0)
			return -1;
	}
	return 0;
}

static int
next_folder(struct workspace *ws, const struct places *places, struct err *err)
{
	struct folder_to_read *folder = ws->crawl->folders;
	int rc = open_folder(ws, places, folder->path, err);
	bool is_workspace = folder->path[0] == '\0';

	LL_DELETE(ws->crawl->folders, folder);
	xfree(&folder->path);
	xfree(&folder);
	return rc == 1 && !is_workspace ? 0 : rc;
}

static int
finish(struct workspace *ws, struct err *err)
{
	if (index_join_parts(ws->index, err) < 0 ||
	    index_commit(ws->index, err) < 0)
		return -1;
	if (ws->crawl && ws->crawl->is_whole) {
		ws->is_scanned = true;
		ws->is_made_anew = false;
	}
	crawl_free(&ws->crawl);
	ws->last_indexed_unix = clock_unix_ms() / 1000;
	return 0;
}

static int
step(struct workspace *ws, const struct places *places, struct arena *arena,
    struct err *err)
{
	struct crawl *crawl = ws->crawl;

	if (ws->dirty) {
		struct dirty *dirty = ws->dirty;
		int rc = index_document(ws, places, dirty->path, arena, err);

		dirty_drop(ws, dirty);
		return rc;
	}
	if (crawl && crawl->dir)
		return read_folder(ws, arena, err);
	if (crawl && crawl->folders)
		return next_folder(ws, places, err);
	if (crawl && crawl->wants_sweep)
		return sweep(ws, places, arena, err);
	return finish(ws, err);
}

int
workspace_step(
    struct workspace *ws, const struct places *places, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(STEP_ARENA_BYTES);
	int rc = step(ws, places, arena, err);

	if (rc == 0 && index_uncommitted(ws->index) >= CHANGES_A_COMMIT)
		rc = index_commit(ws->index, err);
	/* What was collected is lost with the transaction. */
	if (rc < 0)
		workspace_add_all(ws, false);
	return rc;
}
