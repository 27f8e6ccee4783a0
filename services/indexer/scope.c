/* What a search may see; pure. */

#include "services/indexer/scope.h"

#include <assert.h>
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
	assert(n_sections > 0 && n_sections <= UINT16_MAX);
	if (id >= set->n_ids) {
		int64_t n_ids = (id + 1) * 2;

		set->sizes =
		    xrealloc(set->sizes, (size_t)n_ids * sizeof(*set->sizes));
		memset(set->sizes + set->n_ids, 0,
		    (size_t)(n_ids - set->n_ids) * sizeof(*set->sizes));
		set->n_ids = n_ids;
	}
	set->sizes[id] = (uint16_t)n_sections;
	set->n_sections += n_sections;
}

int64_t
scope_set_size(const struct scope_set *set, int64_t id)
{
	return id < set->n_ids ? set->sizes[id] : 0;
}

bool
scope_set_has(const struct scope_set *set, int64_t id)
{
	return scope_set_size(set, id) > 0;
}

void
scope_set_release(struct scope_set *set)
{
	xfree(&set->sizes);
	*set = (struct scope_set){ 0 };
}
