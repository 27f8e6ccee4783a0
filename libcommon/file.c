/* Files: reading, replacing and locking them with the care all callers need. */

#include "libcommon/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"

enum {
	LOCK_LOOK_MS = 20,
	LOCK_WAIT_MS = 2000, /* for the children of a dead holder */
};

static const struct {
	int number;
	enum err_code code;
} codes[] = {
	{ ENOENT, ERR_NOT_FOUND },
	{ ENOTDIR, ERR_NOT_FOUND },
	{ EACCES, ERR_REFUSED },
	{ EPERM, ERR_REFUSED },
	{ ELOOP, ERR_REFUSED }, /* a symbolic link */
	{ EXDEV, ERR_REFUSED }, /* out of the directory */
	{ ENAMETOOLONG, ERR_INVALID },
	{ EISDIR, ERR_INVALID },
	{ EEXIST, ERR_CONFLICT },
	{ ENOSPC, ERR_UNAVAILABLE },
	{ EDQUOT, ERR_UNAVAILABLE },
	{ EROFS, ERR_UNAVAILABLE },
	{ EIO, ERR_UNAVAILABLE },
};

/* errno as an error: its kind decides what the caller can do about it. */
static int
fail(struct err *err, const char *verb, const char *path)
{
	int number = errno;

	err_errno(err, "cannot %s %s", verb, path);
	for (size_t i = 0; i < N_OF(codes); i++)
		if (codes[i].number == number)
			err->code = codes[i].code;
	return -1;
}

void
fd_close(int *fd)
{
	int old_errno = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = old_errno;
}

void
fd_open_standard(void)
{
	int fd;

	do /* the lowest number that is free */
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_close(&fd);
}

/* STEAL for a descriptor, which is empty at -1. */
static int
keep(int *fd)
{
	int kept = *fd;

	*fd = -1;
	return kept;
}

static int
open_beneath(int dir_fd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = (flags & O_CREAT) != 0 ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* EAGAIN: something was renamed meanwhile and nothing is certain. */
	for (int tries = 0; tries < 100; tries++) {
		fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return (int)fd;
}

/* Of what was just opened not blocking: a fifo would wait for its writer. */
static int
keep_regular(int *fd, const char *path, bool wants_dir, struct err *err)
{
	struct stat st;
	/* ENXIO: a socket, a fifo that nobody reads, a device without driver */
	bool is_other = *fd < 0 && errno == ENXIO;

	if (*fd < 0 && !is_other)
		return fail(err, "open", path);
	if (!is_other && fstat(*fd, &st) < 0)
		return fail(err, "look at", path);
	if (is_other ||
	    (!S_ISREG(st.st_mode) && !(wants_dir && S_ISDIR(st.st_mode))))
		return err_set(
		    err, ERR_REFUSED, "%s is not a regular file", path);
	return keep(fd);
}

int
file_open_beneath(
    int dir_fd, const char *path, int flags, mode_t mode, struct err *err)
{
	AUTO(fd_close)
	int fd =
	    open_beneath(dir_fd, path, flags | O_NONBLOCK | O_NOCTTY, mode);

	return keep_regular(&fd, path, (flags & O_DIRECTORY) != 0, err);
}

int
file_open_named(const char *path, struct err *err)
{
	AUTO(fd_close)
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return keep_regular(&fd, path, false, err);
}

int
file_read_fd(
    struct buf *out, int fd, const char *path, size_t limit, struct err *err)
{
	size_t start = out->size;

	for (;;) {
		enum { STEP = 16 * 1024 };
		size_t before = out->size;
		ssize_t got = read(fd, buf_grow(out, STEP), STEP);

		buf_truncate(out, before + (got > 0 ? (size_t)got : 0));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(err, "read", path);
		if (got == 0)
			return 0;
		if (out->size - start > limit)
			return err_set(err, ERR_INVALID,
			    "%s is larger than %zu bytes", path, limit);
	}
}

int
file_read(struct buf *out, int dir_fd, const char *path, size_t limit,
    struct err *err)
{
	AUTO(fd_close)
	int fd = dir_fd == AT_FDCWD
		     ? file_open_named(path, err)
		     : file_open_beneath(dir_fd, path, O_RDONLY, 0, err);

	return fd < 0 ? -1 : file_read_fd(out, fd, path, limit, err);
}

/*
 * Opens a directory on the way. Beneath a descriptor no link is followed; a
 * path from the working directory or the root is the operator's own word.
 */
static int
step_into(int dir_fd, const char *name, bool is_trusted)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

	return openat(dir_fd, name, is_trusted ? flags : flags | O_NOFOLLOW);
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int
make_and_step(int *at, const char *name, bool is_trusted, mode_t mode)
{
	int next;

	if (!is_trusted && is_dots(name)) {
		errno = EXDEV;
		return -1;
	}
	if (mkdirat(*at, name, mode) < 0 && errno != EEXIST)
		return -1;
	next = step_into(*at, name, is_trusted);
	if (next < 0)
		return -1;
	fd_close(at);
	*at = next;
	return 0;
}

int
file_mkdirs(int dir_fd, const char *path, mode_t mode, struct err *err)
{
	bool is_trusted = dir_fd == AT_FDCWD;
	AUTO(xfree)
	char *copy = xstrdup(path);
	AUTO(fd_close)
	int at = -1;
	char *rest = NULL;

	if (path[0] == '/' && !is_trusted)
		return err_set(
		    err, ERR_REFUSED, "%s is not a relative path", path);
	at = step_into(dir_fd, path[0] == '/' ? "/" : ".", is_trusted);
	if (at < 0)
		return fail(err, "open the directory of", path);
	for (char *name = strtok_r(copy, "/", &rest); name != NULL;
	     name = strtok_r(NULL, "/", &rest))
		if (make_and_step(&at, name, is_trusted, mode) < 0)
			return fail(err, "make the directory", path);
	return 0;
}

/* The directory that path lies in, and the name in it. */
static int
open_parent(
    int dir_fd, const char *path, const char **name_out, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO(xfree)
	char *parent = NULL;
	int fd;

	*name_out = slash != NULL ? slash + 1 : path;
	if ((*name_out)[0] == '\0' || is_dots(*name_out))
		return err_set(
		    err, ERR_INVALID, "%s is not the name of a file", path);
	parent = xstrdup(slash == NULL ? "." : slash == path ? "/" : path);
	if (slash != NULL && slash != path)
		parent[slash - path] = '\0';
	if (dir_fd == AT_FDCWD)
		fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		fd = open_beneath(dir_fd, parent, O_RDONLY | O_DIRECTORY, 0);
	return fd >= 0 ? fd : fail(err, "open the directory of", path);
}

static int
write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, data, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		data += done;
		size -= (size_t)done;
	}
	return 0;
}

struct content {
	const void *data;
	size_t size;
	mode_t mode;
	bool is_synced; /* both the file and its name */
};

/* Everything up to the rename; errno says why it failed. */
static int
write_temporary(int parent, const char *name, const struct content *content)
{
	AUTO(fd_close)
	int fd = openat(parent, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    content->mode);

	/* The mode that was asked for, whatever the umask. */
	if (fd < 0 || fchmod(fd, content->mode) < 0 ||
	    write_all(fd, content->data, content->size) < 0)
		return -1;
	return content->is_synced ? fsync(fd) : 0;
}

static int
replace(int dir_fd, const char *path, const struct content *content,
    struct err *err)
{
	char temporary[32] = ".tmp-";
	unsigned char random[8];
	const char *name;
	AUTO(fd_close)
	int parent = open_parent(dir_fd, path, &name, err);

	if (parent < 0)
		return -1;
	id_random(random, sizeof(random));
	id_hex(temporary + strlen(temporary), random, sizeof(random));
	if (write_temporary(parent, temporary, content) < 0 ||
	    renameat(parent, temporary, parent, name) < 0) {
		fail(err, "write", path);
		unlinkat(parent, temporary, 0);
		return -1;
	}
	if (content->is_synced && fsync(parent) < 0)
		return fail(err, "sync the directory of", path);
	return 0;
}

int
file_replace(int dir_fd, const char *path, const void *data, size_t size,
    mode_t mode, struct err *err)
{
	const struct content content = { data, size, mode, true };

	return replace(dir_fd, path, &content, err);
}

int
file_replace_soon(int dir_fd, const char *path, const void *data, size_t size,
    mode_t mode, struct err *err)
{
	const struct content content = { data, size, mode, false };

	return replace(dir_fd, path, &content, err);
}

/* 0: empty, as its holder took the lock just now. */
static long
lock_holder(int fd)
{
	char text[32] = "";
	ssize_t size = pread(fd, text, sizeof(text) - 1, 0);

	return size > 0 ? strtol(text, NULL, 10) : 0;
}

/* A zombie has let go of everything, even where nobody buries it. */
static bool
is_dead(long pid)
{
	char path[64], stat[128] = "";
	AUTO(fd_close)
	int fd = -1;
	const char *state;

	if (kill((pid_t)pid, 0) < 0)
		return errno == ESRCH;
	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, stat, sizeof(stat) - 1) <= 0)
		return false;
	state = strrchr(stat, ')');
	return state && strlen(state) > 2 && strchr("ZX", state[2]);
}

/*
 * What a killed holder had forked holds the lock until it has started its
 * program or ended: that takes a moment, and is no reason to refuse.
 */
static int
try_lock(int fd)
{
	int rc;

	for (int waited_ms = 0;; waited_ms += LOCK_LOOK_MS) {
		long pid;

		rc = flock(fd, LOCK_EX | LOCK_NB);
		if (rc == 0 || errno != EWOULDBLOCK)
			return rc;
		pid = lock_holder(fd);
		if (waited_ms >= LOCK_WAIT_MS || pid <= 0 || !is_dead(pid))
			break;
		(void)poll(NULL, 0, LOCK_LOOK_MS);
	}
	errno = EWOULDBLOCK;
	return rc;
}

static int
refuse_lock(int fd, const char *path, struct err *err)
{
	long pid = lock_holder(fd);

	if (pid <= 0)
		return err_set(
		    err, ERR_CONFLICT, "%s is held by another process", path);
	return err_set(
	    err, ERR_CONFLICT, "%s is held by process %ld", path, pid);
}

int
file_lock(const char *path, struct err *err)
{
	AUTO(fd_close)
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[32];
	int size;

	if (fd < 0)
		return fail(err, "open", path);
	if (try_lock(fd) < 0)
		return errno == EWOULDBLOCK ? refuse_lock(fd, path, err)
					    : fail(err, "lock", path);
	/*
	 * The pid is for people; a disk too full for it must not keep the
	 * holder from starting.
	 */
	size = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)size, 0) < 0)
		errno = 0;
	return keep(&fd);
}

bool
file_lock_is_at(int fd, const char *path)
{
	struct stat ours, there;

	if (fstat(fd, &ours) < 0)
		return true;
	if (lstat(path, &there) < 0)
		return errno != ENOENT && errno != ENOTDIR;
	return ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path) == 0 || errno == ENOENT ? 0 : errno;
}

int
file_remove_tree(const char *path, struct err *err)
{
	enum { MAX_OPEN = 8 };
	int rc = nftw(path, remove_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS);

	if (rc == 0 || (rc < 0 && errno == ENOENT))
		return 0;
	if (rc > 0)
		errno = rc;
	return err_errno(err, "cannot remove %s", path);
}
