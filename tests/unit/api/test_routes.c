/* The HTTP interface's table: who may ask what, where. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/routes.h"
#include "services/api/openapi.h"
#include "services/api/routes.h"

/* routes.c alone is linked; what the rows call is not called here. */
#define STUB(name)                                                             \
	int name(struct visit *visit, struct err *err)                         \
	{                                                                      \
		(void)visit;                                                   \
		(void)err;                                                     \
		return 0;                                                      \
	}
STUB(on_healthz)
STUB(on_readyz)
STUB(on_openapi)
STUB(on_heartbeat)
STUB(on_info)
STUB(on_chat_post)
STUB(on_chat_get)
STUB(on_task_post)
STUB(on_task_get)
STUB(on_task_retry)
STUB(on_task_cancel)
STUB(on_plain)
STUB(on_plain_slow)

static void
everything_beneath_api_v1_needs_a_credential(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_api_routes; i++) {
		const struct api_route *r = &api_routes[i];
		bool is_api = strncmp(r->path, "/api/v1/", 8) == 0;

		if (is_api == ((r->flags & API_OPEN) != 0))
			fail_msg("%s %s", r->method, r->path);
	}
}

static void
the_public_listener_knows_health_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_api_routes; i++) {
		const struct api_route *r = &api_routes[i];
		char allow[API_ALLOW_SIZE];
		bool is_health = strcmp(r->path, "/healthz") == 0 ||
				 strcmp(r->path, "/readyz") == 0;
		bool is_found = api_route_find(LISTENER_PUBLIC, r->method,
				    r->path, allow) != NULL;

		if (is_found != is_health)
			fail_msg("%s %s", r->method, r->path);
		assert_string_equal(allow, "");
	}
}

static void
operations_are_messages_or_checked_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_api_routes; i++) {
		const char *operation = api_routes[i].operation;

		if (*operation != '\0' && route_find(operation) == NULL &&
		    strcmp(operation, "heartbeat.read") != 0 &&
		    strcmp(operation, "info.read") != 0)
			fail_msg("%s: %s", api_routes[i].path, operation);
	}
}

static const struct {
	const char *method, *path, *allow; /* NULL: found */
} cases[] = {
	{ "GET", "/healthz", NULL },
	{ "HEAD", "/healthz", NULL },
	{ "POST", "/healthz", "GET, HEAD" },
	{ "POST", "/api/v1/chat", NULL },
	{ "GET", "/api/v1/chat", NULL },
	{ "DELETE", "/api/v1/chat", "POST, GET, HEAD" },
	{ "HEAD", "/api/v1/tasks/retry", "POST" },
	{ "get", "/healthz", "GET, HEAD" },
	{ "GET", "/healthz/", "" },
	{ "GET", "/Healthz", "" },
	{ "GET", "//healthz", "" },
	{ "GET", "", "" },
};

static void
paths_and_methods_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		char allow[API_ALLOW_SIZE];
		const struct api_route *got = api_route_find(
		    LISTENER_LOCAL, cases[i].method, cases[i].path, allow);

		if ((got != NULL) != (cases[i].allow == NULL))
			fail_msg("%s %s", cases[i].method, cases[i].path);
		if (got == NULL)
			assert_string_equal(allow, cases[i].allow);
	}
}

static void
the_document_describes_every_route(void **state)
{
	AUTO(buf_release)
	struct buf text;
	AUTO(json_free)
	struct json *document = NULL;
	const struct json *paths;
	struct err err;

	(void)state;
	buf_init(&text);
	openapi_print(&text);
	if (json_parse(&document, text.data, text.size, &err) < 0)
		fail_msg("%s", err.text);
	paths = json_get(document, "paths");
	for (size_t i = 0; i < n_api_routes; i++) {
		const struct api_route *r = &api_routes[i];
		bool is_get = strcmp(r->method, "GET") == 0;
		const struct json *operation =
		    json_get(json_get(paths, r->path), is_get ? "get" : "post");

		if (*json_str(json_get(operation, "summary"), "") == '\0')
			fail_msg("%s %s", r->method, r->path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_beneath_api_v1_needs_a_credential),
		cmocka_unit_test(the_public_listener_knows_health_only),
		cmocka_unit_test(operations_are_messages_or_checked_ones),
		cmocka_unit_test(paths_and_methods_are_exact),
		cmocka_unit_test(the_document_describes_every_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
