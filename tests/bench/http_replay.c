/* An HTTP server that gives the same answer to every request, at once: what it
 * takes itself is nothing beside what is measured with it. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 64, REQUEST_BYTES = 256 * 1024 };

struct client {
	size_t have;
	char request[REQUEST_BYTES + 1];
};

static char answer[256 * 1024];
static size_t answer_size;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int
listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, MAX_CLIENTS) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		fail("listen");
	printf("listening %d\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void
read_answer(const char *type, const char *path)
{
	static char body[128 * 1024];
	FILE *file = fopen(path, "rb");
	size_t n;

	if (file == NULL)
		fail(path);
	n = fread(body, 1, sizeof(body), file);
	if (!feof(file)) {
		fprintf(stderr, "http_replay: %s is too large\n", path);
		exit(1);
	}
	fclose(file);
	answer_size = (size_t)snprintf(answer, sizeof(answer),
	    "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: "
	    "%zu\r\n\r\n",
	    type, n);
	memcpy(answer + answer_size, body, n);
	answer_size += n;
}

/* Whether a whole request is there; Content-Length is demanded. */
static int
is_whole(const struct client *client)
{
	const char *body = strstr(client->request, "\r\n\r\n");
	const char *length = strcasestr(client->request, "\r\nContent-Length:");

	return body != NULL && length != NULL &&
	       client->have >= (size_t)(body + 4 - client->request) +
				   strtoul(length + 17, NULL, 10);
}

/* 0: it has left. */
static int
serve(struct client *client, int fd)
{
	ssize_t n = read(
	    fd, client->request + client->have, REQUEST_BYTES - client->have);

	if (n <= 0)
		return 0;
	client->have += (size_t)n;
	client->request[client->have] = '\0';
	if (!is_whole(client))
		return client->have < REQUEST_BYTES;
	client->have = 0;
	return write(fd, answer, answer_size) == (ssize_t)answer_size;
}

int
main(int argc, char **argv)
{
	static struct client clients[MAX_CLIENTS];
	struct pollfd fds[1 + MAX_CLIENTS];
	nfds_t n = 1;
	int one = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: http_replay TYPE FILE\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	read_answer(argv[1], argv[2]);
	fds[0] = (struct pollfd){ listen_somewhere(), POLLIN, 0 };
	while (poll(fds, n, -1) > 0) {
		for (nfds_t i = 1; i < n; i++) {
			if (fds[i].revents == 0 ||
			    serve(&clients[i - 1], fds[i].fd))
				continue;
			close(fds[i].fd);
			n--;
			fds[i] = fds[n];
			clients[i - 1] = clients[n - 1];
			i--;
		}
		if (fds[0].revents == 0 || n > MAX_CLIENTS)
			continue;
		fds[n] =
		    (struct pollfd){ accept(fds[0].fd, NULL, NULL), POLLIN, 0 };
		if (fds[n].fd < 0)
			fail("accept");
		setsockopt(
		    fds[n].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		clients[n - 1].have = 0;
		n++;
	}
	return 1;
}
