#ifndef TASK_ENGINE_AUDIT_CHAIN_H
#define TASK_ENGINE_AUDIT_CHAIN_H

#include "libcommon/id.h"

struct audit_key;
struct audit_row;

/*
 * The hash that the row must carry behind a row with the hash previous (""
 * before the first). Without row->is_keyed it is the plain SHA-256 of schema
 * 1, over the fields that there were.
 */
void chain_hash(char out[ID_SHA256_HEX_SIZE], const struct audit_key *key,
    const char *previous, const struct audit_row *row);

#endif
