/* Files of several messages at a time, and of some that are given up. */

#include "services/gateway-discord/files.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "proto/message.h"
#include "tests/unit/unit.h"

/* As many messages are fetched for at a time, and one more. */
enum { N_ACTIVE = 2, N_SETS = 3, LOOK_MS = 5, WITHIN_MS = 20 * 1000 };

/* A server that accepts and never answers. */
static struct {
	struct loop *loop;
	int fd;
	int n_accepted, n_wanted;
	int64_t deadline_ms;
} silent;

static void
look(void *arg)
{
	(void)arg;
	while (accept4(silent.fd, NULL, NULL, SOCK_NONBLOCK) >= 0)
		silent.n_accepted++;
	if (silent.n_accepted >= silent.n_wanted ||
	    clock_mono_ms() >= silent.deadline_ms)
		loop_stop(silent.loop);
}

static void
wait_accepted(int n)
{
	struct timer *timer = timer_new(silent.loop, look, NULL);

	silent.n_wanted = n;
	silent.deadline_ms = clock_mono_ms() + WITHIN_MS;
	timer_start(timer, LOOK_MS, LOOK_MS);
	loop_run(silent.loop);
	timer_free(&timer);
	assert_int_equal(silent.n_accepted, n);
}

static int
listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	silent.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(silent.fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(silent.fd, 8), 0);
	assert_int_equal(
	    getsockname(silent.fd, (struct sockaddr *)&at, &size), 0);
	return ntohs(at.sin_port);
}

static void
never(void *arg)
{
	(void)arg;
	fail();
}

static void
one_that_is_given_up_makes_room_for_the_next(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);
	struct message_attachment item = { .name = "a.md", .media_type = "" };
	struct message_inbound messages[N_SETS];
	struct file_set *sets[N_SETS];
	char base[64], url[96];
	const char *urls[] = { url };
	const struct files_options options = {
		.api_base = base, .ca_file = "", .done = never
	};
	AUTO(files_close)
	struct files *files = NULL;
	struct err err;

	(void)state;
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", listen_somewhere());
	snprintf(url, sizeof(url), "%s/a.md", base);
	if (files_open(&files, silent.loop, NULL, &options, &err) < 0)
		fail_msg("%s", err.text);
	for (int i = 0; i < N_SETS; i++) {
		messages[i] = (struct message_inbound){ .event_id = "m:1",
			.chat_id = "1",
			.attachments = &item,
			.n_attachments = 1 };
		sets[i] = files_begin(files, &messages[i], urls, arena);
		assert_non_null(sets[i]);
	}
	wait_accepted(N_ACTIVE);
	files_forget(&sets[0]);
	assert_null(sets[0]);
	wait_accepted(N_ACTIVE + 1);
	for (int i = 1; i < N_SETS; i++)
		files_forget(&sets[i]);
	close(silent.fd);
}

static int
set_up(void **state)
{
	struct err err;

	(void)state;
	return loop_open(&silent.loop, &err);
}

static int
tear_down(void **state)
{
	(void)state;
	loop_close(&silent.loop);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_given_up_makes_room_for_the_next),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
