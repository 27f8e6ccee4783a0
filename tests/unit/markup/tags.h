#ifndef TESTS_UNIT_MARKUP_TAGS_H
#define TESTS_UNIT_MARKUP_TAGS_H

#include <stddef.h>

struct buf;
struct mark;
struct split_renderer;

/* A renderer for tests: marks as tags, "<" and "&" escaped. */
extern const struct split_renderer tags_renderer;

/* Dies unless the tags close in order. */
void tags_check(const char *written);

#endif
