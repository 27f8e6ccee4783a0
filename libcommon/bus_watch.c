/*
 * The watchdog. nng 1.5 may stop reconnecting for good after a peer was lost,
 * and then also stops telling what becomes of its pipes, so this looks at the
 * descriptors themselves. There is no cure but to leave the process.
 */

#include "libcommon/bus_impl.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/log.h"

enum {
	CLOSE_MS = 500, /* while anything is under way or missing */
	IDLE_MS = 1000, /* else; with the times below three seconds in all */
	/* A dialler of ours tries again after at most 0.1 s. */
	DOWN_MS = 500,
	/* After that the peer must have answered probes for as long as this;
	 * with two ticks around it that is two seconds without a pipe. */
	ANSWERED_MS = 1000,
	/* Between a hang-up and nng's telling it lie milliseconds, */
	DEAD_MS = 1500,
	/* and so between a connection and its pipe. One that has not introduced
	 * itself is dropped by nng after ten seconds: that is not deafness. */
	DEAF_MS = 1500,
	DEAF_UNHEARD_MS = 12 * 1000,
	/* Descriptors that nng has done with and not closed, a quarter of what a
	 * process usually may have, and for how long. On a busy machine nng
	 * closes them seconds late, hundreds at once: as long as it closes some
	 * twice as many may be lost. */
	MAX_LOST = 256,
	LEAK_MS = 3000,
};

/* All sockets of ours that dial one path, or the one that listens there. */
struct line {
	const char *path;
	const char *tail; /* "task-engine/api.main.req" */
	bool is_dialled;
	struct line *next;
	int n_up;     /* pipes that nng believes in */
	int n_alive;  /* connections that this process really has */
	int n_unread; /* of them: with something that nng has not read */
	bool has_changed;
	int64_t dead_ms;  /* since then less alive than up; 0: as many */
	int64_t deaf_ms;  /* since then more alive than up; 0: as many */
	int64_t heard_ms; /* the same, and something unread */
	int64_t down_ms;  /* since then none up; 0: one is */
	int probe_fd;
	int64_t answered_ms; /* since then each probe was answered */
};

struct bus_watchdog {
	struct bus *bus;
	struct timer *timer;
	DIR *fds; /* opened early: later the lock-down may forbid it */
	struct line *lines;
	int64_t tick_ms;
	int64_t leak_ms; /* since then too many are lost; 0: they are not */
	int n_lost;
	int n_lost_before;
};

static void
leave(const char *path, const char *why)
{
	log_error("bus-stuck", "path=%s why=%s", path, why);
	_exit(BUS_EXIT_STUCK);
}

static bool
ends_with(const char *text, const char *tail)
{
	size_t size = strlen(text), tail_size = strlen(tail);

	return size > tail_size && text[size - tail_size - 1] == '/' &&
	       strcmp(text + size - tail_size, tail) == 0;
}

/* Hung up by the peer, or shut down by nng and then forgotten. */
static bool
is_dead(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1 &&
	       (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

typedef int (*name_fn)(int, struct sockaddr *, socklen_t *);

/* A unix socket's path, "" if it has none; false for anything else. */
static bool
get_path(int fd, name_fn get, char *out, size_t out_size)
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address);

	if (get(fd, (struct sockaddr *)&address, &size) < 0 ||
	    address.sun_family != AF_UNIX)
		return false;
	if (size > offsetof(struct sockaddr_un, sun_path))
		snprintf(out, out_size, "%.*s", (int)sizeof(address.sun_path),
		    address.sun_path);
	return true;
}

static bool
is_unconnected(int fd)
{
	struct sockaddr_un address;
	socklen_t size = sizeof(address);

	return getpeername(fd, (struct sockaddr *)&address, &size) < 0 &&
	       errno == ENOTCONN;
}

static bool
is_listening(int fd)
{
	int yes = 0;
	socklen_t size = sizeof(yes);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 &&
	       yes;
}

static void
count_connection(struct bus_watchdog *dog, struct line *line, int fd)
{
	int n_bytes = 0;

	if (is_dead(fd)) {
		dog->n_lost++;
		return;
	}
	line->n_alive++;
	if (ioctl(fd, FIONREAD, &n_bytes) == 0 && n_bytes > 0)
		line->n_unread++;
}

/*
 * What was accepted has our own path, what was dialled its peer's, of which
 * only the end counts: the peer may spell its directory in another way. What
 * failed to connect has neither, and nng should have closed it.
 */
static void
count_fd(struct bus_watchdog *dog, int fd)
{
	char own[sizeof(((struct sockaddr_un *)0)->sun_path) + 1] = "";
	char peer[sizeof(own)] = "";
	struct line *line;
	bool is_unix = get_path(fd, getsockname, own, sizeof(own));

	if (!is_unix)
		return;
	get_path(fd, getpeername, peer, sizeof(peer));
	if (own[0] == '\0' && peer[0] == '\0') {
		dog->n_lost += is_unconnected(fd) && is_dead(fd);
		return;
	}
	LL_FOREACH (dog->lines, line)
		if (line->is_dialled
			? fd != line->probe_fd && ends_with(peer, line->tail)
			: strcmp(own, line->path) == 0 && !is_listening(fd))
			count_connection(dog, line, fd);
}

static void
count_fds(struct bus_watchdog *dog)
{
	const struct dirent *entry;
	struct line *line;

	dog->n_lost = 0;
	LL_FOREACH (dog->lines, line) {
		line->n_alive = dog->fds ? 0 : line->n_up;
		line->n_unread = 0;
	}
	if (!dog->fds)
		return;
	rewinddir(dog->fds);
	while ((entry = readdir(dog->fds)))
		if (entry->d_name[0] != '.')
			count_fd(dog, (int)strtol(entry->d_name, NULL, 10));
}

static void
ask_sock(struct line *line, struct bus_sock *sock)
{
	uint32_t n_ups = atomic_load(&sock->n_ups);

	line->n_up += sock->is_dialled ? bus_sock_is_up(sock)
				       : atomic_load(&sock->n_pipes);
	line->has_changed |= n_ups != sock->n_ups_seen;
	sock->n_ups_seen = n_ups;
}

/* What nng told of the line's pipes since the last look. */
static void
ask_nng(struct bus_watchdog *dog)
{
	struct bus_sock *sock;
	struct line *line;

	LL_FOREACH (dog->lines, line) {
		line->n_up = 0;
		line->has_changed = false;
		LL_FOREACH (dog->bus->socks, sock)
			if (strcmp(sock->path, line->path) == 0)
				ask_sock(line, sock);
	}
}

static void
end_probe(struct line *line)
{
	if (line->probe_fd >= 0)
		close(line->probe_fd);
	line->probe_fd = -1;
}

/*
 * A plain connection, which nng's listener greets at once. A stopped process
 * has its connections accepted by the kernel, but does not greet: nobody is
 * stuck then. What is sent is no greeting, so that the listener drops us for
 * that; when a connection just ends before it has introduced itself, nng 1.5
 * takes it for its own end and never accepts another one.
 */
static void
begin_probe(struct line *line)
{
	static const char nonsense[8] = "probing";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, line->path, strlen(line->path) + 1);
	line->probe_fd = fd;
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(fd, nonsense, sizeof(nonsense), MSG_NOSIGNAL) > 0)
		return;
	end_probe(line);
	line->answered_ms = 0;
}

static void
read_probe(struct line *line, int64_t now_ms)
{
	char greeting;

	if (line->probe_fd < 0)
		return;
	if (recv(line->probe_fd, &greeting, 1, MSG_DONTWAIT) != 1)
		line->answered_ms = 0;
	else if (line->answered_ms == 0)
		line->answered_ms = now_ms;
	end_probe(line);
}

/* Remembers since when a claim holds; true when that is long ago. */
static bool
has_lasted(bool holds, int64_t *since_ms, int64_t now_ms, int64_t at_least_ms)
{
	if (!holds)
		*since_ms = 0;
	else if (*since_ms == 0)
		*since_ms = now_ms;
	return holds && now_ms - *since_ms >= at_least_ms;
}

static void
look_for_a_leak(struct bus_watchdog *dog, int64_t now_ms)
{
	bool is_leaking =
	    dog->n_lost > 2 * MAX_LOST ||
	    (dog->n_lost > MAX_LOST && dog->n_lost >= dog->n_lost_before);

	dog->n_lost_before = dog->n_lost;
	if (has_lasted(is_leaking, &dog->leak_ms, now_ms, LEAK_MS))
		leave(dog->bus->run_dir, "descriptors-leak");
}

/*
 * nng believes in a pipe whose descriptor is gone or was hung up: its reaper
 * is stuck. No dialler of this process will ever dial again, and every attempt
 * and every departed peer costs a descriptor.
 */
static void
look_for_dead_pipes(struct line *line, int64_t now_ms)
{
	bool has_dead = line->n_up > line->n_alive;

	if (has_lasted(has_dead, &line->dead_ms, now_ms, DEAD_MS))
		leave(line->path, "pipe-dead");
}

/*
 * Peers are connected that nng has made no pipe for: its listener has stopped
 * after one was killed while it introduced itself (begin_probe tells why). The
 * transport goes on to accept and to greet, so the peers believe in it.
 */
static void
look_for_deafness(struct line *line, int64_t now_ms)
{
	bool is_deaf = line->n_alive > line->n_up;
	bool is_spoken_to = is_deaf && line->n_unread > 0;

	if (has_lasted(is_deaf, &line->deaf_ms, now_ms, DEAF_UNHEARD_MS) ||
	    has_lasted(is_spoken_to, &line->heard_ms, now_ms, DEAF_MS))
		leave(line->path, "listener-deaf");
}

static void
look_for_a_pipe(struct line *line, int64_t now_ms)
{
	if (line->n_up > 0 || line->has_changed) {
		end_probe(line);
		line->down_ms = line->answered_ms = 0;
		return;
	}
	if (line->down_ms == 0)
		line->down_ms = now_ms;
	read_probe(line, now_ms);
	if (line->answered_ms != 0 && now_ms - line->answered_ms >= ANSWERED_MS)
		leave(line->path, "no-pipe");
	if (now_ms - line->down_ms >= DOWN_MS)
		begin_probe(line);
}

static bool
is_quiet(const struct bus_watchdog *dog)
{
	struct bus_door *door;
	struct line *line;

	LL_FOREACH (dog->lines, line)
		if (line->down_ms != 0 || line->dead_ms != 0 ||
		    line->deaf_ms != 0)
			return false;
	LL_FOREACH (dog->bus->doors, door)
		if (door->dial && !bus_dial_is_idle(door->dial))
			return false;
	return true;
}

static void
set_pace(struct bus_watchdog *dog, int64_t tick_ms)
{
	if (dog->tick_ms == tick_ms)
		return;
	dog->tick_ms = tick_ms;
	timer_start(dog->timer, tick_ms, tick_ms);
}

static void
on_tick(void *arg)
{
	struct bus_watchdog *dog = arg;
	int64_t now_ms = clock_mono_ms();
	struct line *line;

	ask_nng(dog);
	count_fds(dog);
	look_for_a_leak(dog, now_ms);
	LL_FOREACH (dog->lines, line) {
		look_for_dead_pipes(line, now_ms);
		if (line->is_dialled)
			look_for_a_pipe(line, now_ms);
		else
			look_for_deafness(line, now_ms);
	}
	set_pace(dog, is_quiet(dog) ? IDLE_MS : CLOSE_MS);
}

void
bus_watch_closely(struct bus *bus)
{
	set_pace(bus->watchdog, CLOSE_MS);
}

static void
add_sock(struct bus_watchdog *dog, const struct bus_sock *sock)
{
	struct line *line;

	LL_FOREACH (dog->lines, line)
		if (strcmp(line->path, sock->path) == 0)
			break;
	if (!line) {
		line = xcalloc(1, sizeof(*line));
		line->path = sock->path;
		line->tail = sock->path + strlen(dog->bus->run_dir) + 1;
		line->is_dialled = sock->is_dialled;
		line->probe_fd = -1;
		LL_PREPEND(dog->lines, line);
	}
}

void
bus_watch_open(struct bus *bus)
{
	struct bus_watchdog *dog = xcalloc(1, sizeof(*dog));

	dog->bus = bus;
	bus->watchdog = dog;
	dog->fds = opendir("/proc/self/fd");
	dog->timer = timer_new(bus->loop, on_tick, dog);
}

void
bus_watch_start(struct bus *bus)
{
	struct bus_watchdog *dog = bus->watchdog;
	struct bus_sock *sock;

	LL_FOREACH (bus->socks, sock)
		add_sock(dog, sock);
	set_pace(dog, CLOSE_MS);
}
