#ifndef AGENT_RUNTIME_NEAREST_H
#define AGENT_RUNTIME_NEAREST_H

#include <stddef.h>

/*
 * For "did you mean": how many letters must be added, dropped, changed or
 * swapped with their neighbour to make b of a. Names are compared up to
 * NEAREST_MAX_BYTES; one that is longer is as far away as that.
 */
enum { NEAREST_MAX_BYTES = 96 };
size_t nearest_distance(const char *a, const char *b);

/* The candidate nearest to name, NULL when none is near enough to be meant;
 * next returns one candidate after another, then NULL. */
const char *
nearest_of(const char *name, const char *(*next)(void *arg), void *arg);

#endif
