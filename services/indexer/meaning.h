#ifndef INDEXER_MEANING_H
#define INDEXER_MEANING_H

#include <stdint.h>

#include "libcommon/defs.h"

struct buf;
struct bus;
struct err;
struct index_meaning;
struct library;
struct loop;
struct workspace;

/*
 * Vectors, by way of the engine (embed.request): those of sections are made
 * one batch after another and kept in the index, those of questions while a
 * search waits for them, though not for long. Without an endpoint, or while it
 * is away, nothing waits, and search is by words alone.
 */
struct meaning;

struct meaning_options {
	struct loop *loop;
	struct bus *bus;
	struct library *library;
	const char *exclude_globs; /* CSV; both outlive it */
	const char *exclude_workspaces;
	int64_t patience_ms; /* of a search */
};

void meaning_open(
    struct meaning **meaning_out, const struct meaning_options *options);
/* Who still waits is not called. */
void meaning_close(struct meaning **meaning);

/* Documents of the workspace changed. */
void meaning_wake(struct meaning *meaning, const char *workspace_id);

/*
 * Calls fn with the question's vector, or NULL when there is none to be had in
 * time; at once if it is known already or cannot be had. found lives as long
 * as the call.
 */
typedef void (*meaning_fn)(void *arg, const struct index_meaning *found);
void meaning_of(struct meaning *meaning, const char *workspace_id,
    const char *question, meaning_fn fn, void *arg);

/* Appends how it stands with the workspace, for people; nothing when there is
 * no endpoint. */
int meaning_describe(struct meaning *meaning, struct workspace *ws,
    struct buf *out, struct err *err) MUST_CHECK;

#endif
