/* The head of the audit log as a text and a file. */

#include "services/task-engine/audit/head.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"

enum { FILE_MAX_BYTES = 256, DIGITS_MAX = 18 };

int
audit_head_parse(struct audit_head *out, const char *text, struct err *err)
{
	size_t digits = strspn(text, "0123456789");
	const char *hash = text + digits + 1;

	if (digits == 0 || digits > DIGITS_MAX || text[digits] != ':' ||
	    strlen(hash) != sizeof(out->hash) - 1 ||
	    strspn(hash, "0123456789abcdef") != sizeof(out->hash) - 1)
		return err_set(err, ERR_INVALID,
		    "a head is the number of a row, a colon and 64 hex digits, "
		    "as in audit.head");
	out->seq = strtoll(text, NULL, 10);
	memcpy(out->hash, hash, sizeof(out->hash));
	return 0;
}

int
audit_head_read(struct audit_head *out, const char *path, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	if (file_read(&text, AT_FDCWD, path, FILE_MAX_BYTES, err) < 0)
		return err->code == ERR_NOT_FOUND ? 1 : -1;
	while (text.size && text.data[text.size - 1] == '\n')
		buf_truncate(&text, text.size - 1);
	return audit_head_parse(out, text.data, err);
}

int
audit_head_write(
    const struct audit_head *head, const char *path, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	buf_addf(&text, "%" PRId64 ":%s\n", head->seq, head->hash);
	return file_replace_soon(
	    AT_FDCWD, path, text.data, text.size, 0600, err);
}
