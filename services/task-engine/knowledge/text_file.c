/* Reads one text for the model from its file. */

#include "services/task-engine/knowledge/text_file.h"

#include <fcntl.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "proto/bounds.h"
#include "services/task-engine/knowledge/complaints.h"
#include "services/task-engine/knowledge/system.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

void
text_file_complain(
    struct complaints *complaints, const char *about, const struct err *err)
{
	if (err->code == ERR_NOT_FOUND)
		complaint_over(complaints, about);
	else if (complaint_is_new(complaints, about, err->text))
		log_warn("prompt-file-skipped", "path=%s why=%s",
		    log_quote(about), log_quote(err->text));
}

static int
read_bytes(const struct text_file *file, struct buf *out, struct err *err)
{
	AUTO(fd_close)
	int fd = file->dir_fd == AT_FDCWD ? file_open_named(file->path, err)
					  : file_open_beneath(file->dir_fd,
						file->path, O_RDONLY, 0, err);

	if (fd < 0 ||
	    file_read_fd(out, fd, file->path, BOUND_PROMPT_BYTES, err) < 0)
		return -1;
	if (!utf8_is_valid(out->data, out->size))
		return err_set(
		    err, ERR_INVALID, "%s is not UTF-8 text", file->path);
	return 0;
}

static const char *
trim(const char *text, struct arena *arena)
{
	static const char blanks[] = " \t\r\n";
	size_t size;

	if (strncmp(text, byte_order_mark, 3) == 0)
		text += 3;
	text += strspn(text, blanks);
	size = strlen(text);
	while (size > 0 && strchr(blanks, text[size - 1]))
		size--;
	return arena_strndup(arena, text, size);
}

static const char *
shorten(const struct text_file *file, const char *text,
    struct complaints *complaints, struct arena *arena)
{
	const char *kept = system_shorten(text, file->max_bytes, arena);
	const char *why;

	if (kept == text) {
		complaint_over(complaints, file->about);
		return text;
	}
	why = arena_printf(arena, "%zu of %zu bytes are used, at most %zu",
	    strlen(kept), strlen(text), file->max_bytes);
	if (complaint_is_new(complaints, file->about, why))
		log_warn("prompt-file-shortened", "path=%s why=%s",
		    log_quote(file->about), log_quote(why));
	return *kept ? kept : NULL;
}

const char *
text_file_read(const struct text_file *file, struct complaints *complaints,
    struct arena *arena)
{
	AUTO(buf_release)
	struct buf bytes = { 0 };
	struct err err;

	if (*file->path == '\0')
		return NULL;
	buf_init(&bytes);
	if (read_bytes(file, &bytes, &err) < 0) {
		text_file_complain(complaints, file->about, &err);
		return NULL;
	}
	return shorten(file, trim(bytes.data, arena), complaints, arena);
}
