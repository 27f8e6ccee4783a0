/* The session's place as text, and back. Pure. */

#include "services/gateway-discord/cursor.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"

#define TEXT(f) offsetof(struct cursor, f), sizeof(((struct cursor *)0)->f)

static const struct {
	const char *key;
	size_t offset, size;
} texts[] = {
	{ "session", TEXT(session_id) },
	{ "url", TEXT(resume_url) },
	{ "user", TEXT(user_id) },
	{ "app", TEXT(application_id) },
};

static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
	{ "seq", offsetof(struct cursor, seq) },
	{ "shard", offsetof(struct cursor, shard) },
	{ "shards", offsetof(struct cursor, n_shards) },
};

static bool
read_members(struct cursor *out, const struct json *json)
{
	char *base = (char *)out;

	for (size_t i = 0; i < N_OF(texts); i++) {
		const char *value = json_str(json_get(json, texts[i].key), "");

		if (!*value || strlen(value) >= texts[i].size)
			return false;
		snprintf(base + texts[i].offset, texts[i].size, "%s", value);
	}
	for (size_t i = 0; i < N_OF(numbers); i++) {
		const struct json *value = json_get(json, numbers[i].key);

		if (!json_is_int(value) || json_int(value, -1) < 0)
			return false;
		*(int64_t *)(void *)(base + numbers[i].offset) =
		    json_int(value, -1);
	}
	out->has_content = json_bool(json_get(json, "content"), false);
	return true;
}

bool
cursor_read(struct cursor *out, const char *text)
{
	struct json *json;
	struct err err;
	bool is_ours;

	*out = (struct cursor){ 0 };
	if (!*text || json_parse(&json, text, strlen(text), &err) < 0)
		return false;
	is_ours = read_members(out, json);
	json_free(&json);
	if (!is_ours)
		*out = (struct cursor){ 0 };
	return is_ours;
}

void
cursor_write(const struct cursor *cursor, struct buf *out)
{
	const char *base = (const char *)cursor;
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	for (size_t i = 0; i < N_OF(texts); i++)
		json_out_str(&json, texts[i].key, base + texts[i].offset);
	for (size_t i = 0; i < N_OF(numbers); i++)
		json_out_int(&json, numbers[i].key,
		    *(const int64_t *)(const void *)(base + numbers[i].offset));
	json_out_bool(&json, "content", cursor->has_content);
	json_out_object_end(&json);
}
