/* The HTTP server's sockets, its share of the loop, and its time limits. */

#include "services/api/http_internal.h"

#include <assert.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/api/http_linger.h"

enum { SWEEP_MS = 1000, CONNECTION_MEMORY = 64 * 1024 };

/* In all, not between two bytes: a drip is as dead as silence. */
static const int64_t phase_limit_ms[PHASE_COUNT] = {
	[PHASE_HEAD] = 10000,
	[PHASE_IDLE] = 30000,
	[PHASE_BODY] = 30000,
	[PHASE_WAITING] = 0, /* whoever answers has a deadline */
	[PHASE_SENDING] = 60000,
};

struct http_client *
client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
	    ->socket_context;
}

void
client_enter(struct http_client *client, enum client_phase phase)
{
	int64_t limit = phase_limit_ms[phase];

	client->phase = phase;
	client->deadline_ms = limit == 0 ? 0 : clock_mono_ms() + limit;
}

bool
client_has_left(const struct http_client *client)
{
	struct pollfd p = { .fd = client->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1 &&
	       (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/*
 * MHD only knows inactivity, and of a suspended connection it knows nothing.
 * Its descriptors must be closed by MHD: shutting one down makes it do so.
 */
static void
on_sweep(void *arg)
{
	struct http_server *server = arg;
	struct http_client *client, *next;
	int64_t now = clock_mono_ms();

	DL_FOREACH_SAFE(server->clients, client, next)
	{
		if (client->deadline_ms != 0 && now >= client->deadline_ms)
			shutdown(client->fd, SHUT_RDWR);
		else if (client->phase == PHASE_WAITING &&
			 client->exchange->is_suspended &&
			 client_has_left(client))
			exchange_drop(client->exchange);
	}
	if (server->options.on_tick != NULL)
		server->options.on_tick(server->options.arg);
}

static int64_t
peer_uid(int fd)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -1;
	return (int64_t)cred.uid;
}

static void
client_started(struct http_listener *listener,
    struct MHD_Connection *connection, void **slot)
{
	struct http_server *server = listener->server;
	struct http_client *client = xcalloc(1, sizeof(*client));

	client->listener = listener;
	client->fd = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD)
			 ->connect_fd;
	client->peer_uid = listener->is_tcp ? -1 : peer_uid(client->fd);
	client_enter(client, PHASE_HEAD);
	if (server->clients == NULL)
		timer_start(server->sweep, SWEEP_MS, SWEEP_MS);
	DL_APPEND(server->clients, client);
	*slot = client;
}

static void
client_closed(struct http_listener *listener, void **slot)
{
	struct http_server *server = listener->server;
	struct http_client *client = *slot;

	*slot = NULL;
	DL_DELETE(server->clients, client);
	xfree(&client);
	if (server->clients == NULL)
		timer_stop(server->sweep);
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **slot,
    enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		client_started(cls, connection, slot);
	else if (*slot != NULL)
		client_closed(cls, slot);
}

static void
on_readable(void *arg, int events)
{
	struct http_listener *listener = arg;

	(void)events;
	listener->is_due = true;
}

static void
on_timer(void *arg)
{
	struct http_server *server = arg;

	for (size_t i = 0; i < server->n_listeners; i++)
		server->listeners[i].is_due = true;
}

/* Whatever came up in this turn of the loop is done by one MHD_run. */
static void
before_sleep(void *arg)
{
	struct http_server *server = arg;
	int64_t wait_ms = INT64_MAX;
	MHD_UNSIGNED_LONG_LONG ms;

	for (size_t i = 0; i < server->n_listeners; i++) {
		struct http_listener *listener = &server->listeners[i];

		if (listener->is_due) {
			listener->is_due = false;
			MHD_run(listener->daemon);
		}
		if (MHD_get_timeout(listener->daemon, &ms) == MHD_YES &&
		    (int64_t)ms < wait_ms)
			wait_ms = (int64_t)ms;
	}
	/* One listener's answer may have woken another that was done. */
	for (size_t i = 0; i < server->n_listeners; i++)
		if (server->listeners[i].is_due)
			wait_ms = 0;
	if (wait_ms != INT64_MAX)
		timer_start(server->timer, wait_ms, 0);
	else if (timer_is_running(server->timer))
		timer_stop(server->timer);
}

PRINTF(2, 0)
static void
on_library_log(void *cls, const char *fmt, va_list args)
{
	char text[200];

	(void)cls;
	vsnprintf(text, sizeof(text), fmt, args);
	log_debug("http-library", "text=%s", log_quote(text));
}

int
http_server_open(struct http_server **server_out, struct loop *loop,
    const struct http_server_options *options, struct err *err)
{
	struct http_server *server;

	if (MHD_is_feature_supported(MHD_FEATURE_EPOLL) != MHD_YES)
		return err_set(
		    err, ERR_INTERNAL, "libmicrohttpd was built without epoll");
	server = xcalloc(1, sizeof(*server));
	server->loop = loop;
	server->options = *options;
	server->prepare = prepare_new(loop, before_sleep, server);
	server->timer = timer_new(loop, on_timer, server);
	server->lingerers = lingerers_new(loop);
	server->sweep = timer_new(loop, on_sweep, server);
	*server_out = server;
	return 0;
}

static bool
socket_is_tcp(int fd)
{
	int domain = 0;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	       domain != AF_UNIX;
}

// clang-format off
static struct MHD_Daemon *
daemon_start(struct http_listener *listener, int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
		MHD_USE_ERROR_LOG,
	    0, NULL, NULL, exchange_on_access, listener,
	    MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_MAX_CONNECTIONS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_URI_LOG_CALLBACK, target_on_line, NULL,
	    MHD_OPTION_UNESCAPE_CALLBACK, target_unescape, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener,
	    MHD_OPTION_NOTIFY_COMPLETED, exchange_on_completed, listener,
	    MHD_OPTION_END);
}
// clang-format on

int
http_server_listen(
    struct http_server *server, int fd, unsigned number, struct err *err)
{
	struct http_listener *listener;
	int epoll_fd;

	assert(server->n_listeners < HTTP_MAX_LISTENERS);
	listener = &server->listeners[server->n_listeners];
	listener->server = server;
	listener->number = number;
	listener->is_tcp = socket_is_tcp(fd);
	listener->daemon = daemon_start(listener, fd);
	if (listener->daemon == NULL)
		return err_set(
		    err, ERR_INTERNAL, "libmicrohttpd refused to start");
	epoll_fd =
	    MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)
		->epoll_fd;
	listener->watch =
	    watch_new(server->loop, epoll_fd, on_readable, listener);
	watch_set(listener->watch, LOOP_READABLE);
	server->n_listeners++;
	return 0;
}

size_t
http_server_n_waiting(const struct http_server *server)
{
	return server->n_waiting;
}

/* MHD aborts when it is stopped with a suspended connection: wake them all. */
static void
listener_close(struct http_listener *listener)
{
	watch_free(&listener->watch);
	MHD_run(listener->daemon);
	MHD_stop_daemon(listener->daemon);
}

void
http_server_close(struct http_server **slot)
{
	struct http_server *server = *slot;
	struct http_client *client;

	if (server == NULL)
		return;
	*slot = NULL;
	prepare_free(&server->prepare);
	DL_FOREACH (server->clients, client)
		if (client->exchange != NULL && client->exchange->is_suspended)
			exchange_drop(client->exchange);
	for (size_t i = 0; i < server->n_listeners; i++)
		listener_close(&server->listeners[i]);
	lingerers_free(&server->lingerers);
	timer_free(&server->sweep);
	timer_free(&server->timer);
	xfree(&server);
}
