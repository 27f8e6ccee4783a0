/* Writes files in the thread pool; touches nothing but its job. */

#include "services/task-engine/workspace/write_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/file.h"

enum { FOLDER_MODE = 0750, FILE_MODE = 0640 };

struct write_job *
write_job_new(const char *root, void *owner)
{
	struct write_job *job = xcalloc(1, sizeof(*job));

	job->root = xstrdup(root);
	job->owner = owner;
	return job;
}

struct write_item *
write_job_add(struct write_job *job, const char *workspace_id, const char *path)
{
	struct write_item *item;

	job->items =
	    xrealloc(job->items, (job->n_items + 1) * sizeof(*job->items));
	item = &job->items[job->n_items++];
	*item = (struct write_item){ .workspace_id = xstrdup(workspace_id),
		.path = xstrdup(path) };
	buf_init(&item->content);
	return item;
}

void
write_item_release(struct write_item *item)
{
	free(item->workspace_id);
	free(item->path);
	free(item->context_id);
	buf_release(&item->content);
}

void
write_job_free(struct write_job **slot)
{
	struct write_job *job = *slot;

	if (!job)
		return;
	for (size_t i = 0; i < job->n_items; i++)
		write_item_release(&job->items[i]);
	free(job->items);
	free(job->root);
	free(job);
	*slot = NULL;
}

static int
fail(struct write_item *item, const char *what)
{
	return err_set(&item->err, ERR_UNAVAILABLE, "%s %s/%s: %s", what,
	    item->workspace_id, item->path, strerror(errno));
}

static int
write_all(int fd, const struct write_item *item)
{
	size_t done = 0;

	while (done < item->content.size) {
		ssize_t n = pwrite(fd, item->content.data + done,
		    item->content.size - done, item->at_bytes + (int64_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static int
append(int folder, struct write_item *item)
{
	AUTO(fd_close)
	int fd = file_open_beneath(folder, item->path,
	    O_WRONLY | O_CREAT | O_CLOEXEC, FILE_MODE, &item->err);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return fail(item, "look at");
	if (st.st_size < item->at_bytes) {
		item->outcome = WRITE_SHORT;
		return 0;
	}
	if (st.st_size > item->at_bytes && ftruncate(fd, item->at_bytes) < 0)
		return fail(item, "cut");
	if (write_all(fd, item) == 0)
		return 0;
	fail(item, "write");
	/* A part of an entry must not stay; if it does, the next try cuts. */
	if (ftruncate(fd, item->at_bytes) < 0)
		return fail(item, "cut");
	return -1;
}

static int
write_item(int root, struct write_item *item)
{
	AUTO(fd_close)
	int folder = -1;
	char *slash = strrchr(item->path, '/');

	if (file_mkdirs(root, item->workspace_id, FOLDER_MODE, &item->err) < 0)
		return -1;
	folder = file_open_beneath(root, item->workspace_id,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, &item->err);
	if (folder < 0)
		return -1;
	if (slash) {
		*slash = '\0';
		int made =
		    file_mkdirs(folder, item->path, FOLDER_MODE, &item->err);

		*slash = '/';
		if (made < 0)
			return -1;
	}
	if (item->is_append)
		return append(folder, item);
	return file_replace(folder, item->path, item->content.data,
	    item->content.size, FILE_MODE, &item->err);
}

void
write_job_run(void *arg)
{
	struct write_job *job = arg;
	AUTO(fd_close)
	int root = open(job->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < job->n_items; i++) {
		struct write_item *item = &job->items[i];

		item->outcome = WRITE_DONE;
		if (root < 0)
			err_set(&item->err, ERR_UNAVAILABLE,
			    "cannot open the folder of the workspaces, %s",
			    job->root);
		if (root < 0 || write_item(root, item) < 0)
			item->outcome = WRITE_FAILED;
	}
}
