/* Gives each daemon what is its own in the data directory. */

#include "services/agent-runtime/owners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/identity.h"
#include "libcommon/log.h"
#include "services/agent-runtime/report.h"

enum { PATH_BYTES = 4200, DEPTH_MAX = 64 };

struct claim {
	const char *path;
	enum service_id owner;
	mode_t mode; /* with S_ISGID: read by the readers of workspaces */
};

static const struct claim folders[] = {
	{ "agent-runtime", SVC_TASK_ENGINE, 0700 },
	{ "workspaces", SVC_TASK_ENGINE, 02750 },
	{ "index", SVC_INDEXER, 0700 },
	{ "run/task-engine", SVC_TASK_ENGINE, 0711 },
	{ "run/indexer", SVC_INDEXER, 0711 },
	{ "run/scheduler", SVC_SCHEDULER, 0711 },
};

/* What an earlier start left; who owns it replaces it. */
static const struct claim files[] = {
	{ "run/admin.token", SVC_TASK_ENGINE, 0600 },
};

struct handover {
	uid_t from;
	struct identity to;
	bool is_shared;
};

static int give_entries(const struct handover *h, int dir_fd, int depth);

static bool
is_to_be_given(const struct handover *h, const struct stat *st)
{
	/* A file with a second name is left alone: that may be anywhere. */
	return (st->st_uid == 0 || st->st_uid == h->from) &&
	       (S_ISDIR(st->st_mode) ||
		   (S_ISREG(st->st_mode) && st->st_nlink == 1));
}

/* A socket of an earlier start: whoever may connect to it sees that nobody
 * listens. Whose a link or a pipe is does not matter. */
static int
give_entry(const struct handover *h, int dir_fd, const char *name, int depth)
{
	AUTO(fd_close)
	int fd = -1;
	mode_t more;
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (S_ISSOCK(st.st_mode))
		return fchownat(
		    dir_fd, name, h->to.uid, h->to.gid, AT_SYMLINK_NOFOLLOW);
	if (!S_ISDIR(st.st_mode) && !is_to_be_given(h, &st))
		return 0;
	/* From here on it is this file, whatever becomes of the name. */
	fd = openat(
	    dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode) && give_entries(h, fd, depth + 1) < 0)
		return -1;
	if (!is_to_be_given(h, &st))
		return 0;
	more = !h->is_shared ? 0 : S_ISDIR(st.st_mode) ? 02050 : 0040;
	if (fchown(fd, h->to.uid, h->to.gid) < 0)
		return -1;
	return more ? fchmod(fd, (st.st_mode & 07777) | more) : 0;
}

static int
give_entries(const struct handover *h, int dir_fd, int depth)
{
	int copy = depth < DEPTH_MAX ? fcntl(dir_fd, F_DUPFD_CLOEXEC, 0) : -1;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int rc = 0;

	if (dir == NULL) {
		fd_close(&copy);
		return -1;
	}
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			rc = give_entry(h, dir_fd, entry->d_name, depth);
	closedir(dir);
	return rc;
}

/* At each start, as root may have restored or edited something. The folder
 * itself comes last: until it has changed hands it is not done. */
static int
give_folder(const char *data_dir, const struct claim *claim, struct err *err)
{
	struct handover h = { .to = identity_of(claim->owner),
		.is_shared = (claim->mode & S_ISGID) != 0 };
	char path[PATH_BYTES];
	AUTO(fd_close)
	int fd = -1;
	struct stat st;

	if (h.is_shared)
		h.to.gid = identity_readers();
	snprintf(path, sizeof(path), "%s/%s", data_dir, claim->path);
	if (file_mkdirs(AT_FDCWD, path, 0700, err) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, "open %s", path);
	h.from = st.st_uid;
	if (give_entries(&h, fd, 0) < 0 || fchown(fd, h.to.uid, h.to.gid) < 0 ||
	    fchmod(fd, claim->mode) < 0)
		return err_errno(err, "hand over %s", path);
	return 0;
}

static int
give_file(const char *data_dir, const struct claim *claim, struct err *err)
{
	struct identity to = identity_of(claim->owner);
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", data_dir, claim->path);
	if (lchown(path, to.uid, to.gid) < 0 && errno != ENOENT)
		return err_errno(err, "hand over %s", path);
	return 0;
}

/* The folder of doors stays root's. The engine makes admin.token in it; with
 * the sticky bit it cannot touch what is not its own. */
static int
give_run(const char *data_dir, struct err *err)
{
	const struct admitted engine = { identity_of(SVC_TASK_ENGINE).uid, 7 };
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/run", data_dir);
	if (chmod(path, 01711) < 0)
		return err_errno(err, "change the mode of %s", path);
	if (identity_admit(path, 7, &engine, 1, 1, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/run/" REPORT_FOLDER, data_dir);
	if (chown(path, 0, identity_of(SVC_SCHEDULER).gid) < 0 ||
	    chmod(path, 02750) < 0)
		return err_errno(err, "hand over %s", path);
	return 0;
}

/* In a process of its own, as the engine: whether ids can be changed here, and
 * whether the data directory is reached then. */
static int
try_it(const char *data_dir, struct err *err)
{
	enum { CANNOT_CHANGE = 1, CANNOT_REACH };
	struct err ignored;
	int status = 0;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		if (identity_assume(SVC_TASK_ENGINE, &ignored) < 0)
			_exit(CANNOT_CHANGE);
		_exit(access(data_dir, X_OK) < 0 ? CANNOT_REACH : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return err_errno(err, "try a uid of its own");
	if (status == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_REACH)
		return err_set(err, ERR_UNAVAILABLE,
		    "%s cannot be reached by others: a folder above it is "
		    "closed to them",
		    data_dir);
	return err_set(err, ERR_UNAVAILABLE,
	    "uids from %d on cannot be taken here", IDENTITY_FIRST_ID);
}

/* What lies elsewhere is not ours to give away. */
static int
check_elsewhere(const char *data_dir, struct err *err)
{
	static const char *const names[] = { "AGENT_RUNTIME_WORKSPACE_ROOT",
		"AGENT_RUNTIME_DB_PATH" };
	size_t size = strlen(data_dir);

	for (size_t i = 0; i < N_OF(names); i++) {
		const char *path = getenv(names[i]);

		if (path == NULL || *path == '\0' ||
		    (strncmp(path, data_dir, size) == 0 && path[size] == '/'))
			continue;
		return err_set(err, ERR_UNAVAILABLE,
		    "%s lies outside of the data directory", names[i]);
	}
	return 0;
}

static int
open_to_others(const char *data_dir, const struct stat *was, struct err *err)
{
	if (chmod(data_dir, (was->st_mode & 07777) | 0011) < 0)
		return err_errno(err, "change the mode of %s", data_dir);
	return try_it(data_dir, err);
}

static int
give_all(const char *data_dir, const struct stat *was, struct err *err)
{
	if (check_elsewhere(data_dir, err) < 0 ||
	    open_to_others(data_dir, was, err) < 0 ||
	    give_run(data_dir, err) < 0)
		return -1;
	for (size_t i = 0; i < N_OF(folders); i++)
		if (give_folder(data_dir, &folders[i], err) < 0)
			return -1;
	for (size_t i = 0; i < N_OF(files); i++)
		if (give_file(data_dir, &files[i], err) < 0)
			return -1;
	return 0;
}

static void
take_back(const char *data_dir, const struct stat *was)
{
	char path[PATH_BYTES];
	struct stat st;

	(void)chmod(data_dir, was->st_mode & 07777);
	snprintf(path, sizeof(path), "%s/run", data_dir);
	(void)chmod(path, 0700);
	snprintf(path, sizeof(path), "%s/run/" REPORT_FOLDER, data_dir);
	(void)chmod(path, 0700);
	for (size_t i = 0; i < N_OF(folders); i++) {
		snprintf(
		    path, sizeof(path), "%s/%s", data_dir, folders[i].path);
		if (lstat(path, &st) == 0 &&
		    st.st_uid == identity_of(folders[i].owner).uid &&
		    lchown(path, 0, (gid_t)-1) < 0)
			log_warn("owner-not-restored", "path=%s reason=%s",
			    log_quote(path), log_quote(strerror(errno)));
	}
}

bool
owners_prepare(const char *data_dir)
{
	struct stat was;
	struct err err;

	if (geteuid() != 0 || stat(data_dir, &was) < 0)
		return false;
	if (give_all(data_dir, &was, &err) == 0)
		return true;
	take_back(data_dir, &was);
	log_warn("one-uid", "why=%s remedy=%s", log_quote(err.text),
	    log_quote("see \"Started as root\" in docs/operations.md"));
	return false;
}
