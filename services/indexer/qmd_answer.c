/* From what qmd says it found to what the asker may be told. */

#include "services/indexer/qmd_answer.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "proto/search.h"
#include "services/indexer/index.h"
#include "services/indexer/paths.h"
#include "services/indexer/qmd_text.h"

static bool
is_among(const struct search_hits *hits, const char *path)
{
	for (size_t i = 0; i < hits->n_hits; i++)
		if (strcmp(hits->hits[i].path, path) == 0)
			return true;
	return false;
}

static bool
may_be_told(const struct search_hits *told, const struct qmd_hit *hit,
    const struct search_scope *scope)
{
	return paths_is_indexed(hit->path) &&
	       search_scope_allows(scope, hit->path) &&
	       !is_among(told, hit->path);
}

/* Returns 1 when the own index does not know it: it went, or never was. */
static int
tell(struct search_hit *out, const struct qmd_hit *hit, struct index *index,
    struct arena *arena, struct err *err)
{
	struct index_document known;
	int rc = index_find(index, hit->path, &known, arena, err);

	if (rc != 0)
		return rc;
	*out = (struct search_hit){
		.path = known.path,
		.short_id = known.short_id,
		.title = arena_strdup(arena, hit->title),
		.heading = "",
		.snippet = arena_strdup(arena, hit->snippet),
		.score = hit->score,
		.line = hit->line,
		.text = "",
	};
	return 0;
}

int
qmd_answer(struct search_hits *out, const struct qmd_hits *found,
    struct index *index, const struct search_query *query, struct arena *arena,
    struct err *err)
{
	*out = (struct search_hits){ 0 };
	out->hits =
	    arena_alloc(arena, (size_t)query->limit * sizeof(*out->hits));
	for (size_t i = 0;
	     i < found->n_hits && (int64_t)out->n_hits < query->limit; i++) {
		int rc = 1;

		if (may_be_told(out, &found->hits[i], &query->scope))
			rc = tell(&out->hits[out->n_hits], &found->hits[i],
			    index, arena, err);
		if (rc < 0)
			return -1;
		out->n_hits += rc == 0;
	}
	return 0;
}
