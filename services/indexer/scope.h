#ifndef INDEXER_SCOPE_H
#define INDEXER_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct search_scope;

/* Whether the scope lets everything be read. Pure. */
bool scope_is_all(const struct search_scope *scope);

/*
 * The documents of one index that a scope lets be read, by their ids, so that
 * ranking can ask for each section without looking at paths.
 */
struct scope_set {
	uint16_t *sizes;    /* by id, in sections; 0: not within */
	int64_t n_ids;	    /* ids below this have a size */
	int64_t n_sections; /* of all documents within */
};

/* n_sections is from 1 to CHUNK_MAX_SECTIONS. */
void scope_set_add(struct scope_set *set, int64_t id, int64_t n_sections);
/* How many sections the document has; 0 when it is not within. */
int64_t scope_set_size(const struct scope_set *set, int64_t id);
bool scope_set_has(const struct scope_set *set, int64_t id);
void scope_set_release(struct scope_set *set);

#endif
