/* A kept-alive HTTP client that costs next to nothing. */

#include "tests/bench/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

int
http_client_dial(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

size_t
http_client_request(char *out, size_t size, const char *method,
    const char *path, const char *body, char *const *headers, int n)
{
	char head[8192];
	int used = snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, path);

	for (int i = 0; i < n && (size_t)used < sizeof(head); i++)
		used += snprintf(head + used, sizeof(head) - (size_t)used,
		    "%s\r\n", headers[i]);
	if ((size_t)used < sizeof(head)) {
		used = snprintf(out, size,
		    "%sContent-Type: application/json\r\n"
		    "Content-Length: %zu\r\n\r\n%s",
		    head, strlen(body), body);
		if ((size_t)used < size)
			return (size_t)used;
	}
	fprintf(stderr, "http_client: the request is too large\n");
	exit(1);
}

/* Its status. */
static int
response(int fd)
{
	char buf[65536];
	size_t have = 0;

	for (;;) {
		ssize_t n = read(fd, buf + have, sizeof(buf) - 1 - have);

		if (n <= 0)
			fail("read");
		have += (size_t)n;
		buf[have] = '\0';
		char *body = strstr(buf, "\r\n\r\n");
		char *length = strcasestr(buf, "\r\nContent-Length:");
		if (body == NULL || length == NULL)
			continue;
		size_t want = strtoul(length + 17, NULL, 10);
		if (have >= (size_t)(body + 4 - buf) + want)
			return atoi(buf + 9);
	}
}

void
http_client_ask(int fd, const char *request, size_t size)
{
	int status;

	if (write(fd, request, size) != (ssize_t)size)
		fail("write");
	status = response(fd);
	if (status == 200)
		return;
	fprintf(stderr, "http_client: status %d\n", status);
	exit(1);
}
