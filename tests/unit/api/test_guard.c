/* What headers and addresses may look like. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/api/http_guard.h"

static const struct {
	const char *text, *host;
	int port;
	bool is_loopback;
} good_addresses[] = {
	{ "127.0.0.1:8080", "127.0.0.1", 8080, true },
	{ "127.0.0.2:1", "127.0.0.2", 1, true },
	{ "localhost:0", "127.0.0.1", 0, true },
	{ "LOCALHOST:80", "127.0.0.1", 80, true },
	{ "[::1]:65535", "::1", 65535, true },
	{ ":8080", "0.0.0.0", 8080, false },
	{ "0.0.0.0:8080", "0.0.0.0", 8080, false },
	{ "[::]:8080", "::", 8080, false },
	{ "192.168.1.7:8080", "192.168.1.7", 8080, false },
	{ "[::ffff:127.0.0.1]:80", "::ffff:127.0.0.1", 80, false },
};

static void
addresses_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(good_addresses); i++) {
		struct listen_address got;
		struct err err;

		if (listen_address_parse(&got, good_addresses[i].text, &err) <
		    0)
			fail_msg("%s: %s", good_addresses[i].text, err.text);
		assert_string_equal(got.host, good_addresses[i].host);
		assert_int_equal(got.port, good_addresses[i].port);
		assert_int_equal(
		    got.is_loopback, good_addresses[i].is_loopback);
	}
}

static const char *const bad_addresses[] = { "", "127.0.0.1", "8080",
	"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
	"127.0.0.1:000080", "::1:8080", "[::1]", "[::1]8080", "[::1:8080",
	"example.org:80", "127.1:80", "127.0.0.1:80:80", " 127.0.0.1:80",
	"[127.0.0.1]x:80",
	"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:80" };

static void
other_addresses_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(bad_addresses); i++) {
		struct listen_address got;
		struct err err;

		if (listen_address_parse(&got, bad_addresses[i], &err) == 0)
			fail_msg("\"%s\" was taken", bad_addresses[i]);
		assert_int_equal(err.code, ERR_INVALID);
	}
}

static const struct {
	const char *header, *host; /* NULL: refused */
	bool is_loopback;
} hosts[] = {
	{ "localhost", "localhost", true },
	{ "LocalHost:8080", "localhost", true },
	{ "127.0.0.1", "127.0.0.1", true },
	{ "127.255.255.254:1", "127.255.255.254", true },
	{ "[::1]:8080", "::1", true },
	{ "[::1]", "::1", true },
	{ "evil.example", "evil.example", false },
	{ "localhost.evil.example", "localhost.evil.example", false },
	{ "127.0.0.1.evil.example", "127.0.0.1.evil.example", false },
	{ "128.0.0.1", "128.0.0.1", false },
	{ "0.0.0.0", "0.0.0.0", false },
	/* Ways to write 127.0.0.1 that only some resolvers know. */
	{ "2130706433", "2130706433", false },
	{ "0x7f.1", "0x7f.1", false },
	{ "127.1", "127.1", false },
	{ "", NULL, false },
	{ ":80", NULL, false },
	{ "local host", NULL, false },
	{ "localhost:80:80", NULL, false },
	{ "localhost:port", NULL, false },
	{ "localhost:99999", NULL, false },
	{ "a/b", NULL, false },
	{ "user@localhost", NULL, false },
	{ "[::1", NULL, false },
	{ "[::1]x", NULL, false },
	{ "caf\xc3\xa9", NULL, false },
};

static void
hosts_are_told_apart(void **state)
{
	char host[GUARD_HOST_SIZE];

	(void)state;
	for (size_t i = 0; i < N_OF(hosts); i++) {
		int rc = guard_host_parse(host, hosts[i].header);

		if ((rc == 0) != (hosts[i].host != NULL))
			fail_msg("%s: %d", hosts[i].header, rc);
		if (rc < 0)
			continue;
		assert_string_equal(host, hosts[i].host);
		if (guard_host_is_loopback(host) != hosts[i].is_loopback)
			fail_msg("%s: loopback", hosts[i].header);
	}
}

static void
a_host_that_is_too_long_is_refused(void **state)
{
	char header[2 * GUARD_HOST_SIZE], host[GUARD_HOST_SIZE];

	(void)state;
	memset(header, 'a', sizeof(header));
	header[GUARD_HOST_SIZE - 1] = '\0';
	assert_int_equal(guard_host_parse(host, header), 0);
	header[GUARD_HOST_SIZE - 1] = 'a';
	header[GUARD_HOST_SIZE] = '\0';
	assert_int_equal(guard_host_parse(host, header), -1);
}

static const struct {
	const char *origin, *host;
	bool is_same;
} origins[] = {
	{ "http://localhost:8080", "localhost:8080", true },
	{ "https://ADMIN.example", "admin.example", true },
	{ "http://localhost:3000", "localhost:8080", false },
	{ "http://localhost", "localhost:8080", false },
	{ "http://evil.example", "localhost:8080", false },
	{ "http://localhost:8080.evil.example", "localhost:8080", false },
	{ "null", "localhost", false },
	{ "file://", "localhost", false },
	{ "http://", "", false },
	{ "localhost:8080", "localhost:8080", false },
};

static void
only_the_same_origin_is_ours(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(origins); i++)
		if (guard_origin_is_same(origins[i].origin, origins[i].host) !=
		    origins[i].is_same)
			fail_msg(
			    "%s at %s", origins[i].origin, origins[i].host);
}

static const struct {
	const char *type;
	bool is_json;
} types[] = {
	{ "application/json", true },
	{ "Application/JSON", true },
	{ "application/json; charset=utf-8", true },
	{ "application/json;charset=\"UTF-8\"", true },
	{ "application/json ; charset=utf-8 ; x=y", true },
	{ "application/json;", true },
	{ "", false },
	{ "application/json; charset=latin1", false },
	{ "application/json; charset=utf-80", false },
	{ "application/jsonp", false },
	{ "application/json x", false },
	{ "text/plain", false },
	{ "text/plain; application/json", false },
	{ "application/x-www-form-urlencoded", false },
	{ "multipart/form-data; boundary=application/json", false },
};

static void
content_types_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(types); i++)
		if (guard_is_json(types[i].type) != types[i].is_json)
			fail_msg("\"%s\"", types[i].type);
}

static const struct {
	const char *header, *token; /* NULL: refused */
} bearers[] = {
	{ "Bearer abc", "abc" },
	{ "bearer abc", "abc" },
	{ "BEARER   abc", "abc" },
	{ "Bearer a.b~c+/=", "a.b~c+/=" },
	{ "Bearer ", NULL },
	{ "Bearer", NULL },
	{ "Bearerabc", NULL },
	{ "Basic abc", NULL },
	{ "Bearer a b", NULL },
	{ "Bearer a\tb", NULL },
	{ "Bearer \xc3\xa9", NULL },
	{ "abc", NULL },
};

static void
bearer_tokens_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(bearers); i++) {
		const char *got = guard_bearer(bearers[i].header);

		if ((got == NULL) != (bearers[i].token == NULL))
			fail_msg("\"%s\"", bearers[i].header);
		if (got != NULL)
			assert_string_equal(got, bearers[i].token);
	}
}

static void
keys_are_1_to_128_visible_characters(void **state)
{
	char key[130];

	(void)state;
	memset(key, '~', sizeof(key));
	key[128] = '\0';
	assert_true(guard_is_key(key));
	key[128] = '!';
	key[129] = '\0';
	assert_false(guard_is_key(key));
	assert_true(guard_is_key("!"));
	assert_false(guard_is_key(""));
	assert_false(guard_is_key("a b"));
	assert_false(guard_is_key("a\x7f"));
	assert_false(guard_is_key("\xc3\xa9"));
}

static void
field_names_are_tokens(void **state)
{
	static const struct {
		const char *name;
		bool is_good;
	} names[] = {
		{ "Host", true },
		{ "X-Client-Subject", true },
		{ "!#$%&'*+-.^_`|~", true },
		{ "", false },
		{ "Transfer-Encoding ", false },
		{ " Host", false },
		{ "Ho:st", false },
		{ "H\xc3\xb6st", false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(names); i++)
		if (guard_is_field_name(names[i].name, strlen(names[i].name)) !=
		    names[i].is_good)
			fail_msg("\"%s\"", names[i].name);
	assert_false(guard_is_field_name("a\0b", 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_understood),
		cmocka_unit_test(other_addresses_are_refused),
		cmocka_unit_test(hosts_are_told_apart),
		cmocka_unit_test(a_host_that_is_too_long_is_refused),
		cmocka_unit_test(only_the_same_origin_is_ours),
		cmocka_unit_test(content_types_are_told_apart),
		cmocka_unit_test(bearer_tokens_are_found),
		cmocka_unit_test(keys_are_1_to_128_visible_characters),
		cmocka_unit_test(field_names_are_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
