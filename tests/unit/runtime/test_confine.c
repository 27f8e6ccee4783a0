/* A locked-down process, each case in a child of its own. */

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcommon/confine.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/sanitizers.h"

static char dir[] = "/tmp/test-confine-XXXXXX";

/* An attempt returns 0 when it worked, else its errno. */
typedef int (*attempt_fn)(void);

static int
outcome(long rc)
{
	return rc < 0 ? errno : 0;
}

static int
open_file(const char *path, int flags)
{
	return outcome(open(path, flags | O_CLOEXEC, 0600));
}

static int
read_passwd(void)
{
	return open_file("/etc/passwd", O_RDONLY);
}

static int
read_resolver(void)
{
	return open_file("/etc/nsswitch.conf", O_RDONLY);
}

static int
in_dir(const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open_file(path, flags);
}

static int
read_inside(void)
{
	return in_dir("there", O_RDONLY);
}

static int
write_inside(void)
{
	return in_dir("new", O_RDWR | O_CREAT);
}

static int
list_root(void)
{
	return open_file("/", O_RDONLY | O_DIRECTORY);
}

static int
exec_true(void)
{
	execl("/bin/true", "true", NULL);
	return errno;
}

static int
inet_socket(void)
{
	return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

/* seccomp sees 64 bits, the kernel takes 32. */
static int
inet_socket_in_disguise(void)
{
	return outcome(
	    syscall(SYS_socket, 0x100000000 + AF_INET, SOCK_STREAM, 0));
}

static int
netlink_socket(void)
{
	return outcome(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
packet_socket(void)
{
	return outcome(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
unix_socket(void)
{
	return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
bind_unix_inside(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/sock", dir);
	return outcome(bind(fd, (struct sockaddr *)&at, sizeof(at)));
}

static int
listen_tcp(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return errno;
	return outcome(bind(fd, (struct sockaddr *)&at, sizeof(at)));
}

/* Nobody listens at port 1: refused by the peer means allowed by us. */
static int
connect_tcp(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(1),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int rc;

	if (fd < 0)
		return errno;
	rc = outcome(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	return rc == ECONNREFUSED ? 0 : rc;
}

static int
trace(void)
{
	return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
mount_tmpfs(void)
{
	return outcome(mount("none", dir, "tmpfs", 0, NULL));
}

static int
new_user_namespace(void)
{
	return outcome(unshare(CLONE_NEWUSER));
}

static int
clone_user_namespace(void)
{
	return outcome(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

static int
io_uring(void)
{
	char params[256] = "";

	return outcome(syscall(SYS_io_uring_setup, 4, params));
}

static int
signal_parent(void)
{
	return outcome(kill(getppid(), 0));
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
start_thread(void)
{
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, nothing, NULL);

	return rc == 0 ? pthread_join(thread, NULL) : rc;
}

enum {
	C = CONFINE_ALLOW_CONNECT,
	L = CONFINE_ALLOW_LISTEN,
	E = CONFINE_ALLOW_EXEC
};
enum { LEAKS = BUILT_WITH_ASAN }; /* the leak check traces */

// clang-format off
static const struct {
	const char *name;
	attempt_fn fn;
	unsigned flags;
	int want;    /* errno; 0: it works */
	int abi;     /* of Landlock, without which it is not refused */
} cases[] = {
	{ "read outside", read_passwd, 0, EACCES, 1 },
	{ "read outside, connecting", read_passwd, C, EACCES, 1 },
	{ "list /", list_root, 0, EACCES, 1 },
	{ "read inside", read_inside, 0, 0, 0 },
	{ "write inside", write_inside, 0, 0, 0 },
	{ "make a socket inside", bind_unix_inside, 0, EACCES, 1 },
	{ "resolver files", read_resolver, 0, EACCES, 1 },
	{ "resolver files, connecting", read_resolver, C, 0, 0 },
	{ "exec", exec_true, 0, EPERM, 0 },
	{ "exec, connecting and listening", exec_true, C | L, EPERM, 0 },
	{ "inet socket", inet_socket, 0, EAFNOSUPPORT, 0 },
	{ "inet socket, connecting", inet_socket, C, 0, 0 },
	{ "inet socket in disguise", inet_socket_in_disguise, 0, EAFNOSUPPORT, 0 },
	{ "netlink", netlink_socket, L, EAFNOSUPPORT, 0 },
	{ "netlink, connecting", netlink_socket, C, 0, 0 },
	{ "packets", packet_socket, C | L, EAFNOSUPPORT, 0 },
	{ "unix socket", unix_socket, 0, 0, 0 },
	{ "listen", listen_tcp, L, 0, 0 },
	{ "listen, connecting", listen_tcp, C, EACCES, 4 },
	{ "connect", connect_tcp, C, 0, 0 },
	{ "connect, listening", connect_tcp, L, EACCES, 4 },
	{ "ptrace", trace, C | L | E, LEAKS ? 0 : EPERM, 0 },
	{ "mount", mount_tmpfs, C | L | E, EPERM, 0 },
	{ "unshare", new_user_namespace, C | L | E, EPERM, 0 },
	{ "clone", clone_user_namespace, C | L | E, EPERM, 0 },
	{ "io_uring", io_uring, C | L | E, EPERM, 0 },
	{ "signal the parent", signal_parent, 0, EPERM, 6 },
	{ "a thread", start_thread, 0, 0, 0 },
};
// clang-format on

static int
confine_with(unsigned flags, struct err *err)
{
	const struct confine_path paths[] = {
		{ dir, CONFINE_READ_WRITE },
		{ "/nonexistent/for/sure", CONFINE_READ },
	};

	return confine_self(
	    &(struct confine_rules){ paths, N_OF(paths), flags }, err);
}

/* Runs fn in a child; its exit status is what comes back. */
static int
in_child(int (*fn)(size_t i), size_t i)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(i));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int
attempt(size_t i)
{
	struct err err;

	confine_early(0);
	if (confine_with(cases[i].flags, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 254;
	}
	return cases[i].fn();
}

static void
what_is_not_allowed_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		int got;

		if (cases[i].abi > confine_landlock_abi())
			continue;
		got = in_child(attempt, i);
		if (got != cases[i].want)
			fail_msg("%s: %d (%s), not %d", cases[i].name, got,
			    strerror(got), cases[i].want);
	}
}

static int
exec_allowed(size_t i)
{
	struct err err;

	(void)i;
	confine_early(0);
	if (confine_with(CONFINE_ALLOW_EXEC, &err) < 0)
		return 254;
	execl("/bin/sh", "sh", "-c",
	    "(: </etc/passwd) 2>/dev/null && exit 9; : >/dev/null && exit 3",
	    NULL);
	return errno;
}

static void
a_child_program_inherits_it_all(void **state)
{
	(void)state;
	if (confine_landlock_abi() < 1)
		skip();
	assert_int_equal(in_child(exec_allowed, 0), 3);
}

static void *
wait_for_ever(void *arg)
{
	pause();
	return arg;
}

static int
confine_with_a_thread(size_t i)
{
	struct err err = { 0 };
	pthread_t thread;

	(void)i;
	if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
		return 254;
	if (confine_with(0, &err) != -1)
		return 1;
	return strstr(err.text, "2 threads run already") != NULL ? 0 : 2;
}

static void
a_process_with_a_second_thread_is_refused(void **state)
{
	(void)state;
	if (BUILT_WITH_TSAN)
		skip();
	assert_int_equal(in_child(confine_with_a_thread, 0), 0);
}

static int
early(size_t i)
{
	(void)i;
	confine_early((int)getppid());
	if (umask(0) != 077)
		return 1;
	if (prctl(PR_GET_DUMPABLE) != BUILT_WITH_ASAN)
		return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	if (io_uring() != ENOSYS)
		return 4;
	return 0;
}

static int
wrong_parent(size_t i)
{
	(void)i;
	confine_early((int)getppid() + 1);
	return 7;
}

static void
it_begins_early(void **state)
{
	(void)state;
	assert_int_equal(in_child(early, 0), 0);
}

static void
whose_parent_is_gone_ends_at_once(void **state)
{
	(void)state;
	assert_int_equal(in_child(wrong_parent, 0), 1);
}

static int
make_dir(void **state)
{
	char path[128];
	int fd;

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/there", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : close(fd);
}

static int
remove_dir(void **state)
{
	static const char *const names[] = { "there", "new" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < N_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_allowed_is_refused),
		cmocka_unit_test(a_child_program_inherits_it_all),
		cmocka_unit_test(a_process_with_a_second_thread_is_refused),
		cmocka_unit_test(it_begins_early),
		cmocka_unit_test(whose_parent_is_gone_ends_at_once),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
