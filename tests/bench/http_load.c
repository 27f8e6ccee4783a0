/* One kept-alive HTTP client that sends the same request and takes times. */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int
dial(int port)
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

/* Reads one response; returns its status. Content-Length is demanded. */
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

/* Method, path, body, headers. */
static int
make_request(char *out, size_t size, int argc, char **argv)
{
	char head[8192];
	int n = snprintf(head, sizeof(head),
	    "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", argv[0], argv[1]);

	for (int i = 3; i < argc; i++)
		n += snprintf(
		    head + n, sizeof(head) - (size_t)n, "%s\r\n", argv[i]);
	n = snprintf(out, size,
	    "%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    head, strlen(argv[2]), argv[2]);
	if ((size_t)n < size)
		return n;
	fprintf(stderr, "http_load: the request is too large\n");
	exit(1);
}

int
main(int argc, char **argv)
{
	static char request[128 * 1024];

	if (argc < 6) {
		fprintf(stderr, "usage: http_load PORT ROUNDS METHOD PATH BODY"
				" [HEADER…]\n");
		return 2;
	}
	int rounds = atoi(argv[2]), fd = dial(atoi(argv[1]));
	int64_t *took = calloc((size_t)rounds, sizeof(*took));
	int n = make_request(request, sizeof(request), argc - 3, argv + 3);

	for (int i = -20; i < rounds; i++) {
		int64_t at = now_ns();

		if (write(fd, request, (size_t)n) != n)
			fail("write");
		int status = response(fd);
		if (status != 200) {
			fprintf(stderr, "http_load: status %d\n", status);
			return 1;
		}
		if (i >= 0)
			took[i] = now_ns() - at;
	}
	qsort(took, (size_t)rounds, sizeof(*took), by_value);
	printf("{\"p50_us\": %.1f, \"p99_us\": %.1f}\n",
	    (double)took[rounds / 2] / 1e3,
	    (double)took[rounds * 99 / 100] / 1e3);
	free(took);
	return 0;
}
