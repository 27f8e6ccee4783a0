/* Naming updates to an engine that answers late, refuses and says wait. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/connector.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/loop.h"
#include "libcommon/suspects.h"

static struct loop *loop;
static struct suspects *suspects;

/* What the engine was asked and has not answered. */
static struct {
	char text[256];
	bus_answer_fn fn;
	void *arg;
	int n;
} asked;

/* What the gateway was told. */
static struct {
	int n, n_poison;
} told;

/* Takes the place of the bus. */
void
connector_ask(struct connector *connector, const char *type,
    const struct buf *body, int64_t within_ms, bus_answer_fn fn, void *arg)
{
	(void)connector;
	(void)within_ms;
	assert_string_equal(type, "update.suspect");
	assert_null(asked.fn);
	snprintf(asked.text, sizeof(asked.text), "%s", body->data);
	asked.fn = fn;
	asked.arg = arg;
	asked.n++;
	loop_stop(loop);
}

static int
begin(void **state)
{
	struct err err;

	(void)state;
	memset(&asked, 0, sizeof(asked));
	memset(&told, 0, sizeof(told));
	if (loop_open(&loop, &err) < 0)
		return -1;
	suspects = suspects_new(loop, NULL);
	suspects_begin(suspects);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	suspects_free(&suspects);
	loop_close(&loop);
	return 0;
}

static void
on_late(void *arg)
{
	(void)arg;
	fail_msg("nothing was asked");
}

/* Runs until the engine is asked; what it is asked is of that update. */
static void
wait_asked(const char *update_id, bool is_over)
{
	struct timer *late = timer_new(loop, on_late, NULL);
	char id[64];

	timer_start(late, 5000, 0);
	loop_run(loop);
	timer_free(&late);
	snprintf(id, sizeof(id), "\"%s\"", update_id);
	if (!strstr(asked.text, id) ||
	    is_over != (strstr(asked.text, "\"is_over\":true") != NULL))
		fail_msg("%s was asked", asked.text);
}

static void
on_turn(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

/* Whatever was due by now has run, and asked nothing: see connector_ask. */
static void
nothing_is_asked_meanwhile(void)
{
	struct timer *turn = timer_new(loop, on_turn, NULL);

	timer_start(turn, 1, 0);
	loop_run(loop);
	timer_free(&turn);
}

static void
answer(const char *verdict)
{
	struct err err;
	char text[64];
	struct envelope envelope = { .is_reply = true, .ok = true };
	bus_answer_fn fn = asked.fn;

	snprintf(text, sizeof(text), "{\"verdict\":\"%s\"}", verdict);
	assert_int_equal(
	    json_parse(&envelope.root, text, strlen(text), &err), 0);
	envelope.body = envelope.root;
	asked.fn = NULL;
	fn(asked.arg, &envelope, NULL);
	json_free(&envelope.root);
}

static void
fail_to_answer(void)
{
	const struct err err = { .code = ERR_TIMEOUT, .text = "late" };
	bus_answer_fn fn = asked.fn;

	asked.fn = NULL;
	fn(asked.arg, NULL, &err);
}

static void
on_told(void *arg, bool is_poison)
{
	(void)arg;
	told.n++;
	told.n_poison += is_poison;
}

static void
name(const char *update_id)
{
	suspects_name(suspects, update_id, on_told, NULL);
}

static void
it_is_named_until_there_is_a_verdict(void **state)
{
	(void)state;
	name("7");
	wait_asked("7", false);
	fail_to_answer();
	wait_asked("7", false);
	answer("wait");
	assert_int_equal(told.n, 0);
	wait_asked("7", false);
	answer("go");
	assert_int_equal(told.n, 1);
	assert_int_equal(told.n_poison, 0);
}

static void
what_is_poison_is_told_and_never_over(void **state)
{
	(void)state;
	name("7");
	wait_asked("7", false);
	answer("skip");
	assert_int_equal(told.n_poison, 1);
	assert_int_equal(*suspects_counter(suspects), 1);
	suspects_looked(suspects);
	name("8");
	wait_asked("8", false);
	answer("go");
	assert_int_equal(asked.n, 2);
}

static void
the_last_one_is_told_to_be_over(void **state)
{
	(void)state;
	name("7");
	wait_asked("7", false);
	answer("go");
	suspects_looked(suspects);
	wait_asked("7", true);
	fail_to_answer();
	wait_asked("7", true);
	answer("go");
	assert_int_equal(told.n, 1);
}

/* The engine stood still with the first question, and answers it late. */
static void
a_late_answer_is_not_taken_for_another(void **state)
{
	(void)state;
	name("7");
	wait_asked("7", false);
	answer("go");
	suspects_looked(suspects);
	wait_asked("7", true);
	name("8");
	nothing_is_asked_meanwhile();
	answer("go");
	wait_asked("8", false);
	answer("go");
	assert_int_equal(told.n, 2);
	suspects_looked(suspects);
	wait_asked("8", true);
	name("9");
	fail_to_answer();
	wait_asked("9", false);
	answer("go");
	assert_int_equal(told.n, 3);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(it_is_named_until_there_is_a_verdict),
		ROW(what_is_poison_is_told_and_never_over),
		ROW(the_last_one_is_told_to_be_over),
		ROW(a_late_answer_is_not_taken_for_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
