/* The HTTP interface's table: who may ask what, where. */

#include "tests/unit/unit.h"

#include <string.h>

#include "proto/routes.h"
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
STUB(on_heartbeat)
STUB(on_info)
STUB(on_status)
STUB(on_chat_post)
STUB(on_chat_get)
STUB(on_task_post)
STUB(on_task_get)
STUB(on_task_retry)
STUB(on_task_cancel)
STUB(on_plain)
STUB(on_audit_verify)

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_beneath_api_v1_needs_a_credential),
		cmocka_unit_test(the_public_listener_knows_health_only),
		cmocka_unit_test(operations_are_messages_or_checked_ones),
		cmocka_unit_test(paths_and_methods_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
