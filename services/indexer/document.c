/* Reading one document for a person; independent of any index. */

#include "services/indexer/document.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/utf8.h"
#include "proto/search.h"

enum {
	/* Lines are counted so far into a file; behind that it is no text for
	 * people, and counting would hold up searches. */
	MAX_SKIP_BYTES = 8 * 1024 * 1024,
	MAX_LINE_DIGITS = 9,
	STEP_BYTES = 64 * 1024,
	LONGEST_CODE_POINT = 4,
};

const char *
document_target(const char *target, int64_t *line_out, struct arena *arena)
{
	const char *colon = strrchr(target, ':');
	size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

	while (strncmp(target, "./", 2) == 0)
		target += 2;
	*line_out = 1;
	if (!colon || colon < target || digits == 0 ||
	    digits > MAX_LINE_DIGITS || colon[1 + digits] != '\0')
		return target;
	*line_out = strtoll(colon + 1, NULL, 10);
	if (*line_out == 0)
		*line_out = 1;
	return arena_strndup(arena, target, (size_t)(colon - target));
}

/* Where the line begins; 1 when there are fewer lines. */
static int
find_line(int fd, int64_t line, off_t *at_out)
{
	char bytes[STEP_BYTES];
	off_t at = 0;
	ssize_t got = 1;

	while (line > 1 && at < MAX_SKIP_BYTES && got > 0) {
		got = pread(fd, bytes, sizeof(bytes), at);
		for (ssize_t i = 0; i < got; i++) {
			line -= bytes[i] == '\n';
			if (line > 1)
				continue;
			got = i + 1;
		}
		if (got > 0)
			at += got;
	}
	*at_out = at;
	return line > 1 ? 1 : 0;
}

static int
read_some(int fd, off_t at, char *out, size_t size)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < size && got > 0) {
		got = pread(fd, out + n, size - n, at + (off_t)n);
		if (got > 0)
			n += (size_t)got;
	}
	return got < 0 ? -1 : (int)n;
}

static int
read_text(struct search_document *out, int fd, const char *path, int64_t line,
    size_t max_bytes, struct arena *arena, struct err *err)
{
	/* One code point more than asked for shows whether there is more. */
	size_t room = max_bytes + LONGEST_CODE_POINT;
	char *text = arena_alloc(arena, room + 1);
	off_t at;
	size_t size, cut;
	int got;

	if (find_line(fd, line, &at) == 1)
		return err_set(err, ERR_CONFLICT,
		    "it has no line %" PRId64 " that can be shown", line);
	got = read_some(fd, at, text, room);
	if (got < 0)
		return err_errno(err, "cannot read %s", path);
	size = (size_t)got;
	cut = utf8_cut(text, size, max_bytes);
	if (!utf8_is_valid(text, cut))
		return err_set(err, ERR_CONFLICT, "it is not UTF-8 text");
	text[cut] = '\0';
	out->text = text;
	out->is_truncated = cut < size;
	return 0;
}

static int
open_document(int dir_fd, const char *folder, const char *path, struct err *err)
{
	AUTO(fd_close)
	int folder_fd =
	    file_open_beneath(dir_fd, folder, O_RDONLY | O_DIRECTORY, 0, err);
	int fd = -1;

	/* Beneath the folder, not only beneath what all folders are in. */
	if (folder_fd >= 0)
		fd = file_open_beneath(folder_fd, path, O_RDONLY, 0, err);
	/* A link, a folder, a file of others: none of them is a document. */
	if (fd < 0 && err->code != ERR_INTERNAL)
		return err_set(err, ERR_NOT_FOUND,
		    "there is no document %s in this workspace", path);
	return fd;
}

int
document_read(struct search_document *out, int dir_fd, const char *folder,
    const char *path, int64_t line, int64_t max_bytes, struct arena *arena,
    struct err *err)
{
	struct stat st;
	AUTO(fd_close)
	int fd = open_document(dir_fd, folder, path, err);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_errno(err, "cannot look at %s", path);
	out->size_bytes = st.st_size;
	return read_text(out, fd, path, line, (size_t)max_bytes, arena, err);
}
