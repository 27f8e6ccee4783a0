/* The envelope of every message on the bus: what is around a body. */

#include "libcommon/envelope.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/json.h"

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._-";

/* The texts of a head; their characters are bounded because they are logged. */
struct text_rule {
	const char *key;
	size_t offset;
	size_t max;
	bool is_required;
	bool is_name; /* of name_chars; otherwise visible ASCII */
};

#define TEXT(key, max, is_required, is_name)                                   \
	{                                                                      \
#key, offsetof(struct envelope, key), max, is_required,        \
		    is_name                                                    \
	}

static const struct text_rule text_rules[] = {
	TEXT(id, ID_ULID_SIZE - 1, true, true),
	TEXT(type, ENVELOPE_MAX_TYPE, true, true),
	TEXT(from, ENVELOPE_MAX_FROM, true, true),
	TEXT(cause, ENVELOPE_MAX_CAUSE, false, false),
	TEXT(key, ENVELOPE_MAX_KEY, false, false),
};

static int
refuse(struct err *err, const char *key, const char *why)
{
	return err_set(err, ERR_INVALID, "envelope: \"%s\" %s", key, why);
}

static bool
is_visible_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < '!' || *text > '~')
			return false;
	return true;
}

static int
decode_text(struct envelope *out, const struct text_rule *rule, struct err *err)
{
	const struct json *value = json_get(out->root, rule->key);
	const char **slot = (const char **)((char *)out + rule->offset);
	const char *text = json_str(value, NULL);

	*slot = "";
	if (value == NULL && !rule->is_required)
		return 0;
	if (text == NULL)
		return refuse(err, rule->key, "must be a string");
	if (strlen(text) > rule->max)
		return refuse(err, rule->key, "is too long");
	if (rule->is_required && text[0] == '\0')
		return refuse(err, rule->key, "must not be empty");
	if (rule->is_name ? text[strspn(text, name_chars)] != '\0'
			  : !is_visible_ascii(text))
		return refuse(err, rule->key, "has a character not allowed");
	*slot = text;
	return 0;
}

/* A whole number >= 0; the fallback when it is absent. */
static int
decode_count(const struct json *object, const char *key, int64_t fallback,
    int64_t *out, struct err *err)
{
	const struct json *value = json_get(object, key);

	*out = value != NULL ? json_int(value, -1) : fallback;
	return *out >= 0 ? 0 : refuse(err, key, "must be a whole number >= 0");
}

static int
decode_head(struct envelope *out, struct err *err)
{
	const struct json *version = json_get(out->root, "v");

	if (json_type(out->root) != JSON_OBJECT)
		return err_set(
		    err, ERR_INVALID, "an envelope must be a JSON object");
	if (json_int(version, 0) != ENVELOPE_VERSION)
		return refuse(err, "v", "must be 1");
	for (size_t i = 0; i < N_OF(text_rules); i++)
		if (decode_text(out, &text_rules[i], err) < 0)
			return -1;
	if (!id_is_ulid(out->id))
		return refuse(err, "id", "must be a ULID");
	if (decode_count(out->root, "at", -1, &out->at_ms, err) < 0 ||
	    decode_count(out->root, "deadline", 0, &out->deadline_ms, err) < 0)
		return -1;
	return 0;
}

static int
decode_error(struct envelope *out, struct err *err)
{
	const struct json *error = json_get(out->root, "error");
	const char *code = json_str(json_get(error, "code"), NULL);
	const char *text = json_str(json_get(error, "text"), NULL);

	if (json_type(error) != JSON_OBJECT)
		return refuse(err, "error", "must be an object");
	if (code == NULL || text == NULL)
		return refuse(err, "error", "must have \"code\" and \"text\"");
	err_set(&out->error, err_code_parse(code), "%s", text);
	return decode_count(
	    error, "retry_after_ms", 0, &out->retry_after_ms, err);
}

static int
decode_content(struct envelope *out, struct err *err)
{
	const struct json *ok = json_get(out->root, "ok");
	const struct json *body = json_get(out->root, "body");

	if (ok != NULL && json_type(ok) != JSON_BOOL)
		return refuse(err, "ok", "must be true or false");
	out->is_reply = ok != NULL;
	out->ok = json_bool(ok, false);
	if (out->is_reply && !out->ok)
		return decode_error(out, err);
	if (json_type(body) != JSON_OBJECT)
		return refuse(err, "body", "must be an object");
	out->body = body;
	return 0;
}

int
envelope_decode(
    struct envelope *out, const char *text, size_t size, struct err *err)
{
	memset(out, 0, sizeof(*out));
	if (size > ENVELOPE_MAX_LARGE_BYTES)
		return err_set(err, ERR_INVALID,
		    "envelope: %zu bytes are more than %d", size,
		    ENVELOPE_MAX_LARGE_BYTES);
	if (json_parse(&out->root, text, size, err) < 0)
		return err_prefix(err, "envelope");
	if (decode_head(out, err) < 0 || decode_content(out, err) < 0) {
		envelope_release(out);
		return -1;
	}
	return 0;
}

void
envelope_release(struct envelope *envelope)
{
	json_free(&envelope->root);
	memset(envelope, 0, sizeof(*envelope));
}

static void
add_text(struct json_out *out, const char *key, const char *value)
{
	if (value != NULL && value[0] != '\0')
		json_out_str(out, key, value);
}

/* Opens the envelope and writes its head. */
static void
begin(struct json_out *out, struct buf *buf, const struct envelope_head *head)
{
	json_out_init(out, buf);
	json_out_object(out, NULL);
	json_out_int(out, "v", ENVELOPE_VERSION);
	json_out_str(out, "id", head->id);
	json_out_str(out, "type", head->type);
	json_out_str(out, "from", head->from);
	json_out_int(out, "at", head->at_ms);
	if (head->deadline_ms != 0)
		json_out_int(out, "deadline", head->deadline_ms);
	add_text(out, "cause", head->cause);
	add_text(out, "key", head->key);
}

static void
end_with_body(struct json_out *out, const struct buf *body)
{
	if (body != NULL && body->size > 0)
		json_out_raw(out, "body", body->data, body->size);
	else
		json_out_raw(out, "body", "{}", 2);
	json_out_object_end(out);
}

void
envelope_encode(
    struct buf *out, const struct envelope_head *head, const struct buf *body)
{
	struct json_out writer;

	begin(&writer, out, head);
	end_with_body(&writer, body);
}

void
envelope_encode_ok(
    struct buf *out, const struct envelope_head *head, const struct buf *body)
{
	struct json_out writer;

	begin(&writer, out, head);
	json_out_bool(&writer, "ok", true);
	end_with_body(&writer, body);
}

void
envelope_encode_error(struct buf *out, const struct envelope_head *head,
    const struct err *error, int64_t retry_after_ms)
{
	struct json_out writer;

	begin(&writer, out, head);
	json_out_bool(&writer, "ok", false);
	json_out_object(&writer, "error");
	json_out_str(&writer, "code", err_code_name(error->code));
	json_out_str(&writer, "text", error->text);
	if (retry_after_ms > 0)
		json_out_int(&writer, "retry_after_ms", retry_after_ms);
	json_out_object_end(&writer);
	json_out_object_end(&writer);
}
