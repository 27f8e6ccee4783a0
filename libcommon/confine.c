/* Locking a process down: what holds from the start, and what holds for good. */

#include "libcommon/confine.h"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/confine_parts.h"
#include "libcommon/err.h"
#include "libcommon/sanitizers.h"

static void
no_core_files(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	/* The leak check attaches to us, which a process that is not dumpable
	 * does not allow. */
	(void)prctl(PR_SET_DUMPABLE, BUILT_WITH_ASAN, 0, 0, 0);
}

static void
die_with_parent(pid_t parent_pid)
{
	/* SIGKILL, since nothing of ours may go on without its supervisor. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		die(1, "cannot ask for the parent's death signal");
	/* It may have died before we asked: then nobody will tell us. */
	if (getppid() != parent_pid)
		_exit(1);
}

void
confine_early(int parent_pid)
{
	umask(077);
	no_core_files();
	if (parent_pid != 0)
		die_with_parent(parent_pid);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die(1, "cannot give up gaining privileges by execve");
	confine_no_io_uring();
}

static int
count_threads(void)
{
	const struct dirent *entry;
	int n = 0;
	DIR *dir = opendir("/proc/self/task");

	if (dir == NULL)
		return 1; /* no /proc: nothing to count by */
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

int
confine_self(const struct confine_rules *rules, struct err *err)
{
	int n_threads = BUILT_WITH_TSAN ? 1 : count_threads();
	int without_landlock;

	/* Landlock holds for one thread and its descendants, so a thread that
	 * is there already would stay free and could be made to act for us. */
	if (n_threads > 1)
		return err_set(err, ERR_INTERNAL,
		    "cannot be locked down: %d threads run already", n_threads);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(err, "give up gaining privileges");
	without_landlock = confine_landlock(rules, err);
	if (without_landlock < 0 || confine_seccomp(rules->flags, err) < 0)
		return -1;
	return without_landlock;
}
