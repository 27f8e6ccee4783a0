#ifndef AGENT_RUNTIME_WRAP_H
#define AGENT_RUNTIME_WRAP_H

#include <stddef.h>

struct buf;

/*
 * Text in rows of at most width columns, for people who read it. Pure.
 *
 * A line is broken at its blanks; what follows stands where the line's own text
 * begins, behind its indentation, its ">" and the mark of its list. Whatever
 * one copies stays as it is: code, rows of a table, and a word that is wider
 * than a row.
 *
 * first and further are the columns that are taken before the first line, and
 * before each other one. The text is UTF-8 without control characters but line
 * breaks and tabs.
 */
void wrap_add(struct buf *out, const char *text, size_t first, size_t further,
    size_t width);

#endif
