/* Growing byte strings. */

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"

static void
an_empty_buf_is_an_empty_string(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	assert_string_equal(buf.data, "");
	buf_truncate(&buf, 0);
	buf_add(&buf, NULL, 0);
	assert_string_equal(buf.data, "");
	assert_int_equal(buf.size, 0);
	buf_release(&buf);
	buf_release(&buf);
	assert_string_equal(buf.data, "");
}

static void
pieces_are_joined_and_terminated(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	buf_adds(&buf, "ab");
	buf_addc(&buf, 'c');
	buf_add(&buf, "d\0e", 3);
	buf_addf(&buf, "%03d", 7);
	assert_int_equal(buf.size, 9);
	assert_memory_equal(buf.data, "abcd\0e007", 10);
	buf_truncate(&buf, 3);
	assert_string_equal(buf.data, "abc");
	buf_reset(&buf);
	assert_int_equal(buf.size, 0);
	assert_string_equal(buf.data, "");
	buf_release(&buf);
}

static void
a_long_buf_keeps_what_it_had(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	for (int i = 0; i < 10000; i++)
		buf_addf(&buf, "%05d", i);
	assert_int_equal(buf.size, 50000);
	for (int i = 0; i < 10000; i++) {
		char digits[6] = "";

		memcpy(digits, buf.data + (size_t)i * 5, 5);
		assert_int_equal(strtol(digits, NULL, 10), i);
	}
	buf_release(&buf);
}

static void
what_was_grown_and_not_filled_is_taken_off(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf);
	buf_adds(&buf, "x");
	memcpy(buf_grow(&buf, 100), "yz", 2);
	assert_int_equal(buf.size, 101);
	assert_int_equal(buf.data[101], '\0');
	buf_truncate(&buf, 3);
	assert_string_equal(buf.data, "xyz");
	buf_release(&buf);
}

static void
stolen_bytes_are_the_callers(void **state)
{
	struct buf buf;
	char *bytes;

	(void)state;
	buf_init(&buf);
	buf_adds(&buf, "abc");
	bytes = buf_steal(&buf);
	assert_string_equal(bytes, "abc");
	free(bytes);
	assert_int_equal(buf.size, 0);
	bytes = buf_steal(&buf);
	assert_string_equal(bytes, "");
	free(bytes);
	buf_release(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buf_is_an_empty_string),
		cmocka_unit_test(pieces_are_joined_and_terminated),
		cmocka_unit_test(a_long_buf_keeps_what_it_had),
		cmocka_unit_test(what_was_grown_and_not_filled_is_taken_off),
		cmocka_unit_test(stolen_bytes_are_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
