/* What a search may see; pure. */

#include "services/indexer/scope.h"

#include <string.h>

#include "libcommon/arena.h"
#include "proto/search.h"

static bool
has_everything(const char **entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*entries[i] == '\0')
			return true;
	return false;
}

bool
scope_is_all(const struct search_scope *scope)
{
	return has_everything(scope->extra, scope->n_extra) ||
	       (has_everything(scope->allow, scope->n_allow) &&
		   scope->n_deny == 0);
}

void
scope_set_add(struct scope_set *set, int64_t id, int64_t n_sections)
{
	if (id >= set->n_ids) {
		int64_t n_ids = (id + 1) * 2;
		size_t have = (size_t)(set->n_ids + 7) / 8;
		size_t want = (size_t)(n_ids + 7) / 8;

		set->bits = xrealloc(set->bits, want);
		memset(set->bits + have, 0, want - have);
		set->n_ids = n_ids;
	}
	set->bits[id / 8] |= (uint8_t)(1u << (id % 8));
	set->n_sections += n_sections;
}

bool
scope_set_has(const struct scope_set *set, int64_t id)
{
	return id < set->n_ids && (set->bits[id / 8] >> (id % 8) & 1);
}

void
scope_set_release(struct scope_set *set)
{
	xfree(&set->bits);
	*set = (struct scope_set){ 0 };
}
