/* The sockets that the api listens at. */

#include "services/api/api.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "services/api/http_guard.h"
#include "services/api/http_server.h"

enum { BACKLOG = 512 };

/* Open, and not served before the service is there. */
static struct listening {
	int fd;
	enum api_listener listener;
	bool is_tcp;
} sockets[4];
static size_t n_sockets;

/* STEAL for a descriptor, which is empty at -1. */
static int
hand_on(int *fd)
{
	int out = *fd;

	*fd = -1;
	return out;
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int
tcp_address(const struct listen_address *address, union address *out)
{
	*out = (union address){ .any.sa_family = AF_UNSPEC };
	if (address->is_ipv6) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons((uint16_t)address->port);
		return inet_pton(AF_INET6, address->host, &out->v6.sin6_addr);
	}
	out->v4.sin_family = AF_INET;
	out->v4.sin_port = htons((uint16_t)address->port);
	return inet_pton(AF_INET, address->host, &out->v4.sin_addr);
}

/* What to do about it, for the two causes that people meet. */
static int
tcp_refused(const char *text, struct err *err)
{
	if (errno == EADDRINUSE)
		return err_set(err, ERR_CONFLICT,
		    "AGENT_RUNTIME_HTTP_ADDR: %s is used by another program; "
		    "stop that one, or set AGENT_RUNTIME_HTTP_ADDR to a free "
		    "port or to off",
		    text);
	if (errno == EACCES)
		return err_set(err, ERR_REFUSED,
		    "AGENT_RUNTIME_HTTP_ADDR: ports below 1024 are root's; "
		    "use another port than %s does",
		    text);
	return err_errno(err, "AGENT_RUNTIME_HTTP_ADDR: listen at %s", text);
}

static int
tcp_open(const char *text, struct err *err)
{
	struct listen_address address;
	union address at;
	AUTO(fd_close)
	int fd = -1;
	int on = 1;

	if (listen_address_parse(&address, text, err) < 0)
		return -1;
	if (tcp_address(&address, &at) != 1)
		return err_set(err, ERR_INVALID, "%s is no address", text);
	fd = socket(
	    at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, "make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address.is_ipv6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &at.any, address.is_ipv6 ? sizeof(at.v6) : sizeof(at.v4)) <
		0 ||
	    listen(fd, BACKLOG) < 0)
		return tcp_refused(text, err);
	return hand_on(&fd);
}

/* With port 0 only this tells where we are. */
static void
tcp_announce(int fd)
{
	union address at = { .any.sa_family = AF_UNSPEC };
	socklen_t size = sizeof(at);
	char host[INET6_ADDRSTRLEN] = "";

	if (getsockname(fd, &at.any, &size) < 0)
		return;
	if (at.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &at.v6.sin6_addr, host, sizeof(host));
		log_info("listening", "listener=local address=[%s]:%d", host,
		    ntohs(at.v6.sin6_port));
		return;
	}
	inet_ntop(AF_INET, &at.v4.sin_addr, host, sizeof(host));
	log_info("listening", "listener=local address=%s:%d", host,
	    ntohs(at.v4.sin_port));
}

static int
unix_address(const char *path, struct sockaddr_un *out, struct err *err)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(out->sun_path))
		return err_set(err, ERR_INVALID,
		    "the path of a socket has at most %zu bytes, and this one "
		    "has %zu; use a shorter data directory",
		    sizeof(out->sun_path) - 1, strlen(path));
	memcpy(out->sun_path, path, strlen(path));
	return 0;
}

/* A socket that nobody answers at was left by a process that was killed. */
static int
unix_clear(const char *path, const struct sockaddr_un *at, struct err *err)
{
	AUTO(fd_close)
	int fd = -1;
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_CONFLICT,
		    "%s exists and is no socket; remove it", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, "make a socket");
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ||
	    errno == EAGAIN)
		return err_set(err, ERR_CONFLICT,
		    "%s is served by another process; stop that one", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(err, "remove %s", path);
	return 0;
}

static int
unix_open(const char *path, mode_t mode, struct err *err)
{
	struct sockaddr_un at;
	AUTO(fd_close)
	int fd = -1;

	if (unix_address(path, &at, err) < 0 || unix_clear(path, &at, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, "make a socket");
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    chmod(path, mode) < 0 || listen(fd, BACKLOG) < 0)
		return err_errno(err, "listen at %s", path);
	return hand_on(&fd);
}

static int
keep(int *fd, enum api_listener listener, bool is_tcp)
{
	assert(n_sockets < N_OF(sockets));
	sockets[n_sockets++] = (struct listening){ *fd, listener, is_tcp };
	*fd = -1;
	return 0;
}

static int
open_unix(
    const char *path, mode_t mode, enum api_listener listener, struct err *err)
{
	AUTO(fd_close)
	int fd = unix_open(path, mode, err);

	if (fd < 0)
		return -1;
	log_info("listening", "listener=%s address=%s",
	    api_listener_name(listener), log_quote(path));
	return keep(&fd, listener, false);
}

static int
open_tcp(const char *address, struct err *err)
{
	AUTO(fd_close)
	int fd = tcp_open(address, err);

	if (fd < 0)
		return -1;
	tcp_announce(fd);
	return keep(&fd, LISTENER_LOCAL, true);
}

/* 0666 where a proxy of another uid connects: the kernel tells us its uid, and
 * what everybody may ask there is harmless. */
int
api_open_sockets(
    const struct service_cfg *common, const void *own_cfg, struct err *err)
{
	const struct api_cfg *cfg = own_cfg;
	AUTO(xfree)
	char *own = NULL;

	if (asprintf(&own, "%s/run/api.sock", common->data_dir) < 0)
		abort();
	if (open_unix(own, 0600, LISTENER_LOCAL, err) < 0)
		return -1;
	if (cfg->public_socket[0] != '\0' &&
	    open_unix(cfg->public_socket, 0666, LISTENER_PUBLIC, err) < 0)
		return err_prefix(err, "AGENT_RUNTIME_PUBLIC_SOCKET");
	if (cfg->admin_socket[0] != '\0' &&
	    open_unix(cfg->admin_socket, 0666, LISTENER_ADMIN, err) < 0)
		return err_prefix(err, "AGENT_RUNTIME_ADMIN_SOCKET");
	if (strcmp(cfg->http_addr, "off") == 0)
		return 0;
	return open_tcp(cfg->http_addr, err);
}

int
api_serve_sockets(struct svc *svc, struct err *err)
{
	for (size_t i = 0; i < n_sockets; i++) {
		svc->has_tcp |= sockets[i].is_tcp;
		if (http_server_listen(svc->server, sockets[i].fd,
			sockets[i].listener, err) < 0)
			return -1;
	}
	return 0;
}
