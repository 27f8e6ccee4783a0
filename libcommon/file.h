#ifndef LIBCOMMON_FILE_H
#define LIBCOMMON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "libcommon/defs.h"

struct buf;
struct err;

/*
 * Files, with the care that all callers need. Beneath a dir_fd no path leads
 * out and no symbolic link is followed. dir_fd may be AT_FDCWD: file_read,
 * file_mkdirs and file_replace then take path, absolute or not and with its
 * links, as the operator's own word.
 *
 * The code of an error tells what happened: ERR_NOT_FOUND, ERR_REFUSED (no
 * permission, a link, a way out), ERR_UNAVAILABLE (disk full, read-only).
 */

/* Destructor for AUTO: closes *fd if it is not negative, sets it -1. */
void fd_close(int *fd);

/*
 * Opens /dev/null for each of the descriptors 0 to 2 that is closed: else the
 * next file that is opened would take what is written to standard error. Comes
 * first in main.
 */
void fd_open_standard(void);

/*
 * Appends the file, at most limit bytes: more is ERR_INVALID. What is no
 * regular file is ERR_REFUSED, and no writer of a fifo is waited for.
 */
int file_read(struct buf *out, int dir_fd, const char *path, size_t limit,
    struct err *err) MUST_CHECK;

/* The same of what is open; path is for what goes wrong. */
int file_read_fd(struct buf *out, int fd, const char *path, size_t limit,
    struct err *err) MUST_CHECK;

/*
 * Opens path beneath dir_fd with openat2: no way out, no symbolic links, no
 * magic links, and only a regular file (or a directory with O_DIRECTORY).
 */
int file_open_beneath(int dir_fd, const char *path, int flags, mode_t mode,
    struct err *err) MUST_CHECK;

/* Makes every directory of path (beneath dir_fd, symbolic links refused). */
int file_mkdirs(
    int dir_fd, const char *path, mode_t mode, struct err *err) MUST_CHECK;

/*
 * Replaces path (beneath dir_fd) as a whole: temporary file ".tmp-…", fsync,
 * rename, fsync of the directory. A crash leaves the old or the new content.
 */
int file_replace(int dir_fd, const char *path, const void *data, size_t size,
    mode_t mode, struct err *err) MUST_CHECK;

/*
 * The same without waiting for the disk: a crash of the process leaves the old
 * or the new content; a loss of power may leave an older one, or none.
 */
int file_replace_soon(int dir_fd, const char *path, const void *data,
    size_t size, mode_t mode, struct err *err) MUST_CHECK;

/*
 * Removes path with all that lies beneath it; links are removed, not followed.
 * What is not there is no failure. On -1 some of it is left.
 */
int file_remove_tree(const char *path, struct err *err) MUST_CHECK;

/*
 * Opens the regular file that an operator named, to read: its links are
 * followed. Of a fifo no writer is waited for; it is refused.
 */
int file_open_named(const char *path, struct err *err) MUST_CHECK;

/*
 * Creates path if need be and takes an exclusive lock (flock) that the kernel
 * frees with the process. Returns the descriptor; -1 with ERR_CONFLICT and the
 * holder's pid in the text. Of a holder that is dead, and whose children hold
 * the lock for another moment, it is waited for: up to 2 s.
 */
int file_lock(const char *path, struct err *err) MUST_CHECK;

/* False once path leads to no file any more, or to another one: somebody has
 * deleted or moved it, or a folder above it. What cannot be told is true. */
bool file_lock_is_at(int fd, const char *path);

#endif
