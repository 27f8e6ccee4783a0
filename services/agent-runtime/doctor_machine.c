/* What doctor looks at on this machine: kernel, programs, files, disk. */

#include "services/agent-runtime/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/confine.h"
#include "libcommon/err.h"
#include "proto/routes.h"
#include "services/agent-runtime/find.h"

enum {
	PATH_SIZE = 4200,
	/* 107 bytes of a socket's path, less "/run/task-engine/" and the
	 * longest name of a door. */
	MAX_DATA_DIR = 107 - 17 - 38,
};

void
check_kernel(struct doctor *doctor)
{
	struct utsname system = { .release = "?" };
	int abi = confine_landlock_abi();

	(void)uname(&system);
	if (abi > 0)
		doctor_find(doctor, FINDING_OK, "kernel-landlock", "",
		    "Linux %s, Landlock version %d: daemons lock themselves "
		    "down",
		    system.release, abi);
	else
		doctor_find(doctor, FINDING_WARN, "kernel-landlock",
		    "use Linux 5.13 or newer with Landlock switched on "
		    "(lsm=landlock,… on the kernel's command line)",
		    "Linux %s has no Landlock: daemons are held by seccomp "
		    "only",
		    system.release);
}

void
check_libraries(struct doctor *doctor)
{
	const char *nng = bus_library_version();

	if (strncmp(nng, "1.5.", 4) == 0)
		doctor_find(doctor, FINDING_OK, "library-nng", "",
		    "nng %s: it can stop reconnecting when a peer is killed; "
		    "a daemon that sees that restarts itself (status 75 in "
		    "the log). Debian 13's nng does not do it",
		    nng);
	else
		doctor_find(
		    doctor, FINDING_OK, "library-nng", "", "nng %s", nng);
}

void
check_programs(struct doctor *doctor)
{
	char path[4096];
	struct err err;
	int n_missing = 0;

	for (unsigned id = 0; id < SVC_COUNT; id++) {
		if (find_program(
			path, service_name((enum service_id)id), &err) == 0)
			continue;
		n_missing++;
		doctor_find(doctor, FINDING_ERR, "programs",
		    "build or install the whole suite", "%s", err.text);
	}
	if (n_missing == 0)
		doctor_find(doctor, FINDING_OK, "programs", "",
		    "all %d daemons are there", SVC_COUNT);
}

/* errno says why place, which is dir or what it is to be made in, is no use. */
static void
complain_of_place(struct doctor *doctor, const char *dir, const char *place)
{
	if (errno == EROFS)
		doctor_find(doctor, FINDING_ERR, "data-dir",
		    "mount it to be written (mount -o remount,rw), or set "
		    "AGENT_RUNTIME_DATA_DIR to a directory on another one",
		    "%s lies on a file system that is read-only", dir);
	else if (strcmp(place, dir) != 0)
		doctor_find(doctor, FINDING_ERR, "data-dir",
		    "make it and chown it to the user who runs the suite, or "
		    "set AGENT_RUNTIME_DATA_DIR",
		    "%s does not exist, and uid %u cannot make it in %s: %s",
		    dir, (unsigned)geteuid(), place, strerror(errno));
	else
		doctor_find(doctor, FINDING_ERR, "data-dir",
		    "chown it to the user who runs the suite, or set "
		    "AGENT_RUNTIME_DATA_DIR",
		    "%s is not writable for uid %u: %s", dir,
		    (unsigned)geteuid(), strerror(errno));
}

/* serve makes it in the nearest directory above that is there. */
static void
check_absent_data(struct doctor *doctor, const char *dir)
{
	AUTO(xfree)
	char *above = xstrdup(dir);
	char *slash;

	while (access(above, F_OK) < 0 && errno == ENOENT &&
	       (slash = strrchr(above, '/')) != NULL)
		slash[slash == above] = '\0';
	if (access(above, W_OK | X_OK) < 0)
		complain_of_place(doctor, dir, above);
	else
		doctor_find(doctor, FINDING_OK, "data-dir", "",
		    "%s does not exist yet; serve makes it", dir);
}

static void
check_data_access(struct doctor *doctor, const char *dir)
{
	struct stat st;

	if (stat(dir, &st) < 0 && errno == ENOENT)
		check_absent_data(doctor, dir);
	else if (stat(dir, &st) < 0)
		doctor_find(doctor, FINDING_ERR, "data-dir",
		    "give yourself access to it, or set "
		    "AGENT_RUNTIME_DATA_DIR",
		    "%s: %s", dir, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		doctor_find(doctor, FINDING_ERR, "data-dir",
		    "set AGENT_RUNTIME_DATA_DIR to a directory",
		    "%s is no directory", dir);
	else if (access(dir, R_OK | W_OK | X_OK) < 0)
		complain_of_place(doctor, dir, dir);
	else
		doctor_find(doctor, FINDING_OK, "data-dir", "", "%s", dir);
}

void
check_data_dir(struct doctor *doctor)
{
	const char *dir = doctor_settings(doctor)->data_dir;
	size_t size = strlen(dir);

	if (size > MAX_DATA_DIR)
		doctor_find(doctor, FINDING_ERR, "data-dir-length",
		    "set AGENT_RUNTIME_DATA_DIR to a shorter path",
		    "its path has %zu bytes; the sockets beneath it allow %d",
		    size, MAX_DATA_DIR);
	check_data_access(doctor, dir);
}

void
check_modes(struct doctor *doctor)
{
	static const struct {
		const char *path;
		mode_t forbidden;
		/* With the sticky bit it was prepared for daemons with uids of
		 * their own, and the group's bits are its access list's. */
		mode_t forbidden_sticky;
	} files[] = {
		{ "run", 077, 06 },
		{ "run/admin.token", 077 },
		{ "log", 077 },
		{ "agent-runtime", 077 },
		{ "agent-runtime/meta.sqlite", 077 },
		{ "agent-runtime/audit.key", 077 },
		{ "workspaces", 027 },
	};
	char path[PATH_SIZE], fix[PATH_SIZE + 32];
	struct stat st;
	mode_t open_bits;
	int n_open = 0;

	for (size_t i = 0; i < N_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s",
		    doctor_settings(doctor)->data_dir, files[i].path);
		if (lstat(path, &st) < 0)
			continue;
		open_bits = st.st_mode &
			    ((st.st_mode & S_ISVTX) ? files[i].forbidden_sticky
						    : files[i].forbidden);
		if (open_bits == 0)
			continue;
		n_open++;
		snprintf(fix, sizeof(fix), "chmod %o %s",
		    (unsigned)(st.st_mode & 07777 & ~open_bits), path);
		doctor_find(doctor, FINDING_ERR, "data-modes", fix,
		    "%s is open to others (mode %o)", path,
		    (unsigned)(st.st_mode & 07777));
	}
	if (n_open == 0)
		doctor_find(doctor, FINDING_OK, "data-modes", "",
		    "nothing in the data directory is open to others");
}

void
check_disk(struct doctor *doctor)
{
	const char *dir = doctor_settings(doctor)->data_dir;
	struct statvfs fs;
	uint64_t mib;

	if (statvfs(dir, &fs) < 0 && statvfs(".", &fs) < 0)
		return;
	mib = (uint64_t)fs.f_bavail * fs.f_frsize / 1048576;
	if (mib < 100)
		doctor_find(doctor, FINDING_ERR, "disk-space",
		    "free some space on that disk",
		    "%" PRIu64 " MiB are free where the data lies", mib);
	else if (mib < 1024)
		doctor_find(doctor, FINDING_WARN, "disk-space",
		    "free some space on that disk",
		    "%" PRIu64 " MiB are free where the data lies", mib);
	else
		doctor_find(doctor, FINDING_OK, "disk-space", "",
		    "%" PRIu64 " MiB are free where the data lies", mib);
}

void
check_dotenv(struct doctor *doctor)
{
	struct stat st;

	if (stat(".env", &st) < 0)
		doctor_find(doctor, FINDING_OK, "dotenv", "",
		    "there is no .env here; .env.example shows what it may "
		    "hold");
	else if (st.st_mode & 077)
		doctor_find(doctor, FINDING_WARN, "dotenv", "chmod 600 .env",
		    ".env, which may hold secrets, is open to others (mode "
		    "%o)",
		    (unsigned)(st.st_mode & 07777));
	else
		doctor_find(doctor, FINDING_OK, "dotenv", "",
		    ".env is read, and only by you");
}
