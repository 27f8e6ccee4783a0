/* The key of the audit log. */

#include "services/task-engine/audit/key.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/id.h"
#include "libcommon/log.h"

enum { FILE_MAX_BYTES = 4096 };

static void
set_mark(struct audit_key *key)
{
	char hex[ID_SHA256_HEX_SIZE];

	id_sha256_hex(hex, key->bytes, sizeof(key->bytes));
	memcpy(key->mark, hex, sizeof(key->mark) - 1);
	key->mark[sizeof(key->mark) - 1] = '\0';
}

int
audit_key_read(struct audit_key *out, const char *path, struct err *err)
{
	AUTO(buf_release)
	struct buf bytes = { 0 };

	buf_init(&bytes);
	if (file_read(&bytes, AT_FDCWD, path, FILE_MAX_BYTES, err) < 0)
		return err->code == ERR_NOT_FOUND ? 1 : -1;
	if (bytes.size != sizeof(out->bytes))
		return err_set(err, ERR_INVALID,
		    "%s holds %zu bytes and the key of the audit log has %d: "
		    "restore it from your backup",
		    path, bytes.size, AUDIT_KEY_BYTES);
	if (chmod(path, 0600) < 0)
		return err_errno(err, "chmod %s", path);
	memcpy(out->bytes, bytes.data, sizeof(out->bytes));
	set_mark(out);
	return 0;
}

int
audit_key_make(struct audit_key *out, const char *path, struct err *err)
{
	id_random(out->bytes, sizeof(out->bytes));
	set_mark(out);
	if (file_replace(
		AT_FDCWD, path, out->bytes, sizeof(out->bytes), 0600, err) < 0)
		return -1;
	log_info(
	    "audit-key-made", "path=%s mark=%s", log_quote(path), out->mark);
	return 0;
}
