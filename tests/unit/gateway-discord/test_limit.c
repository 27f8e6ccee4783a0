/* Discord's rate limits as numbers. */

#include "tests/unit/unit.h"

#include "libcommon/defs.h"
#include "services/gateway-discord/limit.h"

static const struct {
	const char *name, *text;
	int64_t least_ms, most_ms;
} seconds[] = {
	{ "a fraction", "0.35", 350, 351 },
	{ "whole", "2", 2000, 2001 },
	{ "nothing", "0", 0, 1 },
	{ "a year is a day", "31536000", 86400000, 86400000 },
	{ "empty", "", -1, -1 },
	{ "words", "soon", -1, -1 },
	{ "something behind", "1s", -1, -1 },
	{ "negative", "-1", -1, -1 },
	{ "infinite", "inf", -1, -1 },
	{ "no number", "nan", -1, -1 },
};

static void
seconds_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(seconds); i++) {
		int64_t ms = limit_seconds_ms(seconds[i].text);

		if (ms < seconds[i].least_ms || ms > seconds[i].most_ms)
			fail_msg("%s: %lld", seconds[i].name, (long long)ms);
	}
}

static void
note(struct limit *limit, const char *remaining, const char *after,
    int64_t now_ms)
{
	limit_note(limit, &(struct limit_headers){ remaining, after }, now_ms);
}

static void
an_empty_bucket_is_waited_for(void **state)
{
	struct limit limit = { 0 };

	(void)state;
	assert_int_equal(limit_wait_ms(&limit, 1000), 0);
	note(&limit, "1", "2.0", 1000);
	assert_int_equal(limit_wait_ms(&limit, 1000), 0);
	limit_take(&limit, 1000);
	assert_in_range(limit_wait_ms(&limit, 1000), 2000, 2100);
	assert_in_range(limit_wait_ms(&limit, 2000), 1000, 1100);
	assert_int_equal(limit_wait_ms(&limit, 3100), 0);
	/* It is full again, and nobody knows how full. */
	limit_take(&limit, 3100);
	assert_int_equal(limit_wait_ms(&limit, 3100), 0);
}

static void
headers_that_make_no_sense_change_nothing(void **state)
{
	static const char *const rows[][2] = { { "", "" }, { "0", "" },
		{ "", "5" }, { "x", "5" }, { "-1", "5" }, { "0", "x" } };
	struct limit limit = { 0 };

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		note(&limit, rows[i][0], rows[i][1], 1000);
		assert_int_equal(limit_wait_ms(&limit, 1000), 0);
	}
}

static void
a_refusal_blocks_whatever_remains(void **state)
{
	struct limit limit = { 0 };

	(void)state;
	note(&limit, "4", "1", 1000);
	limit_block(&limit, 5000, 1000);
	limit_block(&limit, 10, 1000);
	assert_in_range(limit_wait_ms(&limit, 1000), 5000, 5100);
	assert_int_equal(limit_wait_ms(&limit, 6100), 0);
}

/* However late the answers are, no second has more than the limit. */
static void
all_together_keep_to_a_second(void **state)
{
	struct limit_global global;
	int n = 0;

	(void)state;
	limit_global_init(&global, 1, 1000);
	while (limit_global_wait_ms(&global, 1000) == 0) {
		limit_global_begin(&global);
		n++;
	}
	assert_in_range(n, 1, 10);
	while (n-- > 0)
		limit_global_end(&global, 1900);
	/* The first second is over; what was answered at 1900 still counts. */
	for (n = 0; limit_global_wait_ms(&global, 2100) == 0; n++)
		limit_global_begin(&global);
	assert_in_range(n, LIMIT_PER_SECOND - 10, LIMIT_PER_SECOND - 1);
	assert_in_range(limit_global_wait_ms(&global, 2100), 1, 900);
	while (n-- > 0)
		limit_global_end(&global, 2200);
	for (n = 0; limit_global_wait_ms(&global, 3205) == 0; n++)
		limit_global_begin(&global);
	assert_int_equal(n, LIMIT_PER_SECOND);
	assert_true(limit_global_wait_ms(&global, 9000) > 0);
}

static void
shards_share_it(void **state)
{
	static const struct {
		int64_t n_shards;
		unsigned each;
	} rows[] = { { 1, 48 }, { 2, 24 }, { 16, 3 }, { 48, 1 }, { 1000, 1 } };

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		struct limit_global global;
		unsigned n = 0;

		limit_global_init(&global, rows[i].n_shards, 1000);
		while (limit_global_wait_ms(&global, 3000) == 0) {
			limit_global_begin(&global);
			n++;
		}
		assert_int_equal(n, rows[i].each);
	}
}

static void
what_can_be_left_out_has_the_first_half(void **state)
{
	struct limit_global global = { .per_second = LIMIT_PER_SECOND };
	unsigned n = 0;

	(void)state;
	for (; !limit_global_is_busy(&global, 1000); n++)
		limit_global_begin(&global);
	assert_in_range(n, 20, 25);
	assert_int_equal(limit_global_wait_ms(&global, 1000), 0);
	while (n-- > 0)
		limit_global_end(&global, 1500);
	assert_true(limit_global_is_busy(&global, 2000));
	assert_false(limit_global_is_busy(&global, 2600));
	global.blocked_until_ms = 3000;
	assert_true(limit_global_is_busy(&global, 2600));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds_are_read),
		cmocka_unit_test(an_empty_bucket_is_waited_for),
		cmocka_unit_test(headers_that_make_no_sense_change_nothing),
		cmocka_unit_test(a_refusal_blocks_whatever_remains),
		cmocka_unit_test(all_together_keep_to_a_second),
		cmocka_unit_test(shards_share_it),
		cmocka_unit_test(what_can_be_left_out_has_the_first_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
