/* Reads on after an early answer, so that the client gets to see it. */

#include "services/api/http_linger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/loop.h"

enum {
	LINGER_MS = 2000,
	MAX_LINGERERS = 64,
	MAX_BYTES = 4 * 1024 * 1024,
	PART_BYTES = 16 * 1024,
};

struct lingerer {
	struct lingerers *all;
	int fd;
	struct watch *watch;
	struct timer *timer;
	size_t n_bytes;
	struct lingerer *prev, *next;
};

struct lingerers {
	struct loop *loop;
	struct lingerer *list;
	size_t n;
};

struct lingerers *
lingerers_new(struct loop *loop)
{
	struct lingerers *all = xcalloc(1, sizeof(*all));

	all->loop = loop;
	return all;
}

static void
lingerer_end(void *arg)
{
	struct lingerer *one = arg;

	DL_DELETE(one->all->list, one);
	one->all->n--;
	watch_free(&one->watch);
	timer_free(&one->timer);
	close(one->fd);
	xfree(&one);
}

void
lingerers_free(struct lingerers **slot)
{
	struct lingerers *all = *slot;
	struct lingerer *one, *next;

	DL_FOREACH_SAFE(all->list, one, next)
	lingerer_end(one);
	xfree(slot);
}

static void
on_readable(void *arg, int events)
{
	struct lingerer *one = arg;
	char part[PART_BYTES];
	ssize_t size;

	(void)events;
	size = recv(one->fd, part, sizeof(part), MSG_DONTWAIT);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size > 0)
		one->n_bytes += (size_t)size;
	if (size <= 0 || one->n_bytes > MAX_BYTES)
		lingerer_end(one);
}

void
linger(struct lingerers *all, int fd)
{
	struct lingerer *one;
	int copy;

	if (all->n >= MAX_LINGERERS)
		return;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return;
	one = xcalloc(1, sizeof(*one));
	one->all = all;
	one->fd = copy;
	one->watch = watch_new(all->loop, copy, on_readable, one);
	one->timer = timer_new(all->loop, lingerer_end, one);
	DL_APPEND(all->list, one);
	all->n++;
	watch_set(one->watch, LOOP_READABLE);
	timer_start(one->timer, LINGER_MS, 0);
}
