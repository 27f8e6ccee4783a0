#ifndef LIBCOMMON_SPLIT_CLUSTER_H
#define LIBCOMMON_SPLIT_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Inside split: which code points make one character for people. A part of
 * Unicode's rules: combining marks, emoji with joiners, colours and flags.
 */

/* Where the code point before at begins; at > 0. */
size_t split_before(const char *text, size_t at);

/* Whether a cut before text[at] would part what belongs together. */
bool split_joins(const char *text, size_t at);

/* White space, and what shows nothing by itself. */
bool split_is_invisible(uint32_t code_point);

#endif
