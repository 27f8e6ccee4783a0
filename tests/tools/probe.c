/*
 * Tries, from inside a daemon's process, what it must not be able to do. It is
 * preloaded into a real daemon and waits for the first uv_run, which comes
 * after the lock-down; then it does what the variable PROBE lists
 * ("read /etc/passwd;exec /bin/true;…"), prints a line for each on stdout
 * ("probe read /etc/passwd EACCES", or "… allowed") and ends the process.
 */

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

enum { MAX_THREADS = 128, WAIT_SECONDS = 5 };

static pid_t threads[MAX_THREADS];
static int n_threads; /* that have begun, of n_created */
static _Atomic int n_created;
static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t has_begun;

/* Arguments come from the test: a wrong one is its bug. */
static int
number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0')
		_exit(3);
	return (int)value;
}

/* Each attempt returns 0 when it worked, else what errno says. */

static int
outcome(long rc)
{
	return rc < 0 ? errno : 0;
}

static int
try_read(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : outcome(read(fd, &byte, 1));
}

static int
try_list(const char *path)
{
	return outcome(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int
try_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? errno : outcome(write(fd, "x", 1));
}

static int
try_remove(const char *path)
{
	return outcome(unlink(path));
}

static int
try_link(const char *path)
{
	return outcome(symlink("/etc/passwd", path));
}

static int
try_exec(const char *path)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, path, (char *)NULL);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return errno;
	return WEXITSTATUS(status);
}

static int
tcp(const char *port, int (*use)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)number(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	return outcome(use(fd, (const struct sockaddr *)&at, sizeof(at)));
}

static int
try_connect(const char *port)
{
	return tcp(port, connect);
}

static int
try_listen(const char *port)
{
	return tcp(port, bind);
}

static int
try_abstract(const char *name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path + 1, sizeof(to.sun_path) - 1, "%s", name);
	return outcome(connect(fd, (const struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			strlen(name))));
}

static int
try_socket(const char *family)
{
	return outcome(socket(number(family), SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int
try_datagram(const char *unused)
{
	(void)unused;
	return outcome(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int
try_signal(const char *pid)
{
	return outcome(kill(number(pid), 0));
}

static int
try_ptrace(const char *pid)
{
	return outcome(ptrace(PTRACE_SEIZE, number(pid), NULL, NULL));
}

static int
try_mount(const char *path)
{
	return outcome(mount("none", path, "tmpfs", 0, NULL));
}

static int
try_chroot(const char *path)
{
	return outcome(chroot(path));
}

static int
try_unshare(const char *unused)
{
	(void)unused;
	return outcome(unshare(CLONE_NEWUSER));
}

static int
try_bpf(const char *unused)
{
	char attr[128] = "";

	(void)unused;
	return outcome(syscall(SYS_bpf, 0, attr, sizeof(attr)));
}

static int
try_io_uring(const char *unused)
{
	char params[256] = "";

	(void)unused;
	return outcome(syscall(SYS_io_uring_setup, 4, params));
}

static int
try_keyctl(const char *unused)
{
	(void)unused;
	return outcome(syscall(SYS_keyctl, 0, -3, 0, 0, 0));
}

/* Not attempts but looks at what should hold: allowed means it does not. */

static int
try_dumpable(const char *unused)
{
	(void)unused;
	return prctl(PR_GET_DUMPABLE) != 0 ? 0 : EPERM;
}

static int
try_core(const char *unused)
{
	struct rlimit limit;

	(void)unused;
	getrlimit(RLIMIT_CORE, &limit);
	return limit.rlim_max != 0 ? 0 : EPERM;
}

static int
try_new_privs(const char *unused)
{
	(void)unused;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ? 0 : EPERM;
}

/* The block that the kernel shows in /proc/self/environ. */
static int
try_environ(const char *canary)
{
	for (char **entry = environ; *entry != NULL; entry++)
		if (strncmp(*entry, "PROBE=", 6) != 0 &&
		    strstr(*entry, canary) != NULL)
			return 0;
	return ENOENT;
}

/* The same file from each thread of the process: all must be refused. */

static const char *thread_path;
static int thread_outcome;
static sem_t thread_done;

static void
on_thread_signal(int signo)
{
	/* NOLINTNEXTLINE: errno is this thread's own. */
	thread_outcome = outcome(open(thread_path, O_RDONLY | O_CLOEXEC));
	(void)signo;
	sem_post(&thread_done);
}

static int
wait_for(sem_t *sem)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_SECONDS;
	while (sem_timedwait(sem, &until) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

static int
ask_thread(pid_t tid)
{
	int rc;

	if (syscall(SYS_tgkill, getpid(), tid, SIGUSR2) < 0)
		return errno == ESRCH ? EACCES : errno; /* it has ended */
	rc = wait_for(&thread_done);
	return rc != 0 ? rc : thread_outcome;
}

static int
try_threads(const char *path)
{
	thread_path = path;
	sem_init(&thread_done, 0, 0);
	signal(SIGUSR2, on_thread_signal);
	if (n_created == 0)
		return ESRCH; /* a daemon has the bus's threads */
	for (int i = 0; i < n_created; i++)
		if (wait_for(&has_begun) != 0)
			return ETIMEDOUT;
	for (int i = 0; i < n_threads; i++) {
		int rc = ask_thread(threads[i]);

		if (rc != EACCES)
			return rc;
	}
	return EACCES;
}

static const struct {
	const char *name;
	int (*fn)(const char *arg);
} attempts[] = {
	{ "read", try_read },
	{ "list", try_list },
	{ "write", try_write },
	{ "remove", try_remove },
	{ "link", try_link },
	{ "exec", try_exec },
	{ "connect", try_connect },
	{ "listen", try_listen },
	{ "abstract", try_abstract },
	{ "socket", try_socket },
	{ "datagram", try_datagram },
	{ "signal", try_signal },
	{ "ptrace", try_ptrace },
	{ "mount", try_mount },
	{ "chroot", try_chroot },
	{ "unshare", try_unshare },
	{ "bpf", try_bpf },
	{ "io_uring", try_io_uring },
	{ "keyctl", try_keyctl },
	{ "dumpable", try_dumpable },
	{ "core", try_core },
	{ "new_privs", try_new_privs },
	{ "environ", try_environ },
	{ "threads", try_threads },
};

static int
attempt(const char *name, const char *arg)
{
	for (size_t i = 0; i < N_OF(attempts); i++)
		if (strcmp(attempts[i].name, name) == 0)
			return attempts[i].fn(arg);
	fprintf(stderr, "probe: no such attempt: %s\n", name);
	_exit(3);
}

static void
report(const char *name, const char *arg, int result)
{
	const char *error = strerrorname_np(result);

	printf("probe %s %s %s\n", name, arg,
	    result == 0	    ? "allowed"
	    : error != NULL ? error
			    : "?");
	fflush(stdout);
}

static void
probe(char *list)
{
	char *save = NULL;

	for (char *item = strtok_r(list, ";", &save); item != NULL;
	     item = strtok_r(NULL, ";", &save)) {
		char *arg = strchr(item, ' ');

		if (arg != NULL)
			*arg++ = '\0';
		else
			arg = item + strlen(item);
		report(item, arg, attempt(item, arg));
	}
	_exit(0);
}

/* What a kernel with an older Landlock says when it is asked for its ABI. */
static long
older(long abi)
{
	const char *most = getenv("PROBE_LANDLOCK_ABI");

	if (most == NULL || abi <= number(most))
		return abi;
	if (number(most) > 0)
		return number(most);
	errno = EOPNOTSUPP;
	return -1;
}

/* In place of the C library's. */
long
syscall(long call, ...)
{
	long (*real)(long, ...);
	long a[6], rc;
	va_list args;

	va_start(args, call);
	for (size_t i = 0; i < N_OF(a); i++)
		a[i] = va_arg(args, long);
	va_end(args);
	*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	rc = real(call, a[0], a[1], a[2], a[3], a[4], a[5]);
	return call == SYS_landlock_create_ruleset && a[0] == 0 ? older(rc)
								: rc;
}

/* In place of libuv's: the daemon is set up and locked down now. */
int uv_run(void *loop, int mode);

int
uv_run(void *loop, int mode)
{
	const char *list = getenv("PROBE");
	int (*real)(void *, int);

	if (list != NULL)
		probe(strdup(list));
	*(void **)&real = dlsym(RTLD_NEXT, "uv_run");
	return real(loop, mode);
}

struct start {
	void *(*fn)(void *);
	void *arg;
};

static void *
noted(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	pthread_mutex_lock(&threads_lock);
	if (n_threads < MAX_THREADS)
		threads[n_threads++] = gettid();
	pthread_mutex_unlock(&threads_lock);
	sem_post(&has_begun);
	return start.fn(start.arg);
}

/* In place of the C library's, to know which threads there are. */
int
pthread_create(pthread_t *thread, const pthread_attr_t *attr,
    void *(*fn)(void *), void *arg)
{
	int (*real)(
	    pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	struct start *start = malloc(sizeof(*start));

	*start = (struct start){ fn, arg };
	n_created++;
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return real(thread, attr, noted, start);
}
