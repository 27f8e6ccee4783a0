/* Files that messages bring: held first, named when the message comes. */

#include "services/task-engine/doors/attachments.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/base64.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "proto/attachment.h"
#include "proto/message.h"
#include "services/task-engine/config.h"
#include "services/task-engine/conversation/quote.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/policy/names.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/allowances.h"
#include "services/task-engine/store/attachments.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"

enum {
	/* Of all gateways, until their messages come: a few seconds' worth. */
	HELD_MAX_BYTES = 64 * 1024 * 1024,
	DAY_MS = 24 * 60 * 60 * 1000,
	WORKSPACE_TIMES = 10,
	/* Of files with one name in one message. */
	SAME_NAME_MAX = 1000,
	SHOWN_NAME_MAX = 120,
};

struct attachment_fate {
	const char *path; /* in the workspace; NULL: it was not kept */
	const char *why;  /* then */
};

static const char not_markdown[] = "only Markdown files (.md) are kept";
static const char too_large[] = "it has more than 2 MiB";

/* The text that it claims to be; in the arena. */
static int
read_content(const struct attachment_put *in, struct arena *arena,
    const char **content_out, struct err *err)
{
	size_t size = strlen(in->data), n;
	char *content = arena_alloc(arena, size / 4 * 3 + 1);
	char sha256[ID_SHA256_HEX_SIZE];

	if (base64_read(content, &n, in->data, size, err) < 0)
		return err_prefix(err, "data");
	id_sha256_hex(sha256, content, n);
	if (n != (size_t)in->size_bytes || strcmp(sha256, in->sha256) != 0)
		return err_set(err, ERR_INVALID,
		    "data: it is not what size_bytes and sha256 say");
	if (!attachment_is_markdown(in->name, in->media_type))
		return err_set(err, ERR_REFUSED, "%s", not_markdown);
	if (!utf8_is_valid(content, n))
		return err_set(err, ERR_REFUSED, "it is not text in UTF-8");
	*content_out = content;
	return 0;
}

/* 0: hold it. 1: it is here, or its message is. */
static int
look_for(struct svc *svc, const struct attachment_key *key, const char *sha256,
    struct arena *arena, struct err *err)
{
	struct attachment_row row;
	struct message_row message;
	int got = store_attachment_find(svc->store, key, arena, &row, err);

	if (got < 0)
		return -1;
	if (got == 0 && strcmp(row.sha256, sha256) != 0)
		return err_set(err, ERR_CONFLICT,
		    "that message has brought another file in its place");
	if (got == 0)
		return 1;
	got = store_message_find(svc->store, key->instance, key->chat_id,
	    key->event_id, arena, &message, err);
	return got < 0 ? -1 : !got;
}

static int
hold(struct svc *svc, const struct attachment_key *key,
    const struct attachment_put *in, int64_t now_ms, struct arena *arena,
    struct err *err)
{
	const struct attachment_row row = {
		.name = in->name,
		.sha256 = in->sha256,
	};
	const char *content = NULL;
	int64_t n_bytes;

	if (read_content(in, arena, &content, err) < 0 ||
	    store_attachments_held(svc->store, &n_bytes, err) < 0)
		return -1;
	if (n_bytes + in->size_bytes > HELD_MAX_BYTES)
		return err_set(err, ERR_BUSY,
		    "too many files are on their way; send it again later");
	return store_attachment_add(
	    svc->store, key, &row, content, in->size_bytes, now_ms, err);
}

int
on_attachment_put(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct attachment_held out = { .outcome = "held" };
	struct attachment_put in;
	struct attachment_key key;
	int got;

	if (attachment_put_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	key = (struct attachment_key){
		.instance = connector_instance(request->peer, request->arena),
		.chat_id = in.chat_id,
		.event_id = in.event_id,
		.number = in.index,
	};
	got = look_for(svc, &key, in.sha256, request->arena, err);
	if (got < 0)
		return -1;
	if (got == 1)
		out.outcome = "known";
	else if (hold(svc, &key, &in, request->now_ms, request->arena, err) < 0)
		return -1;
	attachment_held_encode(&out, reply->body);
	return 0;
}

/* Returns 1 when they have had theirs for today. */
static int
take_allowance(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	int64_t limit = svc->cfg->attachments_a_day;
	const char *workspace =
	    arena_printf(arena, "attachments:%s", heard->context->workspace_id);
	const char *person =
	    arena_printf(arena, "%s:%s", workspace, heard->actor->name);
	int got = allowance_take(
	    svc->store, person, limit, DAY_MS, heard->now_ms, err);

	if (got != 0)
		return got;
	return allowance_take(svc->store, workspace, limit * WORKSPACE_TIMES,
	    DAY_MS, heard->now_ms, err);
}

static int
find_path(struct svc *svc, const struct heard *heard,
    const struct attachment_row *row, struct arena *arena,
    const char **path_out, struct err *err)
{
	const struct context_row *x = heard->context;
	const char *folder = name_inbox(arena, x->connector, x->external_id);
	const char *message_id = *heard->message->platform_id
				     ? heard->message->platform_id
				     : heard->message->event_id;
	char file[ATTACHMENT_NAME_SIZE];

	name_attachment_file(file, row->name);
	for (int64_t n = 1; n <= SAME_NAME_MAX; n++) {
		const char *path =
		    name_attachment(arena, folder, message_id, n, file);
		int got = store_attachment_path_used(
		    svc->store, x->workspace_id, path, err);

		if (got < 0)
			return -1;
		*path_out = path;
		if (got == 1)
			return 0;
	}
	return err_set(err, ERR_CONFLICT, "%s is taken", *path_out);
}

static int
name_it(struct svc *svc, const struct heard *heard,
    const struct attachment_row *row, struct attachment_fate *fate,
    struct arena *arena, struct err *err)
{
	const char *path;
	int got = take_allowance(svc, heard, arena, err);

	if (got < 0)
		return -1;
	if (got == 1) {
		fate->why = "no more files are taken from you today";
		return 0;
	}
	if (find_path(svc, heard, row, arena, &path, err) < 0)
		return -1;
	fate->path = path;
	log_info("attachment-kept", "workspace=%s path=%s",
	    heard->context->workspace_id, log_quote(path));
	return store_attachment_name(svc->store, row->seq,
	    heard->context->workspace_id, path, heard->now_ms, err);
}

static const char *
why_not(const struct message_attachment *item)
{
	if (*item->problem)
		return item->problem;
	if (!attachment_is_markdown(item->name, item->media_type))
		return not_markdown;
	if (item->size_bytes > ATTACHMENT_MAX_BYTES)
		return too_large;
	return "it did not arrive";
}

static int
take_one(struct svc *svc, const struct heard *heard,
    const struct attachments *files, size_t i, struct arena *arena,
    struct err *err)
{
	const struct attachment_key key = {
		.instance = heard->message->instance,
		.chat_id = heard->message->chat_id,
		.event_id = heard->message->event_id,
		.number = (int64_t)i,
	};
	struct attachment_fate *fate = &files->fates[i];
	struct attachment_row row;
	int got = store_attachment_find(svc->store, &key, arena, &row, err);

	fate->why = why_not(&files->items[i]);
	if (got < 0)
		return -1;
	if (got == 1 || *row.path)
		return 0;
	return name_it(svc, heard, &row, fate, arena, err);
}

int
attachments_take(struct svc *svc, const struct heard *heard,
    struct attachments *files, struct arena *arena, struct err *err)
{
	const struct message_row *m = heard->message;
	struct message_row before;
	int got;

	if (files->n_items == 0)
		return 0;
	files->fates =
	    arena_alloc(arena, files->n_items * sizeof(*files->fates));
	got = store_message_find(svc->store, m->instance, m->chat_id,
	    m->event_id, arena, &before, err);
	if (got <= 0 || m->is_edit)
		return got < 0 ? -1 : 0;
	for (size_t i = 0; i < files->n_items; i++)
		if (take_one(svc, heard, files, i, arena, err) < 0)
			return -1;
	return 0;
}

const char *
attachments_in_log(
    const struct attachments *files, const char *words, struct arena *arena)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	buf_adds(&text, words);
	if (*words)
		buf_adds(&text, "\n");
	buf_adds(
	    &text, files->n_items > 1 ? "[attachments] " : "[attachment] ");
	for (size_t i = 0; i < files->n_items; i++)
		buf_addf(&text, "%s%s", i ? ", " : "",
		    files->fates[i].path ? files->fates[i].path
					 : files->items[i].name);
	return arena_strndup(arena, text.data, text.size);
}

static void
say_kept(struct buf *out, const struct attachments *files)
{
	size_t n = 0;

	for (size_t i = 0; i < files->n_items; i++)
		n += files->fates[i].path != NULL;
	if (n == 0)
		return;
	buf_adds(out, n > 1 ? "Attachments saved:" : "Attachment saved:");
	for (size_t i = 0; i < files->n_items; i++)
		if (files->fates[i].path)
			buf_addf(out, "%s `%s`", n > 1 ? "\n-" : "",
			    files->fates[i].path);
}

static void
say_not_kept(struct buf *out, const struct attachments *files)
{
	for (size_t i = 0; i < files->n_items; i++) {
		if (files->fates[i].path)
			continue;
		if (out->size)
			buf_adds(out, "\n");
		buf_adds(out, "Not saved: ");
		quote_line(out, files->items[i].name, SHOWN_NAME_MAX);
		buf_addf(out, ": %s.", files->fates[i].why);
	}
}

/* Where words are answered as well, it is a message beside the answer. */
static int
say_beside(struct svc *svc, const struct heard *heard, const char *text,
    struct err *err)
{
	const struct post_note note = {
		.context = heard->context,
		.instance = heard->message->instance,
		.reply_to_id = heard->message->platform_id,
		.text = text,
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];

	return post_add(svc->store, &note, heard->now_ms, id, err);
}

int
attachments_tell(struct svc *svc, const struct heard *heard,
    const struct attachments *files, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	if (files->n_items == 0 || heard->message->is_edit)
		return 0;
	buf_init(&text);
	say_kept(&text, files);
	if (heard->message->is_addressed)
		say_not_kept(&text, files);
	if (text.size == 0)
		return 0;
	return heard->is_silent ? heard_reply(svc, heard, text.data, err)
				: say_beside(svc, heard, text.data, err);
}
