/* Signs of life: when they are shown, and when no longer. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/loop.h"
#include "libcommon/typing.h"

enum {
	AGAIN_MS = 40,
	TOO_LATE_MS = 5000,
	LONGER_THAN_FIRST_MS = 450,
	LATE_MS = 3200, /* longer than anything is expected */
};

static struct loop *loop;
static struct typing *typing;

/* What the platform was asked to show, and what it makes of it. */
static struct {
	char chats[64][16];
	int64_t at_ms[64];
	size_t n, n_wanted;
	int64_t pause_ms;
	bool is_silent; /* it never answers */
	bool is_refused;
	struct typing_sign *signs[64];
	size_t n_answered;
	struct timer *answer;
} platform;

static void
on_answer(void *arg)
{
	(void)arg;
	while (platform.n_answered < platform.n)
		typing_shown(
		    platform.signs[platform.n_answered++], platform.pause_ms);
}

static bool
show(void *arg, struct typing_sign *sign, const char *chat_id)
{
	size_t at = platform.n++;

	(void)arg;
	assert_true(at < 64);
	snprintf(platform.chats[at], sizeof(platform.chats[at]), "%s", chat_id);
	platform.at_ms[at] = clock_mono_ms();
	platform.signs[at] = sign;
	if (!platform.is_silent && !platform.is_refused)
		timer_start(platform.answer, 0, 0);
	if (platform.n == platform.n_wanted)
		loop_stop(loop);
	return !platform.is_refused;
}

static void
on_time(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void
run_for(int64_t ms)
{
	struct timer *timer = timer_new(loop, on_time, NULL);

	timer_start(timer, ms, 0);
	loop_run(loop);
	timer_free(&timer);
}

static void
wait_shown(size_t n)
{
	platform.n_wanted = n;
	run_for(TOO_LATE_MS);
	assert_int_equal(platform.n, n);
}

static void
tell(const char *body)
{
	AUTO(json_free)
	struct json *json = NULL;
	struct envelope news = { .type = "turn.progress" };
	struct err err;

	if (json_parse(&json, body, strlen(body), &err) < 0)
		fail_msg("%s", err.text);
	news.body = json;
	typing_take(typing, &news);
}

static void
what_is_expected_is_shown_once(void **state)
{
	int64_t began_ms = clock_mono_ms();

	(void)state;
	typing_expect(typing, "7");
	wait_shown(1);
	assert_string_equal(platform.chats[0], "7");
	assert_true(platform.at_ms[0] - began_ms < 1000);
}

/* The engine's first word was late: the platform still shows the sign. */
static void
what_was_expected_in_vain_is_not_shown_twice(void **state)
{
	static const struct typing_platform slow = { 2 * LATE_MS, show };

	(void)state;
	typing_free(&typing);
	typing = typing_new(loop, &slow, NULL);
	typing_expect(typing, "7");
	run_for(LATE_MS);
	assert_int_equal(platform.n, 1);
	tell("{\"chat_id\":\"7\",\"state\":\"working\"}");
	run_for(LONGER_THAN_FIRST_MS);
	assert_int_equal(platform.n, 1);
}

static void
what_is_answered_at_once_shows_nothing(void **state)
{
	(void)state;
	typing_expect(typing, "7");
	typing_end(typing, "7");
	run_for(LONGER_THAN_FIRST_MS);
	assert_int_equal(platform.n, 0);
}

static void
it_is_kept_up_until_the_turn_ends(void **state)
{
	(void)state;
	tell("{\"chat_id\":\"7\",\"state\":\"working\"}");
	wait_shown(4);
	for (size_t i = 1; i < 4; i++)
		assert_true(
		    platform.at_ms[i] - platform.at_ms[i - 1] >= AGAIN_MS - 1);
	tell("{\"chat_id\":\"7\",\"state\":\"done\"}");
	run_for(4 * AGAIN_MS);
	assert_int_equal(platform.n, 4);
}

static void
chats_are_shown_beside_each_other(void **state)
{
	(void)state;
	tell("{\"chat_id\":\"7\",\"state\":\"working\"}");
	tell("{\"chat_id\":\"8\",\"state\":\"working\"}");
	wait_shown(4);
	assert_string_equal(platform.chats[0], "7");
	assert_string_equal(platform.chats[1], "8");
	typing_end(typing, "7");
	wait_shown(6);
	assert_string_equal(platform.chats[4], "8");
	assert_string_equal(platform.chats[5], "8");
}

static void
a_platform_that_wants_none_is_left_alone(void **state)
{
	(void)state;
	/* Longer than the usual time, and not lost for it. */
	platform.pause_ms = 8 * AGAIN_MS;
	tell("{\"chat_id\":\"7\",\"state\":\"working\"}");
	wait_shown(2);
	assert_true(platform.at_ms[1] - platform.at_ms[0] >= 8 * AGAIN_MS - 1);
}

static void
few_are_under_way_at_a_time(void **state)
{
	static const char *const chats[] = { "1", "2", "3", "4", "5" };

	(void)state;
	platform.is_silent = true;
	for (size_t i = 0; i < N_OF(chats); i++)
		typing_expect(typing, chats[i]);
	run_for(LONGER_THAN_FIRST_MS);
	assert_int_equal(platform.n, 2);
	typing_shown(platform.signs[0], 0);
	assert_int_equal(platform.n, 3);
	assert_string_equal(platform.chats[2], "3");
}

static void
what_cannot_be_shown_is_in_nobodys_way(void **state)
{
	(void)state;
	platform.is_refused = true;
	tell("{\"chat_id\":\"7\",\"state\":\"working\"}");
	wait_shown(3);
}

static void
what_cannot_be_read_shows_nothing(void **state)
{
	(void)state;
	tell("{\"chat_id\":\"7\",\"state\":\"thinking\"}");
	run_for(LONGER_THAN_FIRST_MS);
	assert_int_equal(platform.n, 0);
}

static int
setup(void **state)
{
	static const struct typing_platform how = { AGAIN_MS, show };

	(void)state;
	memset(&platform, 0, sizeof(platform));
	platform.answer = timer_new(loop, on_answer, NULL);
	typing = typing_new(loop, &how, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	typing_free(&typing);
	timer_free(&platform.answer);
	return 0;
}

static int
open_loop(void **state)
{
	struct err err;

	(void)state;
	return loop_open(&loop, &err);
}

static int
close_loop(void **state)
{
	(void)state;
	loop_close(&loop);
	return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_expected_is_shown_once),
		TEST(what_was_expected_in_vain_is_not_shown_twice),
		TEST(what_is_answered_at_once_shows_nothing),
		TEST(it_is_kept_up_until_the_turn_ends),
		TEST(chats_are_shown_beside_each_other),
		TEST(a_platform_that_wants_none_is_left_alone),
		TEST(few_are_under_way_at_a_time),
		TEST(what_cannot_be_shown_is_in_nobodys_way),
		TEST(what_cannot_be_read_shows_nothing),
	};

	return cmocka_run_group_tests(tests, open_loop, close_loop);
}
