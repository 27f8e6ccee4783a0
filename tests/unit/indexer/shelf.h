#ifndef TESTS_UNIT_INDEXER_SHELF_H
#define TESTS_UNIT_INDEXER_SHELF_H

struct arena;
struct index;

/* An index in a folder of its own, and room for what it says. */
struct shelf {
	char dir[64];
	struct index *index;
	struct arena *arena;
};

/* Empty; name tells the folder from others. */
void shelf_open(struct shelf *shelf, const char *name);
/* Nothing of it is left. */
void shelf_close(struct shelf *shelf);

/* Puts a file of that text into the index. */
void shelf_put(struct index *index, const char *path, const char *text);

#endif
