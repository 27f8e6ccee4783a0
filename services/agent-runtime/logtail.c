/* The log file of `serve` and its older ones as one text, for who reads it. */

#include "services/agent-runtime/logtail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/agent-runtime/logfile.h"

enum { NAME_SIZE = 4200 };

struct logtail {
	char *path;
	FILE *files[LOGFILE_KEPT]; /* newest first: what is still to be read */
	int n_files;
};

static void
numbered(const struct logtail *t, int number, char out[NAME_SIZE])
{
	if (number == 0)
		snprintf(out, NAME_SIZE, "%s", t->path);
	else
		snprintf(out, NAME_SIZE, "%s.%d", t->path, number);
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static bool
is_named(const struct logtail *t, int number, FILE *file)
{
	char name[NAME_SIZE];
	struct stat open, named;

	numbered(t, number, name);
	return stat(name, &named) == 0 && fstat(fileno(file), &open) == 0 &&
	       is_same(&open, &named);
}

static bool
is_one_file(FILE *a, FILE *b)
{
	struct stat st_a, st_b;

	return fstat(fileno(a), &st_a) == 0 && fstat(fileno(b), &st_b) == 0 &&
	       is_same(&st_a, &st_b);
}

/* 1: there is no such file. */
static int
open_numbered(const struct logtail *t, int number, FILE **out, struct err *err)
{
	char name[NAME_SIZE];

	numbered(t, number, name);
	*out = fopen(name, "re");
	if (*out != NULL)
		return 0;
	return errno == ENOENT ? 1 : err_errno(err, "open %s", name);
}

/*
 * The newest first, all before one is read: a file that turns over in between
 * is met a second time under its next name, and none is passed by.
 */
static int
open_all(struct logtail *t, struct err *err)
{
	for (int i = 0; i < LOGFILE_KEPT; i++) {
		FILE *file;
		int rc = open_numbered(t, i, &file, err);

		if (rc < 0)
			return -1;
		if (rc == 1)
			continue;
		if (t->n_files > 0 &&
		    is_one_file(file, t->files[t->n_files - 1]))
			fclose(file);
		else
			t->files[t->n_files++] = file;
	}
	return 0;
}

int
logtail_open(struct logtail **out, const char *path, struct err *err)
{
	struct logtail *t = xcalloc(1, sizeof(*t));

	t->path = xstrdup(path);
	if (open_all(t, err) < 0) {
		logtail_close(&t);
		return -1;
	}
	*out = t;
	return 0;
}

void
logtail_close(struct logtail **slot)
{
	struct logtail *t = STEAL(*slot);

	if (t == NULL)
		return;
	for (int i = 0; i < t->n_files; i++)
		fclose(t->files[i]);
	free(t->path);
	free(t);
}

/* Whoever empties a file that is being written goes on at its beginning. */
static void
rewind_if_emptied(FILE *file)
{
	struct stat st;

	if (fstat(fileno(file), &st) == 0 && st.st_size < ftello(file))
		(void)fseeko(file, 0, SEEK_SET);
}

static int
drain(const struct logtail *t, FILE *file, bool is_last, logtail_fn fn,
    void *arg, struct err *err)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	rewind_if_emptied(file);
	for (;;) {
		off_t start = ftello(file);

		size = getline(&line, &room, file);
		if (size <= 0)
			break;
		if (line[size - 1] == '\n')
			line[size - 1] = '\0';
		else if (!is_last) {
			fseeko(file, start, SEEK_SET);
			break;
		}
		fn(arg, line);
	}
	free(line);
	if (ferror(file))
		return err_errno(err, "read %s", t->path);
	clearerr(file);
	return 0;
}

/*
 * Opens the file that was begun after ours, which has turned over, perhaps
 * more than once. 1: ours is the newest, or is just turning over. Of one that
 * was deleted, or is kept no longer, no successor is known but the newest.
 */
static int
open_next(const struct logtail *t, FILE *ours, FILE **out, struct err *err)
{
	int number = 0;
	int rc;

	while (number < LOGFILE_KEPT && !is_named(t, number, ours))
		number++;
	if (number == 0)
		return 1;
	if (number == LOGFILE_KEPT)
		return open_numbered(t, 0, out, err);
	rc = open_numbered(t, number - 1, out, err);
	if (rc == 0 && !is_named(t, number, ours)) {
		fclose(*out);
		return 1;
	}
	return rc;
}

/* Before ours is read: once there is a next one, nothing is added to it. */
static int
look_for_next(struct logtail *t, struct err *err)
{
	FILE *next = NULL;
	int rc;

	if (t->n_files > 1)
		return 0;
	rc = t->n_files == 0 ? open_numbered(t, 0, &next, err)
			     : open_next(t, t->files[0], &next, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	t->files[1] = t->files[0];
	t->files[0] = next;
	t->n_files++;
	return 0;
}

int
logtail_read(
    struct logtail *t, bool is_last, logtail_fn fn, void *arg, struct err *err)
{
	for (;;) {
		FILE *oldest;
		bool is_newest;

		if (look_for_next(t, err) < 0)
			return -1;
		if (t->n_files == 0)
			return 1;
		oldest = t->files[t->n_files - 1];
		is_newest = t->n_files == 1;
		if (drain(t, oldest, is_last || !is_newest, fn, arg, err) < 0)
			return -1;
		if (is_newest)
			return 0;
		fclose(oldest);
		t->n_files--;
	}
}
