/* An HTTP server that answers as badly as its paths say. */

#include "tests/unit/transfer/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcommon/defs.h"

static void
say(int fd, const char *text)
{
	/* The client may be gone: that is what some tests are about. */
	if (write(fd, text, strlen(text)) < 0)
		_exit(0);
}

static void
answer(int fd, const char *status, const char *header, const char *body)
{
	char head[512];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n%s"
	    "Content-Length: %zu\r\n\r\n",
	    status, header, strlen(body));
	say(fd, head);
	say(fd, body);
}

static void
on_ok(int fd, const char *request)
{
	(void)request;
	answer(fd, "200 OK", "", "fine");
}

static void
on_echo(int fd, const char *request)
{
	answer(fd, "200 OK", "", request);
}

static void
on_redirect(int fd, const char *request)
{
	(void)request;
	answer(fd, "302 Found", "Location: /ok\r\n", "moved");
}

static void
on_retry_seconds(int fd, const char *request)
{
	(void)request;
	answer(fd, "429 Too Many Requests", "retry-AFTER:  7\r\n", "later");
}

static void
on_retry_date(int fd, const char *request)
{
	char header[128];
	time_t at = time(NULL) + 30;

	(void)request;
	strftime(header, sizeof(header),
	    "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime(&at));
	answer(fd, "503 Service Unavailable", header, "");
}

static void
on_limits(int fd, const char *request)
{
	(void)request;
	answer(fd, "200 OK",
	    "X-RateLimit-Remaining:4\r\nX-Ratelimit-Remaining-Not: 9\r\n"
	    "x-ratelimit-scope: \tuser\r\n",
	    "");
}

static void
on_retry_nonsense(int fd, const char *request)
{
	(void)request;
	answer(fd, "429 Too Many Requests", "Retry-After: soon\r\n", "");
}

static void
on_cut(int fd, const char *request)
{
	(void)request;
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	_exit(0);
}

static void
on_close(int fd, const char *request)
{
	(void)fd;
	(void)request;
	_exit(0);
}

static void
on_not_http(int fd, const char *request)
{
	(void)request;
	say(fd, "220 mail.example ESMTP\r\n\r\n");
	_exit(0);
}

static void
on_large(int fd, const char *request)
{
	(void)request;
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx");
}

static void
on_endless(int fd, const char *request)
{
	(void)request;
	say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (;;)
		say(fd, "a\r\n0123456789\r\n");
}

static void
on_headers(int fd, const char *request)
{
	(void)request;
	say(fd, "HTTP/1.1 200 OK\r\n");
	for (;;)
		say(fd, "X-Another: header\r\n");
}

static void
on_hang(int fd, const char *request)
{
	(void)fd;
	(void)request;
	poll(NULL, 0, -1);
}

static void
on_stall(int fd, const char *request)
{
	(void)request;
	say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	poll(NULL, 0, -1);
}

static const struct {
	const char *path;
	void (*fn)(int fd, const char *request);
} paths[] = {
	{ "/ok", on_ok },
	{ "/echo", on_echo },
	{ "/redirect", on_redirect },
	{ "/limits", on_limits },
	{ "/retry-seconds", on_retry_seconds },
	{ "/retry-date", on_retry_date },
	{ "/retry-nonsense", on_retry_nonsense },
	{ "/cut", on_cut },
	{ "/close", on_close },
	{ "/not-http", on_not_http },
	{ "/large", on_large },
	{ "/endless", on_endless },
	{ "/headers", on_headers },
	{ "/hang", on_hang },
	{ "/stall", on_stall },
};

/* Reads one request, body included; false at the end of the connection. */
static int
read_request(int fd, char *request, size_t room)
{
	size_t size = 0, want = 0;
	const char *end, *length;

	for (;;) {
		ssize_t n = read(fd, request + size, room - 1 - size);

		if (n <= 0)
			return 0;
		size += (size_t)n;
		request[size] = '\0';
		end = strstr(request, "\r\n\r\n");
		if (end == NULL)
			continue;
		length = strstr(request, "Content-Length: ");
		if (length != NULL)
			want = strtoul(length + 16, NULL, 10);
		if (size >= (size_t)(end + 4 - request) + want)
			return 1;
	}
}

static void
serve(int fd)
{
	static char request[1 << 20];
	char path[64];

	while (read_request(fd, request, sizeof(request)))
		for (size_t i = 0; i < N_OF(paths); i++) {
			snprintf(path, sizeof(path), " %s", paths[i].path);
			if (strncmp(strchr(request, ' '), path, strlen(path)) ==
			    0)
				paths[i].fn(fd, request);
		}
	_exit(0);
}

static void
accept_one(int listener)
{
	int fd = accept(listener, NULL, NULL);
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd);
	}
	close(fd);
}

static void
run(int tcp, int local)
{
	struct pollfd fds[2] = { { .fd = tcp, .events = POLLIN },
		{ .fd = local, .events = POLLIN } };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		poll(fds, 2, -1);
		for (int i = 0; i < 2; i++)
			if (fds[i].revents & POLLIN)
				accept_one(fds[i].fd);
	}
}

static int
listen_local(struct server *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc;

	snprintf(server->socket_path, sizeof(server->socket_path),
	    "/tmp/test-transfer.%d.sock", (int)getpid());
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    server->socket_path);
	rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
	assert(rc == 0);
	rc = listen(fd, 64);
	assert(rc == 0);
	return fd;
}

static int
listen_tcp(struct server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0), rc;

	rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
	assert(rc == 0);
	rc = listen(fd, 64);
	assert(rc == 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	server->port = ntohs(address.sin_port);
	return fd;
}

void
server_start(struct server *server)
{
	int tcp = listen_tcp(server), local = listen_local(server);

	server->pid = fork();
	assert(server->pid >= 0);
	if (server->pid == 0)
		run(tcp, local);
	close(tcp);
	close(local);
}

void
server_stop(struct server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	unlink(server->socket_path);
}
