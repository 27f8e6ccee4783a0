#ifndef INDEXER_SOURCES_H
#define INDEXER_SOURCES_H

#include <stdint.h>

/* Workspaces that something is to be done for, one after another. */
struct source {
	char *workspace_id;
	char *held; /* why it has to wait; NULL: it has not */
	struct source *prev, *next;
};

struct source *sources_find(struct source *sources, const char *workspace_id);
/* Behind the others, unless it is there already. */
void sources_add(struct source **sources, const char *workspace_id);
/* Behind the others again; why may be NULL. */
void sources_put_off(
    struct source **sources, const char *workspace_id, const char *why);
/* Does nothing when it is not there. */
void sources_drop(struct source **sources, const char *workspace_id);
/* How long who could do nothing for any waits before it tries again: longer
 * each time, up to a minute. 0: it is the first time. */
int64_t sources_longer_pause(int64_t pause_ms);
void sources_release(struct source **sources);

#endif
