/* Files that messages bring. */

#include "proto/attachment.h"

#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/base64.h"
#include "libcommon/id.h"
#include "proto/bounds.h"

static const char *const outcomes[] = {
	"held",
	"known",
	NULL,
};

static const struct field attachment_put_fields[] = {
	F_STR(struct attachment_put, event_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct attachment_put, chat_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_INT(struct attachment_put, index, 0, 0, BOUND_ATTACHMENTS - 1),
	F_STR(struct attachment_put, name, 0, 0, BOUND_NAME),
	F_STR(struct attachment_put, media_type, FIELD_TOKEN, 0, BOUND_ID),
	F_INT(struct attachment_put, size_bytes, FIELD_REQUIRED, 0,
	    ATTACHMENT_MAX_BYTES),
	F_STR(struct attachment_put, sha256, FIELD_REQUIRED | FIELD_ASCII, 64,
	    64),
	F_STR(
	    struct attachment_put, data, FIELD_ASCII, 0, ATTACHMENT_BASE64_MAX),
};
SHAPE(attachment, attachment_put, attachment_put_fields);

static const struct field attachment_held_fields[] = {
	F_CHOICE(struct attachment_held, outcome, FIELD_REQUIRED, outcomes),
};
SHAPE(attachment, attachment_held, attachment_held_fields);

bool
attachment_is_markdown(const char *name, const char *media_type)
{
	static const char *const types[] = { "text/markdown",
		"text/x-markdown" };
	static const char *const ends[] = { ".md", ".markdown" };
	size_t size = strlen(name);
	/* Without its parameters. */
	size_t type_size = strcspn(media_type, "; ");

	for (size_t i = 0; i < N_OF(types); i++)
		if (type_size == strlen(types[i]) &&
		    strncasecmp(media_type, types[i], type_size) == 0)
			return true;
	for (size_t i = 0; i < N_OF(ends); i++) {
		size_t end = strlen(ends[i]);

		if (size > end && strcasecmp(name + size - end, ends[i]) == 0)
			return true;
	}
	return false;
}

int64_t
attachment_said_size(int64_t size_bytes)
{
	if (size_bytes < 0)
		return 0;
	return size_bytes < BOUND_INT ? size_bytes : BOUND_INT;
}

void
attachment_put_bytes(struct attachment_put *put, const void *bytes, size_t size,
    struct arena *arena)
{
	char *data = arena_alloc(arena, base64_size(size) + 1);
	char sha256[ID_SHA256_HEX_SIZE];

	base64_write(data, bytes, size);
	id_sha256_hex(sha256, bytes, size);
	put->size_bytes = (int64_t)size;
	put->sha256 = arena_strdup(arena, sha256);
	put->data = data;
}
