#ifndef LIBCOMMON_ID_H
#define LIBCOMMON_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Identifiers. Envelope ids are ULIDs (26 characters of Crockford base32,
 * sortable by time); row ids are UUIDs (RFC 9562) of version 4, all random, or
 * of version 7 where there is no end to the rows. Randomness is the kernel's; a
 * machine that has none aborts.
 */
enum { ID_ULID_SIZE = 27, ID_UUID_SIZE = 37, ID_SHA256_HEX_SIZE = 65 };

/* Two ULIDs made by one process are never equal and never go backwards. */
void id_ulid(char out[ID_ULID_SIZE], int64_t unix_ms);
bool id_is_ulid(const char *text);
void id_uuid(char out[ID_UUID_SIZE]);
/* Begins with the time, so that an index of such ids grows at its end only;
 * 74 bits are random. */
void id_uuid_at(char out[ID_UUID_SIZE], int64_t unix_ms);
void id_random(void *out, size_t size);

void id_hex(char *out, const void *bytes, size_t size); /* 2 * size + 1 */
void id_sha256_hex(char out[ID_SHA256_HEX_SIZE], const void *data, size_t size);

/* HMAC-SHA256 (RFC 2104) under a key of any length. */
void id_hmac_sha256_hex(char out[ID_SHA256_HEX_SIZE], const void *key,
    size_t key_size, const void *data, size_t size);

/* True when equal; time depends only on the length of the longer one. */
bool id_equal_secret(const char *a, const char *b);

#endif
