/* Reads one proposed action, strictly. Pure. */

#include "services/task-engine/approvals/proposal.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/approvals/canonical.h"
#include "services/task-engine/approvals/types.h"

static bool
is_own_key(const char *key)
{
	static const char *const own[] = { "type", "target", "summary",
		"payload" };

	for (size_t i = 0; i < N_OF(own); i++)
		if (strcmp(own[i], key) == 0)
			return true;
	return false;
}

static int
read_text(const struct json *object, const char *key, size_t max,
    struct arena *arena, const char **out, struct err *err)
{
	const struct json *value = json_get(object, key);

	*out = "";
	if (!value)
		return 0;
	if (json_type(value) != JSON_STRING)
		return err_set(err, ERR_INVALID, "%s is not a string", key);
	*out = arena_strdup(arena, json_str(value, ""));
	if (strlen(*out) > max)
		return err_set(
		    err, ERR_INVALID, "%s is longer than %zu bytes", key, max);
	return 0;
}

static int
read_head(struct proposal *out, const struct json *object, struct arena *arena,
    struct err *err)
{
	const struct action_type *type;
	const char *name;

	if (read_text(object, "type", PROPOSAL_MAX_TARGET, arena, &name, err) <
		0 ||
	    read_text(object, "target", PROPOSAL_MAX_TARGET, arena,
		&out->target, err) < 0 ||
	    read_text(object, "summary", PROPOSAL_MAX_SUMMARY, arena,
		&out->summary, err) < 0)
		return -1;
	type = action_type_find(action_types, n_action_types, name);
	if (!type)
		return err_set(err, ERR_INVALID,
		    *name ? "there is no such type of action"
			  : "it has no type");
	if (!out->target[strspn(out->target, " \t\r\n")])
		return err_set(
		    err, ERR_INVALID, "it has no target (%s)", type->target);
	out->type = type->name;
	return 0;
}

static void
copy_member(struct json_out *json, const struct json *member)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	json_print(member, &text);
	json_out_raw(json, json_key(member), text.data, text.size);
}

/* The members beside the four, and those of the payload object. */
static int
add_payload(struct json_out *json, const struct json *object, struct err *err)
{
	const struct json *payload = json_get(object, "payload");

	if (payload && json_type(payload) != JSON_OBJECT)
		return err_set(err, ERR_INVALID, "payload is not an object");
	json_out_object(json, "payload");
	for (const struct json *m = json_first(object); m; m = json_next(m)) {
		if (is_own_key(json_key(m)))
			continue;
		if (json_get(payload, json_key(m)))
			return err_set(err, ERR_INVALID,
			    "a key stands both beside and in the payload");
		copy_member(json, m);
	}
	for (const struct json *m = json_first(payload); m; m = json_next(m))
		copy_member(json, m);
	json_out_object_end(json);
	return 0;
}

static void
print_canonical(
    struct proposal *out, const struct json *whole, struct arena *arena)
{
	AUTO(buf_release)
	struct buf bytes = { 0 };

	buf_init(&bytes);
	canonical_json(&bytes, whole);
	out->bytes = arena_strndup(arena, bytes.data, bytes.size);
	id_sha256_hex(out->sha256, bytes.data, bytes.size);
}

static int
read_object(struct proposal *out, const struct json *object,
    struct arena *arena, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	AUTO(json_free)
	struct json *whole = NULL;
	struct json_out json;

	if (read_head(out, object, arena, err) < 0)
		return -1;
	buf_init(&text);
	json_out_init(&json, &text);
	json_out_object(&json, NULL);
	json_out_str(&json, "type", out->type);
	json_out_str(&json, "target", out->target);
	json_out_str(&json, "summary", out->summary);
	if (add_payload(&json, object, err) < 0)
		return -1;
	json_out_object_end(&json);
	if (json_parse(&whole, text.data, text.size, err) < 0)
		return -1;
	print_canonical(out, whole, arena);
	if (strlen(out->bytes) > PROPOSAL_MAX_BYTES)
		return err_set(err, ERR_INVALID, "it is longer than %d bytes",
		    PROPOSAL_MAX_BYTES);
	return 0;
}

int
proposal_read(struct proposal *out, const char *text, size_t size,
    struct arena *arena, struct err *err)
{
	AUTO(json_free)
	struct json *object = NULL;

	*out = (struct proposal){ 0 };
	if (size > PROPOSAL_MAX_BYTES)
		return err_set(err, ERR_INVALID, "it is longer than %d bytes",
		    PROPOSAL_MAX_BYTES);
	if (json_parse(&object, text, size, err) < 0)
		return -1;
	if (json_type(object) != JSON_OBJECT)
		return err_set(err, ERR_INVALID, "it is not a JSON object");
	return read_object(out, object, arena, err);
}
