#ifndef TASK_ENGINE_COMMANDS_FOUND_H
#define TASK_ENGINE_COMMANDS_FOUND_H

#include <stddef.h>

struct search_hit;

/*
 * What the last searches showed, so that /open may name a document by its
 * number there. Of each person in each place the last search counts, of all
 * people the last 512; a restart forgets them. It grants nothing: whoever opens
 * by number is asked for their right to the path. Pure.
 */
struct found;

struct found *found_new(void);
void found_free(struct found **found);

/* No hits: that person's numbers there mean nothing any more. */
void found_note(struct found *found, const char *context_id, const char *who,
    const struct search_hit *hits, size_t n);

/* The path at that number ("1" is the first), until the next note; NULL when
 * the text is no number of that person's last search there. */
const char *found_path(const struct found *found, const char *context_id,
    const char *who, const char *number);

#endif
