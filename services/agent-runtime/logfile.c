/* The log file of `serve` and its rotation. */

#include "services/agent-runtime/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/file.h"

struct logfile {
	int dir_fd;
	int fd; /* -1: could not be opened again after a rotation */
	int64_t size;
	int64_t n_dropped;
};

static void
numbered(char out[32], int number)
{
	if (number == 0)
		snprintf(out, 32, "agent-runtime.log");
	else
		snprintf(out, 32, "agent-runtime.log.%d", number);
}

static int
open_current(struct logfile *l)
{
	struct stat st;

	l->fd = openat(l->dir_fd, "agent-runtime.log",
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0 || fstat(l->fd, &st) < 0)
		return -1;
	l->size = st.st_size;
	return 0;
}

static void
rotate(struct logfile *l)
{
	char from[32], to[32];

	for (int i = LOGFILE_KEPT - 2; i >= 0; i--) {
		numbered(from, i);
		numbered(to, i + 1);
		(void)renameat(l->dir_fd, from, l->dir_fd, to);
	}
	fd_close(&l->fd);
	(void)open_current(l);
}

int
logfile_open(struct logfile **out, const char *dir, struct err *err)
{
	struct logfile *l = xcalloc(1, sizeof(*l));

	l->fd = -1;
	l->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dir_fd < 0 || open_current(l) < 0) {
		err_errno(err, "open %s/agent-runtime.log", dir);
		logfile_close(&l);
		return -1;
	}
	*out = l;
	return 0;
}

void
logfile_close(struct logfile **slot)
{
	struct logfile *l = STEAL(*slot);

	if (l == NULL)
		return;
	fd_close(&l->fd);
	fd_close(&l->dir_fd);
	free(l);
}

static int
put(struct logfile *l, const char *line)
{
	struct iovec parts[] = {
		{ (char *)line, strlen(line) },
		{ (char *)"\n", 1 },
	};
	ssize_t n = writev(l->fd, parts, 2);

	if (n < 0)
		return -1;
	l->size += n;
	return (size_t)n == parts[0].iov_len + 1 ? 0 : -1;
}

static void
confess(struct logfile *l)
{
	char text[64];

	if (l->n_dropped == 0)
		return;
	snprintf(text, sizeof(text),
	    "(%" PRId64 " lines could not be written here)", l->n_dropped);
	if (put(l, text) == 0)
		l->n_dropped = 0;
}

/*
 * What somebody deleted or moved away would take our lines along: they belong
 * in the file that has the name. Of one that was emptied the size is less now.
 */
static void
look_after(struct logfile *l)
{
	struct stat open, named;

	if (fstat(l->fd, &open) == 0 &&
	    fstatat(l->dir_fd, "agent-runtime.log", &named,
		AT_SYMLINK_NOFOLLOW) == 0 &&
	    open.st_ino == named.st_ino && open.st_dev == named.st_dev)
		l->size = open.st_size;
	else
		fd_close(&l->fd);
}

void
logfile_write(struct logfile *l, const char *line)
{
	if (l->fd >= 0)
		look_after(l);
	if (l->fd < 0)
		(void)open_current(l);
	else if (l->size >= LOGFILE_MAX_BYTES)
		rotate(l);
	confess(l);
	if (l->fd < 0 || l->n_dropped > 0 || put(l, line) < 0)
		l->n_dropped++;
}
