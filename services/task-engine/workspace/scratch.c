/* The agent's own files in a workspace. */

#include "services/task-engine/workspace/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/utf8.h"
#include "services/task-engine/store/tasks.h"

/* Letters of any script; of ASCII what no shell or platform minds. */
static bool
is_good_byte(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || strchr("._- ", c) != NULL;
}

static bool
is_good_part(const char *part, size_t size)
{
	if (size == 0 || *part == '.' || *part == ' ' || *part == '-')
		return false;
	for (size_t i = 0; i < size; i++)
		if (!is_good_byte((unsigned char)part[i]))
			return false;
	return true;
}

int
scratch_check_path(const char *path, struct err *err)
{
	size_t depth = 0;

	if (strlen(path) > SCRATCH_MAX_PATH ||
	    !utf8_is_valid(path, strlen(path)))
		return err_set(err, ERR_INVALID,
		    "the path is longer than %d bytes", SCRATCH_MAX_PATH);
	for (const char *part = path;; part++) {
		size_t size = strcspn(part, "/");

		if (!is_good_part(part, size) || ++depth > SCRATCH_MAX_DEPTH)
			return err_set(err, ERR_INVALID,
			    "a path is one to %d names with / between, of "
			    "letters, digits, spaces, '.', '_' and '-', that "
			    "begin with a letter, a digit or '_'",
			    SCRATCH_MAX_DEPTH);
		part += size;
		if (*part == '\0')
			return 0;
	}
}

static const char *
folder_of(const struct scratch *s, struct arena *arena)
{
	return arena_printf(arena, "scratch/%s/", s->context_id);
}

/* Of the context's folder; -1 with ERR_NOT_FOUND before the first write. */
static int
open_folder(const struct scratch *s, struct arena *arena, struct err *err)
{
	AUTO(fd_close)
	int root = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 && errno == ENOENT)
		return err_set(
		    err, ERR_NOT_FOUND, "there are no workspaces yet");
	if (root < 0)
		return err_errno(err, "open the folder of the workspaces");
	return file_open_beneath(root,
	    arena_printf(
		arena, "%s/scratch/%s", s->workspace_id, s->context_id),
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, err);
}

static int
read_disk(const struct scratch *s, const char *path, struct arena *arena,
    const char **text_out, struct err *err)
{
	AUTO(fd_close)
	int folder = open_folder(s, arena, err);
	AUTO(buf_release)
	struct buf text = { 0 };

	if (folder < 0)
		return -1;
	buf_init(&text);
	if (file_read(&text, folder, path, SCRATCH_MAX_BYTES, err) < 0)
		return -1;
	if (!utf8_is_valid(text.data, text.size) ||
	    memchr(text.data, '\0', text.size))
		return err_set(err, ERR_INVALID, "the file is no text");
	*text_out = arena_strndup(arena, text.data, text.size);
	return 0;
}

int
scratch_read(const struct scratch *s, const char *path, struct arena *arena,
    const char **text_out, struct err *err)
{
	struct file_row *rows;
	size_t n;

	if (scratch_check_path(path, err) < 0 ||
	    store_files_beneath(s->store, s->workspace_id, folder_of(s, arena),
		arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].path + strlen(folder_of(s, arena)), path) ==
		    0) {
			*text_out = rows[i].content;
			return 0;
		}
	if (read_disk(s, path, arena, text_out, err) == 0)
		return 0;
	if (err->code == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "there is no such file");
	return -1;
}

struct listing {
	struct arena *arena;
	struct scratch_file *files; /* room for SCRATCH_MAX_FILES */
	size_t n;
};

static void
add_file(struct listing *l, const char *path, int64_t size_bytes)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->files[i].path, path) == 0) {
			l->files[i].size_bytes = size_bytes;
			return;
		}
	if (l->n < SCRATCH_MAX_FILES)
		l->files[l->n++] =
		    (struct scratch_file){ arena_strdup(l->arena, path),
			    size_bytes };
}

static void
close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* Takes the descriptor. What cannot be opened is not listed. */
static void
walk(struct listing *l, int fd, const char *prefix, int depth)
{
	AUTO(close_dir)
	DIR *dir = fdopendir(fd);

	if (!dir) {
		close(fd);
		return;
	}
	for (struct dirent *e;
	     (e = readdir(dir)) && l->n < SCRATCH_MAX_FILES;) {
		const char *path =
		    arena_printf(l->arena, "%s%s", prefix, e->d_name);
		struct stat st;

		if (*e->d_name == '.' ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode)) {
			add_file(l, path, st.st_size);
		} else if (S_ISDIR(st.st_mode) && depth < SCRATCH_MAX_DEPTH) {
			struct err err;
			int sub = file_open_beneath(fd, e->d_name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, &err);

			if (sub >= 0)
				walk(l, sub,
				    arena_printf(l->arena, "%s/", path),
				    depth + 1);
		}
	}
}

static int
by_path(const void *a, const void *b)
{
	const struct scratch_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int
scratch_list(const struct scratch *s, struct arena *arena,
    struct scratch_file **files_out, size_t *n_out, struct err *err)
{
	struct listing l = { .arena = arena };
	const char *folder = folder_of(s, arena);
	struct file_row *rows;
	size_t n;
	int fd = open_folder(s, arena, err);

	if (fd < 0 && err->code != ERR_NOT_FOUND)
		return -1;
	l.files = arena_alloc(arena, SCRATCH_MAX_FILES * sizeof(*l.files));
	if (fd >= 0)
		walk(&l, fd, "", 1);
	if (store_files_beneath(
		s->store, s->workspace_id, folder, arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		add_file(&l, rows[i].path + strlen(folder),
		    (int64_t)strlen(rows[i].content));
	qsort(l.files, l.n, sizeof(*l.files), by_path);
	*files_out = l.files;
	*n_out = l.n;
	return 0;
}

static int
check_room(const struct scratch *s, const char *path, size_t size,
    struct arena *arena, struct err *err)
{
	struct scratch_file *files;
	int64_t total = (int64_t)size;
	bool is_new = true;
	size_t n;

	if (scratch_list(s, arena, &files, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(files[i].path, path) == 0)
			is_new = false;
		else
			total += files[i].size_bytes;
	if (is_new && n >= SCRATCH_MAX_FILES)
		return err_set(err, ERR_BUSY,
		    "there are %d files already: write into one of them",
		    SCRATCH_MAX_FILES);
	if (total > SCRATCH_MAX_TOTAL)
		return err_set(err, ERR_BUSY,
		    "all files together may have %d bytes: make another one "
		    "shorter",
		    SCRATCH_MAX_TOTAL);
	return 0;
}

int
scratch_write(const struct scratch *s, const char *path, const char *text,
    int64_t now_ms, struct arena *arena, struct err *err)
{
	const struct file_row file = {
		.workspace_id = s->workspace_id,
		.path = arena_printf(arena, "%s%s", folder_of(s, arena), path),
		.content = text,
	};

	if (scratch_check_path(path, err) < 0 ||
	    check_room(s, path, strlen(text), arena, err) < 0)
		return -1;
	return store_file_add(s->store, &file, now_ms, err);
}
