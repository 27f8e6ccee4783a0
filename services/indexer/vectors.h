#ifndef INDEXER_VECTORS_H
#define INDEXER_VECTORS_H

#include <stddef.h>

#include "libcommon/defs.h"

struct arena;
struct embed_vectors;
struct err;

/*
 * The floats of an answer, one vector behind the other. Anything but n_wanted
 * vectors of n_dimensions finite numbers is ERR_INVALID. Pure.
 */
int vectors_unpack(const struct embed_vectors *in, size_t n_wanted,
    struct arena *arena, float **values_out, struct err *err) MUST_CHECK;

#endif
