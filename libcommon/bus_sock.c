/* nng sockets of the bus: their options, their ends, their pipes. */

#include "libcommon/bus_impl.h"

#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/transport/ipc/ipc.h>
#include <stdlib.h>
#include <sys/un.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/identity.h"
#include "libcommon/sanitizers.h"

enum {
	/* A peer that is restarted is back within a tenth of a second. */
	RECONNECT_MIN_MS = 20,
	RECONNECT_MAX_MS = 100,
	/* Messages that wait for a slow subscriber before they are lost. */
	NEWS_BUFFER = 1024,
	/* What is a little too large is answered, not cut off. */
	SIZE_SLACK = 4096,
};

#if BUILT_WITH_ASAN
/*
 * When a pipe is closed at the wrong moment, nng 1.5 forgets the message that
 * it was about to send on it, and now and then the one that it had just
 * received: one for every twenty deaths of a peer under load. It is small, it
 * is not ours, and it is no reason to fail a process. Messages that we forget
 * ourselves are seen by scripts/bench: the suite's memory after 2,000 requests.
 */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:bus_msg\nleak:libnng.so\n";
}
#endif

typedef int (*open_fn)(nng_socket *);

const char *
bus_library_version(void)
{
	return nng_version();
}

static int
fail(struct err *err, const struct bus_sock *sock, const char *what, int rv)
{
	return err_set(err, ERR_UNAVAILABLE, "%s %s: %s", what, sock->path,
	    nng_strerror(rv));
}

static char *
make_path(const struct bus_door *door, enum route_how how)
{
	struct buf path;

	buf_init(&path);
	buf_addf(&path, "%s/%s.%s", door->bus->run_dir, door->name,
	    route_how_name(how));
	return buf_steal(&path);
}

static int
check_path(const char *path, struct err *err)
{
	size_t room = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (strlen(path) <= room)
		return 0;
	/* The advice first: err cuts what is long. */
	return err_set(err, ERR_INVALID,
	    "choose a shorter AGENT_RUNTIME_DATA_DIR: a socket path may have "
	    "%zu bytes, and this one has %zu: %s",
	    room, strlen(path), path);
}

/*
 * A pipe may be gone before nng tells that it came, so a dialler, which has
 * at most one, remembers which went last.
 */
static void
on_pipe_up(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct bus_sock *sock = arg;
	uint32_t id = (uint32_t)nng_pipe_id(pipe), expected = id;

	(void)event;
	atomic_store(&sock->up_ms, clock_mono_ms());
	atomic_store(&sock->up_id, id);
	if (atomic_load(&sock->gone_id) == id)
		atomic_compare_exchange_strong(&sock->up_id, &expected, 0);
	atomic_fetch_add(&sock->n_ups, 1);
	atomic_store(&sock->door->bus->has_pipe_changed, true);
	wakeup_send(sock->door->bus->wakeup);
}

static void
on_pipe_down(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct bus_sock *sock = arg;
	uint32_t id = (uint32_t)nng_pipe_id(pipe), expected = id;

	(void)event;
	atomic_store(&sock->gone_id, id);
	atomic_compare_exchange_strong(&sock->up_id, &expected, 0);
	atomic_store(&sock->door->bus->has_pipe_changed, true);
	wakeup_send(sock->door->bus->wakeup);
}

/* A listener's: nng pairs this event with the removal, not ADD_POST. */
static void
on_pipe_accepted(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct bus_sock *sock = arg;

	(void)pipe;
	(void)event;
	atomic_fetch_add(&sock->n_pipes, 1);
}

static void
on_pipe_left(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct bus_sock *sock = arg;

	(void)event;
	atomic_fetch_sub(&sock->n_pipes, 1);
	if (sock->on_pipe_gone)
		sock->on_pipe_gone(sock, (uint32_t)nng_pipe_id(pipe));
}

static int
notify(struct bus_sock *sock)
{
	int rv;

	if (sock->is_dialled) {
		rv = nng_pipe_notify(
		    sock->nng, NNG_PIPE_EV_ADD_POST, on_pipe_up, sock);
		return rv ? rv
			  : nng_pipe_notify(sock->nng, NNG_PIPE_EV_REM_POST,
				on_pipe_down, sock);
	}
	rv = nng_pipe_notify(
	    sock->nng, NNG_PIPE_EV_ADD_PRE, on_pipe_accepted, sock);
	return rv ? rv
		  : nng_pipe_notify(
			sock->nng, NNG_PIPE_EV_REM_POST, on_pipe_left, sock);
}

static int
set_options(struct bus_sock *sock, bool is_sender)
{
	bool is_req = sock->how == ROUTE_REQ;
	int rv = nng_socket_set_size(
	    sock->nng, NNG_OPT_RECVMAXSZ, sock->door->max_bytes + SIZE_SLACK);

	if (!rv)
		rv = nng_socket_set_ms(
		    sock->nng, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
	if (!rv)
		rv = nng_socket_set_ms(
		    sock->nng, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
	if (!rv && is_req && sock->is_dialled)
		rv = nng_socket_set_ms(
		    sock->nng, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	if (!rv && !is_req)
		rv = nng_socket_set_int(sock->nng,
		    is_sender ? NNG_OPT_SENDBUF : NNG_OPT_RECVBUF, NEWS_BUFFER);
	if (!rv && !is_req && !is_sender)
		rv = nng_socket_set(sock->nng, NNG_OPT_SUB_SUBSCRIBE, "", 0);
	return rv ? rv : notify(sock);
}

int
bus_sock_open(struct bus_sock **out, struct bus_door *door, enum route_how how,
    struct err *err)
{
	struct bus_sock *sock = xcalloc(1, sizeof(*sock));
	bool is_dialled = !door->is_listening;
	/* Who tells dials, who publishes listens. */
	bool is_sender = (how == ROUTE_TELL) == is_dialled;
	open_fn open = is_sender ? nng_pub0_open : nng_sub0_open;
	int rv;

	if (how == ROUTE_REQ)
		open = is_dialled ? nng_req0_open : nng_rep0_open;
	sock->door = door;
	sock->how = how;
	sock->is_dialled = is_dialled;
	sock->path = make_path(door, how);
	/* In the list even if this fails: the bus is never taken apart. */
	LL_PREPEND(door->bus->socks, sock);
	if (check_path(sock->path, err) < 0)
		return -1;
	rv = open(&sock->nng);
	if (!rv)
		rv = set_options(sock, is_sender);
	if (rv)
		return fail(err, sock, "cannot make a socket for", rv);
	*out = sock;
	return 0;
}

/* Its two sides, and nobody else. */
static int
let_peer_in(const struct bus_sock *sock, struct err *err)
{
	const struct bus_door *door = sock->door;
	struct admitted peer = { .may = 6 };

	if (door->bus->uids == NULL)
		return 0;
	peer.uid = door->bus->uids[door->peer.service];
	return identity_admit(sock->path, 6, &peer, 1, 0, err);
}

static int
start_listening(struct bus_sock *sock, const char *url, struct err *err)
{
	nng_listener listener;
	int rv = nng_listener_create(&listener, sock->nng, url);

	if (!rv)
		rv = nng_listener_set_int(
		    listener, NNG_OPT_IPC_PERMISSIONS, 0600);
	if (!rv)
		rv = nng_listener_start(listener, 0);
	if (rv == NNG_EADDRINUSE)
		return err_set(err, ERR_CONFLICT,
		    "another process listens at %s: stop it first", sock->path);
	return rv ? fail(err, sock, "cannot listen at", rv)
		  : let_peer_in(sock, err);
}

int
bus_sock_start(struct bus_sock *sock, struct err *err)
{
	AUTO(xfree)
	char *url = bus_join("ipc", "://", sock->path);
	int rv;

	if (!sock->is_dialled)
		return start_listening(sock, url, err);
	rv = nng_dial(sock->nng, url, NULL, NNG_FLAG_NONBLOCK);
	return rv ? fail(err, sock, "cannot dial", rv) : 0;
}

bool
bus_sock_is_up(const struct bus_sock *sock)
{
	if (sock->is_dialled)
		return atomic_load(&sock->up_id) != 0;
	return atomic_load(&sock->n_pipes) > 0;
}

nng_msg *
bus_msg(const struct buf *bytes)
{
	nng_msg *msg = NULL;

	if (nng_msg_alloc(&msg, 0) != 0 ||
	    nng_msg_append(msg, bytes->data, bytes->size) != 0)
		die(1, "out of memory for a message of %zu bytes", bytes->size);
	return msg;
}
