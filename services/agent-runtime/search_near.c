/*
 * `search` of agent-runtime: one GET at the socket of this machine, by hand.
 * Mapping libcurl and the forty libraries behind it takes longer than the
 * search. Whatever is not a plain answer is left to agent-runtime-client.
 */

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "services/agent-runtime/delegated.h"
#include "services/agent-runtime/search.h"
#include "services/agent-runtime/settings.h"

enum {
	MAX_RESPONSE = 4 * 1024 * 1024,
	READ_BYTES = 64 * 1024,
	/* Long before who waits loses patience: then the other one says why. */
	PATIENCE_MS = 15 * 1000,
};

static int
connect_local(const char *data_dir)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int size = snprintf(
	    at.sun_path, sizeof(at.sun_path), "%s/run/api.sock", data_dir);
	int fd;

	if (size < 0 || (size_t)size >= sizeof(at.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		fd_close(&fd);
	return fd;
}

static bool
send_request(int fd, const char *path)
{
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	buf_addf(&text,
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	    "User-Agent: agent-runtime/" AGENT_RUNTIME_VERSION "\r\n\r\n",
	    path);
	return send(fd, text.data, text.size, MSG_NOSIGNAL) ==
	       (ssize_t)text.size;
}

/* Everything until the server closes. */
static bool
read_response(int fd, struct buf *out)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_MS;

	while (out->size <= MAX_RESPONSE) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left_ms = until_ms - clock_mono_ms();
		size_t size = out->size;
		ssize_t n;

		if (left_ms <= 0 || poll(&poll_fd, 1, (int)left_ms) <= 0)
			return false;
		n = read(fd, buf_grow(out, READ_BYTES), READ_BYTES);
		buf_truncate(out, size + (n > 0 ? (size_t)n : 0));
		if (n <= 0)
			return n == 0;
	}
	return false;
}

/* The body of a whole "200" whose length was told; NULL: anything else. */
static const char *
body_of(const struct buf *response)
{
	static const char length[] = "\r\ncontent-length:";
	const char *end = strstr(response->data, "\r\n\r\n");
	const char *told = strcasestr(response->data, length);
	size_t size;

	if (strncmp(response->data, "HTTP/1.1 200 ", 13) != 0 || !end ||
	    !told || told > end)
		return NULL;
	end += 4;
	size = response->size - (size_t)(end - response->data);
	return strtoul(told + strlen(length), NULL, 10) == size ? end : NULL;
}

static int
ask(const struct settings *settings, const char *path, struct buf *text,
    struct json **answer_out, struct err *err)
{
	AUTO(buf_release)
	struct buf response;
	AUTO(fd_close)
	int fd = connect_local(settings->data_dir);
	const char *body;

	buf_init(&response);
	if (fd < 0 || !send_request(fd, path) || !read_response(fd, &response))
		return 1;
	body = body_of(&response);
	if (!body)
		return 1;
	buf_adds(text, body);
	if (json_parse(answer_out, text->data, text->size, err) < 0)
		return 1;
	return json_type(*answer_out) == JSON_OBJECT ? 0 : 1;
}

int
search_near(int argc, char **argv)
{
	const char *url = getenv("AGENT_RUNTIME_ADMIN_API_URL");
	int status;

	/* Its token may be read, and wiped, only once. */
	if (url && *url)
		return delegate(argc, argv);
	status = search_by(argc, argv, ask);
	return status == SEARCH_NOT_ANSWERED ? delegate(argc, argv) : status;
}
