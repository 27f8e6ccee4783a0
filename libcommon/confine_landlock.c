/* Landlock by raw calls, as far as the running kernel knows it. */

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcommon/confine.h"
#include "libcommon/confine_parts.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/sanitizers.h"

/* Debian 12's kernel headers end at ABI 2; kernels that run us know more. */
enum {
	FS_ALL_ABI_1 = (1 << 13) - 1,
	FS_REFER = 1 << 13,	/* ABI 2 */
	FS_TRUNCATE = 1 << 14,	/* ABI 3 */
	FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
	NET_BIND_TCP = 1 << 0,	/* ABI 4 */
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_UNIX = 1 << 0, /* ABI 6 */
	SCOPE_SIGNAL = 1 << 1,
};

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

/* How much of struct ruleset a kernel of that ABI accepts. */
static size_t
ruleset_size(int abi)
{
	if (abi >= 6)
		return sizeof(struct ruleset);
	return abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

enum {
	RIGHTS_READ =
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	RIGHTS_EXEC = RIGHTS_READ | LANDLOCK_ACCESS_FS_EXECUTE,
	RIGHTS_WRITE = RIGHTS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE |
		       LANDLOCK_ACCESS_FS_REMOVE_DIR |
		       LANDLOCK_ACCESS_FS_REMOVE_FILE |
		       LANDLOCK_ACCESS_FS_MAKE_DIR |
		       LANDLOCK_ACCESS_FS_MAKE_REG | FS_REFER | FS_TRUNCATE,
	RIGHTS_SOCKETS = LANDLOCK_ACCESS_FS_READ_DIR |
			 LANDLOCK_ACCESS_FS_MAKE_SOCK |
			 LANDLOCK_ACCESS_FS_REMOVE_FILE,
	/* What makes sense for something that is not a directory. */
	RIGHTS_OF_FILES =
	    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
	    LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
};

static const uint64_t rights_of[] = {
	[CONFINE_READ] = RIGHTS_READ,
	[CONFINE_READ_WRITE] = RIGHTS_WRITE,
	[CONFINE_SOCKETS] = RIGHTS_SOCKETS,
	[CONFINE_LINKS] = RIGHTS_WRITE | LANDLOCK_ACCESS_FS_MAKE_SYM,
	[CONFINE_EXECUTE] = RIGHTS_EXEC,
};

/*
 * What name resolution and TLS read whenever they please. resolv.conf is often
 * a link into /run and is replaced there, so those directories are allowed as
 * a whole: a rule for the file would die with it.
 */
static const char *const connect_paths[] = {
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/etc/services",
	"/etc/protocols",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/run/NetworkManager",
	"/etc/ssl/certs",
	"/etc/ssl/openssl.cnf",
	"/etc/gnutls",
	"/usr/lib/ssl",
	"/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates",
};

static const char *const exec_paths[] = {
	"/usr",
	"/bin",
	"/sbin",
	"/lib",
	"/lib32",
	"/lib64",
	"/opt",
	"/etc/ld.so.cache",
	"/etc/alternatives",
};

int
confine_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static struct ruleset
what_is_handled(int abi, unsigned flags)
{
	struct ruleset handled = { .fs = FS_ALL_ABI_1 };

	if (abi >= 2)
		handled.fs |= FS_REFER;
	if (abi >= 3)
		handled.fs |= FS_TRUNCATE;
	if (abi >= 5)
		handled.fs |= FS_IOCTL_DEV;
	if (abi >= 4 && !(flags & CONFINE_ALLOW_CONNECT))
		handled.net |= NET_CONNECT_TCP;
	if (abi >= 4 && !(flags & CONFINE_ALLOW_LISTEN))
		handled.net |= NET_BIND_TCP;
	if (abi >= 6)
		handled.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	return handled;
}

/* Returns 1 when there is no such path, or none that we could reach. */
static int
allow(int ruleset_fd, const char *path, uint64_t rights, struct err *err)
{
	struct landlock_path_beneath_attr rule;
	struct stat st;
	AUTO(fd_close)
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 1;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, "allow %s", path);
	if (!S_ISDIR(st.st_mode))
		rights &= RIGHTS_OF_FILES;
	if (rights == 0)
		return 1;
	rule.parent_fd = fd;
	rule.allowed_access = rights;
	if (syscall(SYS_landlock_add_rule, ruleset_fd,
		LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_errno(err, "allow %s", path);
	return 0;
}

/* Paths that we would like rather than need: what fails is left out. */
static void
allow_each(int fd, const char *const *paths, size_t n, uint64_t rights)
{
	struct err ignored;

	for (size_t i = 0; i < n; i++)
		(void)allow(fd, paths[i], rights, &ignored);
}

static void
allow_what_flags_imply(int fd, unsigned flags, uint64_t handled)
{
	struct err ignored;
	const char *roots[] = { getenv("SSL_CERT_FILE"),
		getenv("SSL_CERT_DIR") };

	if (flags & CONFINE_ALLOW_CONNECT) {
		allow_each(fd, connect_paths, N_OF(connect_paths), RIGHTS_READ);
		for (size_t i = 0; i < N_OF(roots); i++)
			if (roots[i] != NULL && roots[i][0] != '\0')
				(void)allow(
				    fd, roots[i], RIGHTS_READ, &ignored);
	}
	if (flags & CONFINE_ALLOW_EXEC) {
		allow_each(fd, exec_paths, N_OF(exec_paths), RIGHTS_EXEC);
		(void)allow(fd, "/dev/null", RIGHTS_WRITE & handled, &ignored);
	}
	/* The leak check lists our threads and reads our symbols. */
	if (BUILT_WITH_ASAN) {
		(void)allow(fd, "/proc/self", RIGHTS_READ, &ignored);
		(void)allow(fd, "/proc/self/exe", RIGHTS_READ, &ignored);
	}
}

static int
allow_paths(int fd, const struct confine_rules *rules, uint64_t handled,
    struct err *err)
{
	for (size_t i = 0; i < rules->n_paths; i++) {
		const struct confine_path *p = &rules->paths[i];

		if (allow(fd, p->path, rights_of[p->right] & handled, err) < 0)
			return -1;
	}
	return 0;
}

int
confine_landlock(const struct confine_rules *rules, struct err *err)
{
	int abi = confine_landlock_abi();
	struct ruleset handled = what_is_handled(abi, rules->flags);
	AUTO(fd_close)
	int fd = -1;

	if (abi < 1)
		return 1;
	fd = (int)syscall(
	    SYS_landlock_create_ruleset, &handled, ruleset_size(abi), 0);
	if (fd < 0)
		return err_errno(err, "make Landlock rules");
	if (allow_paths(fd, rules, handled.fs, err) < 0)
		return -1;
	allow_what_flags_imply(fd, rules->flags, handled.fs);
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return err_errno(err, "enter Landlock rules");
	return 0;
}
