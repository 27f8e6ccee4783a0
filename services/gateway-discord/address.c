/* ws:// and wss:// URLs. Pure. */

#include "services/gateway-discord/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/err.h"

static const struct {
	const char *prefix;
	bool is_tls;
	int port;
} schemes[] = {
	{ "wss://", true, 443 },
	{ "ws://", false, 80 },
};

static int
parse_port(struct address *out, const char *text, size_t size, struct err *err)
{
	long port = 0;

	if (size == 0 || size > 5)
		return err_set(err, ERR_INVALID, "the port is none");
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return err_set(err, ERR_INVALID, "the port is none");
		port = port * 10 + (text[i] - '0');
	}
	if (port < 1 || port > 65535)
		return err_set(err, ERR_INVALID, "the port is none");
	out->port = (int)port;
	return 0;
}

/* "host", "host:port", "[v6]:port"; the brackets are left out. */
static int
parse_host(struct address *out, const char *text, size_t size, struct err *err)
{
	const char *colon;
	size_t host_size;

	if (size > 0 && text[0] == '[') {
		const char *end = memchr(text, ']', size);

		if (!end)
			return err_set(err, ERR_INVALID, "the host is none");
		host_size = (size_t)(end - text) - 1;
		colon = end + 1 < text + size ? end + 1 : NULL;
		text++;
		if (colon && *colon != ':')
			return err_set(err, ERR_INVALID, "the host is none");
		size--;
	} else {
		colon = memchr(text, ':', size);
		host_size = colon ? (size_t)(colon - text) : size;
	}
	if (host_size == 0 || host_size >= sizeof(out->host))
		return err_set(err, ERR_INVALID, "the host is none");
	memcpy(out->host, text, host_size);
	out->host[host_size] = '\0';
	if (!colon)
		return 0;
	return parse_port(
	    out, colon + 1, (size_t)(text + size - colon) - 1, err);
}

static bool
is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= 0x20 ||
		    (unsigned char)*text >= 0x7f || *text == '@')
			return false;
	return true;
}

int
address_parse(struct address *out, const char *url, struct err *err)
{
	const char *rest = NULL;
	size_t host_size, path_size;

	*out = (struct address){ 0 };
	for (size_t i = 0; i < N_OF(schemes); i++) {
		size_t size = strlen(schemes[i].prefix);

		if (strncmp(url, schemes[i].prefix, size) != 0)
			continue;
		out->is_tls = schemes[i].is_tls;
		out->port = schemes[i].port;
		rest = url + size;
	}
	if (!rest)
		return err_set(err, ERR_INVALID,
		    "the URL does not begin with wss:// or ws://");
	if (!is_plain(rest))
		return err_set(err, ERR_INVALID,
		    "the URL holds what does not belong there");
	host_size = strcspn(rest, "/?#");
	if (parse_host(out, rest, host_size, err) < 0)
		return -1;
	rest += host_size;
	path_size = strcspn(rest, "?#");
	if (path_size + 2 > sizeof(out->path))
		return err_set(err, ERR_INVALID, "the URL is too long");
	if (path_size == 0)
		out->path[0] = '/';
	memcpy(out->path, rest, path_size);
	return 0;
}
