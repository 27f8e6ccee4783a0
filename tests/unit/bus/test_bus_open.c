/* The bus as it is opened: its sockets, its keys, its start. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "libcommon/err.h"
#include "libcommon/log.h"
#include "tests/unit/bus/stage.h"

static struct stage stage;
static struct echo echo;

static int
open_engine(void **state)
{
	(void)state;
	stage_open(&stage);
	echo_open(&echo, stage_bus(&stage, SVC_TASK_ENGINE, "main"));
	return 0;
}

static int
close_engine(void **state)
{
	(void)state;
	stage_close(&stage);
	return 0;
}

static int
try_open(const struct bus_options *options, struct err *err)
{
	struct bus *bus;

	return bus_open(&bus, stage.loop, options, err);
}

static void
sockets_and_directories_are_private(void **state)
{
	char path[256];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/task-engine", stage.run_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	snprintf(
	    path, sizeof(path), "%s/task-engine/api.main.req", stage.run_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
a_path_too_long_for_a_socket_is_explained(void **state)
{
	char dir[160];
	struct bus_options options = {
		.run_dir = dir,
		.self = { SVC_API, "main" },
		.keys = stage.keys,
	};
	struct err err;

	(void)state;
	memset(dir, 'x', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	assert_int_equal(try_open(&options, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.text, "AGENT_RUNTIME_DATA_DIR"));
}

/* The last test: nng finds out by connecting, which may stop the listener. */
static void
a_second_listener_is_refused(void **state)
{
	struct bus_options options = {
		.run_dir = stage.run_dir,
		.self = { SVC_TASK_ENGINE, "main" },
		.keys = stage.keys,
	};
	struct err err;

	(void)state;
	assert_int_equal(try_open(&options, &err), -1);
	assert_int_equal(err.code, ERR_CONFLICT);
}

static void
keys_for_somebody_else_open_nothing(void **state)
{
	struct bus_options options = {
		.run_dir = stage.run_dir,
		.self = { SVC_GATEWAY_TELEGRAM, "stranger" },
		.keys = stage.keys,
	};
	struct err err;

	(void)state;
	assert_int_equal(try_open(&options, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.text, "gateway-telegram.stranger"));
}

static void
a_client_only_bus_asks_and_listens_nowhere(void **state)
{
	struct bus_options options = {
		.run_dir = stage.run_dir,
		.self = { SVC_GATEWAY_TELEGRAM, "main" },
		.keys = stage.keys,
		.client_only = true,
	};
	struct asked asked = { 0 };
	struct bus *tool;
	struct err err;

	(void)state;
	assert_int_equal(bus_open(&tool, stage.loop, &options, &err), 0);
	ask(&asked, tool, SVC_TASK_ENGINE, "delivery.claim", NULL, 5000, "{}");
	assert_true(stage_until(&stage, asked_is_done, &asked, 10000));
	assert_true(asked.ok);
	asked_release(&asked);
}

static void
a_call_before_the_start_is_made_after_it(void **state)
{
	struct bus_options options = {
		.run_dir = stage.run_dir,
		.self = { SVC_API, "main" },
		.keys = stage.keys,
		.start_later = true,
	};
	struct asked asked = { 0 };
	struct bus *late;
	struct err err;

	(void)state;
	assert_int_equal(bus_open(&late, stage.loop, &options, &err), 0);
	ask(&asked, late, SVC_TASK_ENGINE, "task.get", NULL, 5000, "{}");
	assert_false(stage_until(&stage, asked_is_done, &asked, 100));
	assert_int_equal(bus_start(late, &err), 0);
	assert_true(stage_until(&stage, asked_is_done, &asked, 10000));
	assert_true(asked.ok);
	asked_release(&asked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_and_directories_are_private),
		cmocka_unit_test(a_path_too_long_for_a_socket_is_explained),
		cmocka_unit_test(keys_for_somebody_else_open_nothing),
		cmocka_unit_test(a_client_only_bus_asks_and_listens_nowhere),
		cmocka_unit_test(a_call_before_the_start_is_made_after_it),
		cmocka_unit_test(a_second_listener_is_refused),
	};
	int n_failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init("test", LOG_LEVEL_ERROR);
	n_failed = cmocka_run_group_tests(tests, open_engine, close_engine);
	stage_exit(n_failed != 0);
}
