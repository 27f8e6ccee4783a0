#ifndef TESTS_UNIT_INDEXER_SHELF_H
#define TESTS_UNIT_INDEXER_SHELF_H

struct index;

/* Puts a file of that text into the index. */
void shelf_put(struct index *index, const char *path, const char *text);

#endif
