/* What is still under way when the process leaves. */

#include "libcommon/bus_impl.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "libcommon/clock.h"

enum {
	/* A daemon has some hundreds; behind the three that are not ours. */
	FIRST_FD = 3,
	LAST_FD = 4095,
	/* Of what was published nng tells nothing, so its threads get one. */
	MOMENT_MS = 5,
};

static bool
is_unread(int fd)
{
	int family = 0, n_bytes = 0;
	socklen_t size = sizeof(family);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 &&
	       family == AF_UNIX && ioctl(fd, SIOCOUTQ, &n_bytes) == 0 &&
	       n_bytes > 0;
}

/*
 * nng says that a message is sent when the kernel has it. If we go then, with
 * a request that came just now unread, the kernel resets the connection, and
 * nng 1.5 over there does not read what it has not read by then. nng keeps its
 * descriptors to itself, so all are asked.
 */
static bool
has_unread(void)
{
	for (int fd = FIRST_FD; fd <= LAST_FD; fd++)
		if (is_unread(fd))
			return true;
	return false;
}

void
bus_flush(struct bus *bus, int64_t at_most_ms)
{
	int64_t now_ms = clock_mono_ms(), until_ms = now_ms + at_most_ms;
	int64_t quiet_ms = bus->published_ms; /* since then */

	while (now_ms < until_ms) {
		if (atomic_load(&bus->n_sending) > 0 || has_unread())
			quiet_ms = now_ms;
		if (now_ms >= quiet_ms + MOMENT_MS)
			return;
		poll(NULL, 0, 1);
		now_ms = clock_mono_ms();
	}
}
