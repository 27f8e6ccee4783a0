/* What headers and addresses may look like; no I/O, no state. */

#include "services/api/http_guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "libcommon/err.h"

enum { TOKEN_MAX = 512, KEY_MAX = 128 };

static bool
is_visible(const char *text, size_t at_least, size_t at_most)
{
	size_t n = 0;

	for (; text[n] != '\0'; n++)
		if (text[n] < '!' || text[n] > '~' || n == at_most)
			return false;
	return n >= at_least;
}

static int
port_parse(const char *text, int *port_out)
{
	long port = 0;
	size_t n = 0;

	for (; text[n] != '\0'; n++) {
		if (!isdigit((unsigned char)text[n]) || n == 5)
			return -1;
		port = port * 10 + (text[n] - '0');
	}
	if (n == 0 || port > UINT16_MAX)
		return -1;
	*port_out = (int)port;
	return 0;
}

/* Splits "[v6]:port", "host:port", "host". port_out is NULL-able text. */
static int
host_port_split(
    const char *text, char *host, size_t room, const char **port_out)
{
	const char *from = text, *end;

	if (*text == '[') {
		from = text + 1;
		end = strchr(from, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return -1;
		*port_out = end[1] == ':' ? end + 2 : NULL;
	} else {
		end = strchr(text, ':');
		*port_out = end != NULL ? end + 1 : NULL;
		if (end == NULL)
			end = text + strlen(text);
	}
	if ((size_t)(end - from) >= room)
		return -1;
	memcpy(host, from, (size_t)(end - from));
	host[end - from] = '\0';
	return 0;
}

static bool
is_v4_loopback(const char *host)
{
	struct in_addr addr;

	return inet_pton(AF_INET, host, &addr) == 1 &&
	       (ntohl(addr.s_addr) >> 24) == 127;
}

static bool
is_v6_loopback(const char *host)
{
	struct in6_addr addr;

	return inet_pton(AF_INET6, host, &addr) == 1 &&
	       memcmp(&addr, &in6addr_loopback, sizeof(addr)) == 0;
}

/* The name of an address is looked up by nobody: it might change its mind. */
static int
numeric_host(struct listen_address *out, const char *host)
{
	struct in6_addr addr;

	if (*host == '\0')
		host = "0.0.0.0";
	if (strcasecmp(host, "localhost") == 0)
		host = "127.0.0.1";
	out->is_ipv6 = inet_pton(AF_INET6, host, &addr) == 1;
	if (!out->is_ipv6 && inet_pton(AF_INET, host, &addr) != 1)
		return -1;
	snprintf(out->host, sizeof(out->host), "%s", host);
	out->is_loopback = is_v4_loopback(host) || is_v6_loopback(host);
	return 0;
}

int
listen_address_parse(
    struct listen_address *out, const char *text, struct err *err)
{
	char host[INET6_ADDRSTRLEN];
	const char *port;

	*out = (struct listen_address){ 0 };
	if (host_port_split(text, host, sizeof(host), &port) < 0 ||
	    port == NULL || port_parse(port, &out->port) < 0 ||
	    numeric_host(out, host) < 0)
		return err_set(err, ERR_INVALID,
		    "\"%s\" is no address to listen at; allowed are "
		    "<numeric address>:<port> such as 127.0.0.1:8080 or "
		    "[::1]:8080, and \"off\"",
		    text);
	return 0;
}

int
guard_host_parse(char out[GUARD_HOST_SIZE], const char *header)
{
	const char *port;
	int number;

	if (host_port_split(header, out, GUARD_HOST_SIZE, &port) < 0 ||
	    out[0] == '\0' || (port != NULL && port_parse(port, &number) < 0))
		return -1;
	for (char *c = out; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && strchr("-._:", *c) == NULL)
			return -1;
		*c = (char)tolower((unsigned char)*c);
	}
	return 0;
}

bool
guard_host_is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || is_v4_loopback(host) ||
	       is_v6_loopback(host);
}

bool
guard_origin_is_same(const char *origin, const char *host_header)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < N_OF(schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (strncasecmp(origin, schemes[i], n) == 0)
			return *host_header != '\0' &&
			       strcasecmp(origin + n, host_header) == 0;
	}
	return false;
}

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* One "; name=value"; returns where the next begins, NULL when it is bad. */
static const char *
json_parameter(const char *text)
{
	static const char name[] = "charset=";
	const char *at = skip_blanks(text + 1);
	size_t size;

	if (*text != ';')
		return NULL;
	size = strcspn(at, ";");
	while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t'))
		size--;
	if (strncasecmp(at, name, strlen(name)) == 0) {
		const char *value = at + strlen(name);
		size_t n = size - strlen(name);

		if (!(n == 5 && strncasecmp(value, "utf-8", n) == 0) &&
		    !(n == 7 && strncasecmp(value, "\"utf-8\"", n) == 0))
			return NULL;
	}
	return skip_blanks(at + size);
}

bool
guard_is_json(const char *content_type)
{
	static const char type[] = "application/json";
	const char *at = content_type;

	if (strncasecmp(at, type, strlen(type)) != 0)
		return false;
	at = skip_blanks(at + strlen(type));
	while (at != NULL && *at != '\0')
		at = json_parameter(at);
	return at != NULL;
}

bool
guard_is_key(const char *key)
{
	return is_visible(key, 1, KEY_MAX);
}

const char *
guard_bearer(const char *authorization)
{
	static const char scheme[] = "Bearer ";
	const char *token;

	if (strncasecmp(authorization, scheme, strlen(scheme)) != 0)
		return NULL;
	token = authorization + strlen(scheme);
	token += strspn(token, " ");
	return is_visible(token, 1, TOKEN_MAX) ? token : NULL;
}

bool
guard_is_field_name(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)name[i]) &&
		    (name[i] == '\0' ||
			strchr("!#$%&'*+-.^_`|~", name[i]) == NULL))
			return false;
	return size > 0;
}
