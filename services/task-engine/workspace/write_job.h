#ifndef TASK_ENGINE_WORKSPACE_WRITE_JOB_H
#define TASK_ENGINE_WORKSPACE_WRITE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"

/*
 * Writing in the thread pool: plain copies in, outcomes out, no state of the
 * service. Everything is opened beneath the workspace's folder.
 */
enum write_outcome {
	WRITE_DONE,
	WRITE_SHORT, /* the file is shorter than it was: write it anew */
	WRITE_FAILED /* err says why; the file is as it was before */
};

struct write_item {
	char *workspace_id;
	char *path;
	struct buf content;
	bool is_append;
	int64_t at_bytes; /* append: where the content goes; the rest is cut */

	enum write_outcome outcome;
	struct err err;

	/* Whose it is, for the loop thread alone. */
	char *context_id;
	int64_t last_seq; /* append: of the last message; else the file's id */
	int64_t old_seq;
	int64_t epoch;	     /* of a log, as it was then */
	bool is_catching_up; /* of a log that was behind */
	bool is_partial;     /* and more of it is to come */
};

struct write_job {
	char *root;
	struct write_item *items;
	size_t n_items;
	void *owner;
	int64_t done_seq; /* all messages up to it are dealt with */
};

struct write_job *write_job_new(const char *root, void *owner);
struct write_item *write_job_add(
    struct write_job *job, const char *workspace_id, const char *path);
void write_item_release(struct write_item *item);
void write_job_free(struct write_job **job);

/* The work; of the shape that loop_work wants. */
void write_job_run(void *job);

#endif
