/*
 * The watchdog. nng 1.5 may stop reconnecting for good after a peer was lost,
 * and then also stops telling what becomes of its pipes, so this looks at the
 * descriptors themselves. There is no cure but to leave the process.
 */

#include "libcommon/bus_impl.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/log.h"

enum {
	CLOSE_MS = 500, /* while anything is under way or missing */
	IDLE_MS = 2000, /* an idle suite should sleep */
	/* A dialler of ours tries again after at most 0.1 s. */
	DOWN_MS = 500,
	/* After that the peer must have answered probes for as long as this;
	 * with two ticks around it that is two seconds without a pipe. */
	ANSWERED_MS = 1000,
	/* Between a hang-up and nng's telling it lie milliseconds. */
	DEAD_MS = 2000,
	/* Connections of departed peers that nng has not closed, at two looks
	 * in a row: a quarter of the descriptors that a process usually has. */
	MAX_DEAD = 256,
};

/* All sockets that dial one path. */
struct line {
	const char *path;
	const char *tail; /* "task-engine/api.main.req" */
	struct line *next;
	int n_up;    /* pipes that nng believes in */
	int n_alive; /* connections that this process really has */
	bool has_changed;
	int64_t dead_ms; /* since then less alive than up; 0: as many */
	int64_t down_ms; /* since then none up; 0: one is */
	int probe_fd;
	int64_t answered_ms; /* since then each probe was answered */
};

struct bus_watchdog {
	struct bus *bus;
	struct timer *timer;
	DIR *fds; /* opened early: later the lock-down may forbid it */
	struct line *lines;
	int64_t tick_ms;
	bool has_leaked;
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

/* The path that the socket is named by; false: it has none. */
static bool
get_path(int fd, name_fn get, char *out, size_t out_size)
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address);

	if (get(fd, (struct sockaddr *)&address, &size) < 0 ||
	    address.sun_family != AF_UNIX ||
	    size <= offsetof(struct sockaddr_un, sun_path))
		return false;
	snprintf(out, out_size, "%.*s", (int)sizeof(address.sun_path),
	    address.sun_path);
	return out[0] != '\0';
}

/* Whether a peer connected at fd to a door that we listen at. */
static bool
is_accepted(const struct bus *bus, int fd)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct bus_sock *sock;
	int is_listening = 0;
	socklen_t size = sizeof(is_listening);

	if (!get_path(fd, getsockname, path, sizeof(path)) ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) <
		0 ||
	    is_listening)
		return false;
	LL_FOREACH (bus->socks, sock)
		if (!sock->is_dialled && strcmp(sock->path, path) == 0)
			return true;
	return false;
}

/* The peer may spell its directory in another way: only the end counts. */
static void
count_fd(struct bus_watchdog *dog, int fd, int *n_dead)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct line *line;

	if (get_path(fd, getpeername, path, sizeof(path)))
		LL_FOREACH (dog->lines, line)
			if (ends_with(path, line->tail) &&
			    fd != line->probe_fd && !is_dead(fd))
				line->n_alive++;
	if (is_accepted(dog->bus, fd) && is_dead(fd))
		(*n_dead)++;
}

static void
count_fds(struct bus_watchdog *dog)
{
	const struct dirent *entry;
	struct line *line;
	int n_dead = 0;

	LL_FOREACH (dog->lines, line)
		line->n_alive = dog->fds ? 0 : line->n_up;
	if (!dog->fds)
		return;
	rewinddir(dog->fds);
	while ((entry = readdir(dog->fds)))
		if (entry->d_name[0] != '.')
			count_fd(
			    dog, (int)strtol(entry->d_name, NULL, 10), &n_dead);
	if (n_dead > MAX_DEAD && dog->has_leaked)
		leave(dog->bus->run_dir, "descriptors-leak");
	dog->has_leaked = n_dead > MAX_DEAD;
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
		LL_FOREACH (dog->bus->socks, sock) {
			uint32_t n_ups = atomic_load(&sock->n_ups);

			if (!sock->is_dialled ||
			    strcmp(sock->path, line->path) != 0)
				continue;
			line->n_up += bus_sock_is_up(sock);
			line->has_changed |= n_ups != sock->n_ups_seen;
			sock->n_ups_seen = n_ups;
		}
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
 * stuck then.
 */
static void
begin_probe(struct line *line)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, line->path, strlen(line->path) + 1);
	line->probe_fd = fd;
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
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

/*
 * nng believes in a pipe whose descriptor is gone or was hung up: its reaper
 * is stuck, and no dialler of this process will ever dial again.
 */
static void
look_for_dead_pipes(struct line *line, int64_t now_ms)
{
	if (line->n_alive >= line->n_up)
		line->dead_ms = 0;
	else if (line->dead_ms == 0)
		line->dead_ms = now_ms;
	else if (now_ms - line->dead_ms >= DEAD_MS)
		leave(line->path, "pipe-dead");
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
		if (line->down_ms != 0 || line->dead_ms != 0)
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
	LL_FOREACH (dog->lines, line) {
		look_for_dead_pipes(line, now_ms);
		look_for_a_pipe(line, now_ms);
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
		if (sock->is_dialled)
			add_sock(dog, sock);
	set_pace(dog, CLOSE_MS);
}
