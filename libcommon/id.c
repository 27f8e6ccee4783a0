/* Identifiers, random bytes and digests. */

#include "libcommon/id.h"

#include <errno.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char base32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { ULID_TIME_CHARS = 10, ULID_RANDOM_CHARS = 16 };
enum { UUID_BYTES = 16, UUID_TIME_BYTES = 6 };
static const int64_t ulid_max_ms = ((int64_t)1 << 48) - 1;

/* The ULID made last: 48 bits of time, and 16 values of 5 random bits. */
static int64_t last_ms = -1;
static unsigned char last_random[ULID_RANDOM_CHARS];

void
id_random(void *out, size_t size)
{
	char *at = out;

	while (size > 0) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			perror("getrandom");
			abort();
		}
		at += got;
		size -= (size_t)got;
	}
}

/* Adds one to the random part; 1 when it began again from zero. */
static int
count_up(void)
{
	for (size_t i = ULID_RANDOM_CHARS; i-- > 0;) {
		last_random[i] = (last_random[i] + 1) & 31;
		if (last_random[i] != 0)
			return 0;
	}
	return 1;
}

static void
advance(int64_t unix_ms)
{
	if (unix_ms > ulid_max_ms)
		unix_ms = ulid_max_ms;
	/* Within one millisecond, or after the clock went back: count. */
	if (unix_ms <= last_ms) {
		last_ms += count_up();
		return;
	}
	last_ms = unix_ms;
	id_random(last_random, sizeof(last_random));
	for (size_t i = 0; i < ULID_RANDOM_CHARS; i++)
		last_random[i] &= 31;
}

void
id_ulid(char out[ID_ULID_SIZE], int64_t unix_ms)
{
	int64_t rest;

	advance(unix_ms > 0 ? unix_ms : 0);
	rest = last_ms;
	for (size_t i = ULID_TIME_CHARS; i-- > 0; rest >>= 5)
		out[i] = base32[rest & 31];
	for (size_t i = 0; i < ULID_RANDOM_CHARS; i++)
		out[ULID_TIME_CHARS + i] = base32[last_random[i]];
	out[ID_ULID_SIZE - 1] = '\0';
}

bool
id_is_ulid(const char *text)
{
	/* 26 characters hold 130 bits; the first two are always zero. */
	return strnlen(text, ID_ULID_SIZE) == ID_ULID_SIZE - 1 &&
	       strspn(text, base32) == ID_ULID_SIZE - 1 && text[0] <= '7';
}

static void
write_uuid(
    char out[ID_UUID_SIZE], unsigned char bytes[UUID_BYTES], unsigned version)
{
	char hex[2 * UUID_BYTES + 1];

	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | version << 4);
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	id_hex(hex, bytes, UUID_BYTES);
	snprintf(out, ID_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
	    hex + 12, hex + 16, hex + 20);
}

void
id_uuid(char out[ID_UUID_SIZE])
{
	unsigned char bytes[UUID_BYTES];

	id_random(bytes, sizeof(bytes));
	write_uuid(out, bytes, 4);
}

void
id_uuid_at(char out[ID_UUID_SIZE], int64_t unix_ms)
{
	unsigned char bytes[UUID_BYTES];

	id_random(bytes, sizeof(bytes));
	for (size_t i = UUID_TIME_BYTES; i-- > 0; unix_ms >>= 8)
		bytes[i] = unix_ms & 0xff;
	write_uuid(out, bytes, 7);
}

void
id_hex(char *out, const void *bytes, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *in = bytes;

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = hex[in[i] >> 4];
		out[2 * i + 1] = hex[in[i] & 15];
	}
	out[2 * size] = '\0';
}

void
id_sha256_hex(char out[ID_SHA256_HEX_SIZE], const void *data, size_t size)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, data, size);
	SHA256Final(digest, &context);
	id_hex(out, digest, sizeof(digest));
}

/* A hash over the key's block, each byte changed by pad, and the data. */
static void
hash_keyed(uint8_t out[SHA256_DIGEST_LENGTH],
    const uint8_t block[SHA256_BLOCK_LENGTH], uint8_t pad, const void *data,
    size_t size)
{
	uint8_t padded[SHA256_BLOCK_LENGTH];
	SHA2_CTX context;

	for (size_t i = 0; i < sizeof(padded); i++)
		padded[i] = block[i] ^ pad;
	SHA256Init(&context);
	SHA256Update(&context, padded, sizeof(padded));
	SHA256Update(&context, data, size);
	SHA256Final(out, &context);
}

void
id_hmac_sha256_hex(char out[ID_SHA256_HEX_SIZE], const void *key,
    size_t key_size, const void *data, size_t size)
{
	uint8_t block[SHA256_BLOCK_LENGTH] = { 0 };
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;

	if (key_size <= sizeof(block)) {
		memcpy(block, key, key_size);
	} else {
		SHA256Init(&context);
		SHA256Update(&context, key, key_size);
		SHA256Final(block, &context);
	}
	hash_keyed(digest, block, 0x36, data, size);
	hash_keyed(digest, block, 0x5c, digest, sizeof(digest));
	id_hex(out, digest, sizeof(digest));
}

bool
id_equal_secret(const char *a, const char *b)
{
	size_t a_size = strlen(a);
	size_t b_size = strlen(b);
	size_t longer = a_size > b_size ? a_size : b_size;
	volatile unsigned char differs = a_size != b_size;

	/* Past its end a string stays on its NUL, so each turn costs the same. */
	for (size_t i = 0; i < longer; i++) {
		char from_a = a[i < a_size ? i : a_size];
		char from_b = b[i < b_size ? i : b_size];

		differs |= (unsigned char)(from_a ^ from_b);
	}
	return differs == 0;
}
