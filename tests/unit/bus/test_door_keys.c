/* Door keys: what is made, printed and read back. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/err.h"

static const struct bus_peer engine = { SVC_TASK_ENGINE, "main" };
static const struct bus_peer api = { SVC_API, "main" };
static const struct bus_peer telegram = { SVC_GATEWAY_TELEGRAM, "main" };
static const struct bus_peer sink = { SVC_GATEWAY_TELEGRAM, "sink" };
static const struct bus_peer suite[] = {
	{ SVC_TASK_ENGINE, "main" },
	{ SVC_API, "main" },
	{ SVC_SCHEDULER, "main" },
	{ SVC_GATEWAY_TELEGRAM, "main" },
	{ SVC_GATEWAY_TELEGRAM, "sink" },
};

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* As serve hands them on: through a pipe. */
static int
read_text(
    struct door_keys **out, const char *text, size_t size, struct err *err)
{
	int fds[2], rc;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, size), (ssize_t)size);
	close(fds[1]);
	rc = door_keys_read_fd(out, fds[0], err);
	close(fds[0]);
	return rc;
}

static void
each_pair_with_a_route_gets_a_key_of_its_own(void **state)
{
	struct door_keys *keys = door_keys_make(suite, N_OF(suite));
	const char *first, *second;

	(void)state;
	first = door_keys_find(keys, SVC_TASK_ENGINE, &telegram);
	second = door_keys_find(keys, SVC_TASK_ENGINE, &sink);
	assert_int_equal(strlen(first), 64);
	assert_string_not_equal(first, second);
	assert_non_null(door_keys_find(keys, SVC_SCHEDULER, &sink));
	assert_null(door_keys_find(keys, SVC_API, &sink));
	assert_null(door_keys_find(keys, SVC_GATEWAY_TELEGRAM, &engine));
	door_keys_free(&keys);
	assert_null(keys);
}

static void
a_daemon_is_told_its_own_doors_and_no_others(void **state)
{
	struct door_keys *keys = door_keys_make(suite, N_OF(suite));
	struct door_keys *own;
	struct buf text;
	struct err err;

	(void)state;
	buf_init(&text);
	door_keys_print_for(keys, &sink, &text);
	assert_int_equal(read_text(&own, text.data, text.size, &err), 0);
	assert_string_equal(door_keys_find(own, SVC_TASK_ENGINE, &sink),
	    door_keys_find(keys, SVC_TASK_ENGINE, &sink));
	assert_non_null(door_keys_find(own, SVC_SCHEDULER, &sink));
	assert_null(door_keys_find(own, SVC_TASK_ENGINE, &telegram));
	assert_null(door_keys_find(own, SVC_TASK_ENGINE, &api));
	door_keys_free(&own);

	buf_reset(&text);
	door_keys_print_for(keys, &engine, &text);
	assert_int_equal(read_text(&own, text.data, text.size, &err), 0);
	assert_non_null(door_keys_find(own, SVC_TASK_ENGINE, &sink));
	assert_non_null(door_keys_find(own, SVC_TASK_ENGINE, &telegram));
	assert_non_null(door_keys_find(own, SVC_SCHEDULER, &engine));
	assert_null(door_keys_find(own, SVC_SCHEDULER, &api));
	door_keys_free(&own);
	door_keys_free(&keys);
	buf_release(&text);
}

static const struct {
	const char *name, *text, *want; /* part of the error */
} bad[] = {
	{ "nothing", "", "no door key" },
	{ "only newlines", "\n\n", "no door key" },
	{ "no key", "task-engine/api.main\n", "line 1" },
	{ "no instance", "task-engine/api " HEX64 "\n", "line 1" },
	{ "no peer", "task-engine " HEX64 "\n", "line 1" },
	{ "slash and dot only in the key", "task-engine a/b.c\n", "line 1" },
	{ "unknown listener", "engine/api.main " HEX64 "\n", "no such door" },
	{ "unknown peer", "task-engine/me.main " HEX64 "\n", "no such door" },
	{ "pair without a route", "api/indexer.main " HEX64 "\n",
	    "no such door" },
	{ "instance that leaves the directory",
	    "task-engine/api.../x " HEX64 "\n", "no such door" },
	{ "instance too long",
	    "task-engine/api.abcdefghijklmnopqrstuvwxyz1234567 " HEX64 "\n",
	    "no such door" },
	{ "short key", "task-engine/api.main 0123\n", "64" },
	{ "long key", "task-engine/api.main " HEX64 "0\n", "64" },
	{ "capitals",
	    "task-engine/api.main 0123456789ABCDEF0123456789abcdef"
	    "0123456789abcdef0123456789abcdef\n",
	    "64" },
	{ "twice",
	    "task-engine/api.main " HEX64 "\n"
	    "task-engine/api.main " HEX64 "\n",
	    "line 2" },
	{ "second line wrong", "task-engine/api.main " HEX64 "\nx\n",
	    "line 2" },
};

static void
a_bad_line_is_named_and_its_key_is_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++) {
		struct door_keys *keys = NULL;
		struct err err;

		if (read_text(&keys, bad[i].text, strlen(bad[i].text), &err) !=
			-1 ||
		    err.code != ERR_INVALID || !strstr(err.text, bad[i].want))
			fail_msg("%s: %s", bad[i].name, err.text);
		assert_null(strstr(err.text, "0123456789abcdef"));
		assert_null(keys);
	}
}

static void
a_nul_byte_is_refused(void **state)
{
	static const char text[] = "task-engine/api.main " HEX64 "\n\0x\n";
	struct door_keys *keys;
	struct err err;

	(void)state;
	assert_int_equal(read_text(&keys, text, sizeof(text) - 1, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
}

static void
keys_without_end_are_refused(void **state)
{
	struct door_keys *keys;
	struct err err;
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(door_keys_read_fd(&keys, fd, &err), -1);
	assert_non_null(strstr(err.text, "longer than"));
	close(fd);
}

static void
only_a_regular_file_is_read(void **state)
{
	char fifo[] = "/tmp/test-door-keys-XXXXXX";
	struct door_keys *keys;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(fifo));
	assert_int_equal(rmdir(fifo), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	alarm(20);
	assert_int_equal(door_keys_read_file(&keys, fifo, &err), -1);
	alarm(0);
	assert_non_null(strstr(err.text, fifo));
	assert_non_null(strstr(err.text, "is not a regular file"));
	assert_int_equal(unlink(fifo), 0);
	assert_int_equal(door_keys_read_file(&keys, "/nowhere/keys", &err), -1);
	assert_non_null(strstr(err.text, "/nowhere/keys"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pair_with_a_route_gets_a_key_of_its_own),
		cmocka_unit_test(a_daemon_is_told_its_own_doors_and_no_others),
		cmocka_unit_test(a_bad_line_is_named_and_its_key_is_not),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(keys_without_end_are_refused),
		cmocka_unit_test(only_a_regular_file_is_read),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
