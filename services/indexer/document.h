#ifndef INDEXER_DOCUMENT_H
#define INDEXER_DOCUMENT_H

#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct search_document;

/*
 * Reads folder "/" path beneath dir_fd: no way out, no symbolic links, only
 * regular files of UTF-8 text. The text begins at that line (from 1) and ends,
 * at a code point, after at most max_bytes. Fills text, is_truncated (more
 * follows) and size_bytes. What is no such file is ERR_NOT_FOUND, what is one
 * and cannot be shown ERR_CONFLICT.
 */
int document_read(struct search_document *out, int dir_fd, const char *folder,
    const char *path, int64_t line, int64_t max_bytes, struct arena *arena,
    struct err *err) MUST_CHECK;

/*
 * Splits "notes/a.md:12" into the path, returned, and *line_out (1 when none
 * is given). "./" in front is dropped.
 */
const char *
document_target(const char *target, int64_t *line_out, struct arena *arena);

#endif
