/* Identifiers. */

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/defs.h"
#include "libcommon/id.h"

/* Runs first: afterwards the process has made later ids. */
static void
ulid_holds_its_time(void **state)
{
	char id[ID_ULID_SIZE];

	(void)state;
	/* The example of the ULID specification. */
	id_ulid(id, 1469918176385);
	assert_memory_equal(id, "01ARYZ6S41", 10);
	assert_true(id_is_ulid(id));
}

static void
ulids_only_go_up(void **state)
{
	static const int64_t times[] = { 2000000000000, 2000000000000,
		2000000000001, 1900000000000, 0, -5, 2000000000002 };
	char before[ID_ULID_SIZE] = "";
	char id[ID_ULID_SIZE];

	(void)state;
	for (int i = 0; i < 70000; i++) {
		id_ulid(id, times[i % (int)N_OF(times)]);
		assert_true(id_is_ulid(id));
		assert_true(strcmp(before, id) < 0);
		memcpy(before, id, sizeof(id));
	}
}

static const struct {
	const char *text;
	bool is_ulid;
} ulids[] = {
	{ "01ARYZ6S41TSV4RRFFQ69G5FAV", true },
	{ "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", true },
	{ "00000000000000000000000000", true },
	{ "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", false }, /* 131 bits */
	{ "01ARYZ6S41TSV4RRFFQ69G5FA", false },
	{ "01ARYZ6S41TSV4RRFFQ69G5FAVV", false },
	{ "01aryz6s41tsv4rrffq69g5fav", false },
	{ "01ARYZ6S41TSV4RRFFQ69G5FAI", false },
	{ "01ARYZ6S41TSV4RRFFQ69G5FAL", false },
	{ "01ARYZ6S41TSV4RRFFQ69G5FAO", false },
	{ "01ARYZ6S41TSV4RRFFQ69G5FAU", false },
	{ "01ARYZ6S41-SV4RRFFQ69G5FAV", false },
	{ "", false },
};

static void
ulids_are_recognised(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(ulids); i++)
		if (id_is_ulid(ulids[i].text) != ulids[i].is_ulid)
			fail_msg("%s", ulids[i].text);
}

static void
uuids_are_random_version_4(void **state)
{
	char a[ID_UUID_SIZE], b[ID_UUID_SIZE];

	(void)state;
	for (int i = 0; i < 100; i++) {
		id_uuid(a);
		id_uuid(b);
		assert_string_not_equal(a, b);
		assert_int_equal(strlen(a), 36);
		assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
		assert_int_equal(a[8], '-');
		assert_int_equal(a[13], '-');
		assert_int_equal(a[14], '4');
		assert_int_equal(a[18], '-');
		assert_non_null(strchr("89ab", a[19]));
		assert_int_equal(a[23], '-');
	}
}

static void
uuids_of_version_7_begin_with_their_time(void **state)
{
	char a[ID_UUID_SIZE], b[ID_UUID_SIZE];

	(void)state;
	/* The example of RFC 9562, appendix A.6. */
	id_uuid_at(a, 1645557742000);
	assert_memory_equal(a, "017f22e2-79b0-7", 15);
	assert_int_equal(strlen(a), 36);
	assert_non_null(strchr("89ab", a[19]));
	id_uuid_at(b, 1645557742000);
	assert_string_not_equal(a, b);
	id_uuid_at(b, 1645557742001);
	assert_true(strcmp(a, b) < 0);
}

static void
digests_are_those_of_the_standard(void **state)
{
	char hex[ID_SHA256_HEX_SIZE];

	(void)state;
	id_sha256_hex(hex, "abc", 3);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
	id_sha256_hex(hex, "", 0);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924"
				 "27ae41e4649b934ca495991b7852b855");
}

#define X10(text) text text text text text text text text text text
#define X20(text) X10(text) X10(text)
#define X50(text) X20(text) X20(text) X10(text)

/* RFC 4231, 4.2 to 4.8; 4.6 is cut to 128 bits. */
static const struct {
	const char *key, *data, *mac;
} macs[] = {
	{ X20("\x0b"), "Hi There",
	    "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7" },
	{ "Jefe", "what do ya want for nothing?",
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843" },
	{ X20("\xaa"), X50("\xdd"),
	    "773ea91e36800e46854db8ebd09181a7"
	    "2959098b3ef8c122d9635514ced565fe" },
	{ "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d"
	  "\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19",
	    X50("\xcd"),
	    "82558a389a443c0ea4cc819899f2083a"
	    "85f0faa3e578f8077a2e3ff46729665b" },
	{ X20("\x0c"), "Test With Truncation",
	    "a3b6167473100ee06e0c796c2955552b" },
	{ X50("\xaa") X50("\xaa") X20("\xaa") X10("\xaa") "\xaa",
	    "Test Using Larger Than Block-Size Key - Hash Key First",
	    "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54" },
	{ X50("\xaa") X50("\xaa") X20("\xaa") X10("\xaa") "\xaa",
	    "This is a test using a larger than block-size key and a larger "
	    "than block-size data. The key needs to be hashed before being "
	    "used by the HMAC algorithm.",
	    "9b09ffa71b942fcb27635fbcd5b0e944"
	    "bfdc63644f0713938a7f51535c3a35e2" },
};

static void
macs_are_those_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(macs); i++) {
		char mac[ID_SHA256_HEX_SIZE];

		id_hmac_sha256_hex(mac, macs[i].key, strlen(macs[i].key),
		    macs[i].data, strlen(macs[i].data));
		assert_memory_equal(mac, macs[i].mac, strlen(macs[i].mac));
	}
}

static void
bytes_become_hex(void **state)
{
	char hex[9];

	(void)state;
	id_hex(hex, "\x00\x7f\x80\xff", 4);
	assert_string_equal(hex, "007f80ff");
	id_hex(hex, "", 0);
	assert_string_equal(hex, "");
}

static void
random_bytes_fill_all_of_it(void **state)
{
	unsigned char bytes[4096];
	size_t n_zero = 0;

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	id_random(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		n_zero += bytes[i] == 0;
	/* 16 are expected; 100 do not happen. */
	assert_true(n_zero < 100);
}

static void
secrets_are_compared_whole(void **state)
{
	(void)state;
	assert_true(id_equal_secret("", ""));
	assert_true(id_equal_secret("abc", "abc"));
	assert_false(id_equal_secret("abc", "abd"));
	assert_false(id_equal_secret("abc", "xbc"));
	assert_false(id_equal_secret("abc", "ab"));
	assert_false(id_equal_secret("abc", "abcabc"));
	assert_false(id_equal_secret("", "a"));
	assert_false(id_equal_secret("a", ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ulid_holds_its_time),
		cmocka_unit_test(ulids_only_go_up),
		cmocka_unit_test(ulids_are_recognised),
		cmocka_unit_test(uuids_are_random_version_4),
		cmocka_unit_test(uuids_of_version_7_begin_with_their_time),
		cmocka_unit_test(digests_are_those_of_the_standard),
		cmocka_unit_test(macs_are_those_of_the_standard),
		cmocka_unit_test(bytes_become_hex),
		cmocka_unit_test(random_bytes_fill_all_of_it),
		cmocka_unit_test(secrets_are_compared_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
