/* Bytes as text and back. */

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/base64.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"

/* The examples of RFC 4648, section 10, and both digits beyond letters. */
static const struct {
	const char *bytes, *text;
} pairs[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbe", "+/++" },
};

static const struct {
	const char *name, *text;
} bad[] = {
	{ "a digit is missing", "Zm9" },
	{ "no digit", "Zm9*" },
	{ "of the URL's alphabet", "-_--" },
	{ "a line break", "Zm9v\nZm9" },
	{ "nothing but padding", "====" },
	{ "three pads", "Z===" },
	{ "padding in the middle", "Zg==Zg==" },
	{ "a digit behind padding", "Zg=v" },
	{ "bits that stand for nothing", "Zh==" },
	{ "the same of two bytes", "Zm9=" },
};

static void
texts_are_those_of_the_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(pairs); i++) {
		size_t size = strlen(pairs[i].bytes), n;
		char text[16], bytes[16];
		struct err err;

		base64_write(text, pairs[i].bytes, size);
		assert_string_equal(text, pairs[i].text);
		assert_int_equal(strlen(text), base64_size(size));
		assert_int_equal(
		    base64_read(bytes, &n, text, strlen(text), &err), 0);
		assert_int_equal(n, size);
		assert_memory_equal(bytes, pairs[i].bytes, size);
	}
}

static void
all_else_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++) {
		struct err err = { 0 };
		char bytes[16];
		size_t n;

		if (base64_read(bytes, &n, bad[i].text, strlen(bad[i].text),
			&err) != -1)
			fail_msg("%s", bad[i].name);
		assert_int_equal(err.code, ERR_INVALID);
	}
}

static void
any_bytes_come_back(void **state)
{
	unsigned char bytes[257], back[258];
	char text[345];
	struct err err;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		base64_write(text, bytes, size);
		assert_int_equal(
		    base64_read(back, &n, text, strlen(text), &err), 0);
		assert_int_equal(n, size);
		assert_memory_equal(back, bytes, size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_those_of_the_rfc),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(any_bytes_come_back),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
