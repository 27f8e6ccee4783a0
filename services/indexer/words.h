#ifndef INDEXER_WORDS_H
#define INDEXER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is a word, for documents as for queries. Pure. */

/* Of a script that puts no space between its words (Chinese, Japanese, Thai …)
 * or hangs endings on them (Korean): pairs of characters are looked up. */
bool words_is_unspaced(uint32_t code_point);

/* So many bytes from the start of text, all unspaced or all not. */
size_t words_run(const char *text, size_t size, bool *is_unspaced_out);

/* A word that says nothing of what is looked for: "how", "the". */
bool words_is_common(const char *word);

#endif
