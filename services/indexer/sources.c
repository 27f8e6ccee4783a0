/* A list of workspaces, in the order in which they are served. */

#include "services/indexer/sources.h"

#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"

enum { PAUSE_MIN_MS = 500, PAUSE_MAX_MS = 60 * 1000 };

struct source *
sources_find(struct source *sources, const char *workspace_id)
{
	struct source *source;

	DL_FOREACH (sources, source)
		if (strcmp(source->workspace_id, workspace_id) == 0)
			return source;
	return NULL;
}

void
sources_add(struct source **sources, const char *workspace_id)
{
	struct source *source;

	if (sources_find(*sources, workspace_id))
		return;
	source = xcalloc(1, sizeof(*source));
	source->workspace_id = xstrdup(workspace_id);
	DL_APPEND(*sources, source);
}

void
sources_put_off(
    struct source **sources, const char *workspace_id, const char *why)
{
	struct source *source = sources_find(*sources, workspace_id);

	if (!source)
		return;
	xfree(&source->held);
	source->held = why ? xstrdup(why) : NULL;
	DL_DELETE(*sources, source);
	DL_APPEND(*sources, source);
}

void
sources_drop(struct source **sources, const char *workspace_id)
{
	struct source *source = sources_find(*sources, workspace_id);

	if (!source)
		return;
	DL_DELETE(*sources, source);
	xfree(&source->workspace_id);
	xfree(&source->held);
	xfree(&source);
}

int64_t
sources_longer_pause(int64_t pause_ms)
{
	if (pause_ms == 0)
		return PAUSE_MIN_MS;
	return 2 * pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
}

void
sources_release(struct source **sources)
{
	while (*sources)
		sources_drop(sources, (*sources)->workspace_id);
}
