#ifndef TASK_ENGINE_APPROVALS_CANONICAL_H
#define TASK_ENGINE_APPROVALS_CANONICAL_H

#include <stddef.h>

struct buf;
struct json;

/*
 * JSON with one form for one meaning: keys sorted by their bytes, no space, and
 * every character that a reader cannot see, or could take for another thing,
 * as \uXXXX. So the bytes that are stored can be shown as they are: nothing in
 * them turns the reading direction, hides, or ends a block of code. Pure.
 */
void canonical_json(struct buf *out, const struct json *value);
/* With its quotation marks; what is not UTF-8 becomes U+FFFD. */
void canonical_string(struct buf *out, const char *text, size_t size);

#endif
