/* The table of routes and the doors that follow from it. */

#include <string.h>

#include "libcommon/defs.h"
#include "proto/routes.h"
#include "tests/unit/unit.h"

static void
a_type_is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_routes; i++)
		assert_ptr_equal(route_find(routes[i].type), &routes[i]);
	assert_null(route_find(""));
	assert_null(route_find("task.creat"));
	assert_null(route_find("task.create "));
}

static void
rows_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_routes; i++) {
		const struct route *r = &routes[i];

		assert_true(strlen(r->type) > 0 && strlen(r->help) > 0);
		assert_true(r->from != 0 && r->to != 0);
		assert_true(((r->from | r->to) & ~SVC_ALL) == 0);
		assert_true(r->how < ROUTE_HOW_COUNT);
		assert_non_null(r->body);
		if (r->how != ROUTE_REQ)
			assert_int_equal(r->flags & ROUTE_DEFERRED, 0);
	}
}

static void
names_of_services_read_back(void **state)
{
	(void)state;
	for (unsigned id = 0; id < SVC_COUNT; id++)
		assert_int_equal(service_parse(service_name(id)), id);
	assert_int_equal(service_parse("gateway"), SVC_COUNT);
	assert_int_equal(service_parse(""), SVC_COUNT);
}

static void
a_door_exists_exactly_if_a_route_needs_it(void **state)
{
	static const struct {
		enum service_id listener, peer;
		enum route_how how;
		bool exists;
	} cases[] = {
		{ SVC_TASK_ENGINE, SVC_GATEWAY_TELEGRAM, ROUTE_REQ, true },
		{ SVC_TASK_ENGINE, SVC_GATEWAY_DISCORD, ROUTE_PUB, true },
		{ SVC_TASK_ENGINE, SVC_API, ROUTE_REQ, true },
		{ SVC_INDEXER, SVC_TASK_ENGINE, ROUTE_REQ, true },
		{ SVC_SCHEDULER, SVC_API, ROUTE_REQ, true },
		{ SVC_SCHEDULER, SVC_INDEXER, ROUTE_TELL, true },
		{ SVC_SCHEDULER, SVC_SCHEDULER, ROUTE_TELL, false },
		{ SVC_GATEWAY_TELEGRAM, SVC_TASK_ENGINE, ROUTE_PUB, false },
		{ SVC_INDEXER, SVC_API, ROUTE_REQ, false },
		{ SVC_INDEXER, SVC_GATEWAY_TELEGRAM, ROUTE_REQ, false },
		{ SVC_TASK_ENGINE, SVC_INDEXER, ROUTE_PUB, false },
		{ SVC_API, SVC_TASK_ENGINE, ROUTE_REQ, false },
		{ SVC_GATEWAY_DISCORD, SVC_GATEWAY_TELEGRAM, ROUTE_REQ, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++)
		if (door_exists(cases[i].listener, cases[i].peer,
			cases[i].how) != cases[i].exists)
			fail_msg("%s/%s.%s", service_name(cases[i].listener),
			    service_name(cases[i].peer),
			    route_how_name(cases[i].how));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_type_is_found_by_its_name),
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(names_of_services_read_back),
		cmocka_unit_test(a_door_exists_exactly_if_a_route_needs_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
