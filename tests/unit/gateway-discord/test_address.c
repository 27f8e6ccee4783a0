/* URLs of gateways: what is one, and where it leads. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/err.h"
#include "services/gateway-discord/address.h"

static const struct {
	const char *name, *url;
	bool is_tls;
	int port;
	const char *host, *path;
} good[] = {
	{ "as Discord says it", "wss://gateway.discord.gg", true, 443,
	    "gateway.discord.gg", "/" },
	{ "the query is ours", "wss://gateway.discord.gg/?v=9&encoding=etf",
	    true, 443, "gateway.discord.gg", "/" },
	{ "a query without a path", "wss://gateway.discord.gg?v=9", true, 443,
	    "gateway.discord.gg", "/" },
	{ "port and path", "ws://127.0.0.1:8080/gw/resume", false, 8080,
	    "127.0.0.1", "/gw/resume" },
	{ "IPv6", "ws://[::1]:81/", false, 81, "::1", "/" },
	{ "IPv6 without a port", "wss://[2001:db8::1]/x", true, 443,
	    "2001:db8::1", "/x" },
};

static const struct {
	const char *name, *url;
} bad[] = {
	{ "empty", "" },
	{ "no scheme", "gateway.discord.gg" },
	{ "http", "https://gateway.discord.gg" },
	{ "no host", "wss:///x" },
	{ "a user before the host", "wss://discord.gg@evil.example/" },
	{ "a space", "wss://gateway.discord.gg/ x" },
	{ "a line end", "wss://gateway.discord.gg/\r\nX: y" },
	{ "a port that is none", "wss://h:abc/" },
	{ "port 0", "wss://h:0/" },
	{ "a port too high", "wss://h:65536/" },
	{ "a port too long", "wss://h:0000443/" },
	{ "an open bracket", "wss://[::1/" },
	{ "something behind the bracket", "wss://[::1]x/" },
};

static void
addresses_are_read(void **state)
{
	struct address got;
	struct err err;

	(void)state;
	for (size_t i = 0; i < N_OF(good); i++) {
		if (address_parse(&got, good[i].url, &err) < 0)
			fail_msg("%s: %s", good[i].name, err.text);
		if (got.is_tls != good[i].is_tls || got.port != good[i].port ||
		    strcmp(got.host, good[i].host) != 0 ||
		    strcmp(got.path, good[i].path) != 0)
			fail_msg("%s: %s %d %s", good[i].name, got.host,
			    got.port, got.path);
	}
}

static void
others_are_refused(void **state)
{
	struct address got;
	struct err err;
	char url[1024] = "wss://";

	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++)
		if (address_parse(&got, bad[i].url, &err) == 0)
			fail_msg("%s: taken as %s", bad[i].name, got.host);
	memset(url + 6, 'a', sizeof(url) - 7);
	assert_int_equal(address_parse(&got, url, &err), -1);
	memcpy(url + 6, "h/", 2);
	assert_int_equal(address_parse(&got, url, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
