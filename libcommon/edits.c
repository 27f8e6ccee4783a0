/* Which messages grow, and when they may be changed again. */

#include "libcommon/edits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "libcommon/markup.h"
#include "proto/bounds.h"
#include "proto/turn.h"

enum {
	/* Answers have the other connections. */
	IN_FLIGHT_MAX = 2,
	/* More answers than are made at a time by far. */
	KNOWN_MAX = 64,
	NEWS_ARENA_BYTES = 256 * 1024,
	EDIT_ARENA_BYTES = 1024 * 1024,
};

struct known {
	char message_id[BOUND_ID + 1];
	int64_t next_ms;		/* monotonic; INT64_MAX: never again */
	char shown[ID_SHA256_HEX_SIZE]; /* of what it says */
};

struct edits {
	struct edits_platform platform;
	void *arg;
	struct arena *arena; /* of the news in hand */
	struct edit under_way[IN_FLIGHT_MAX];
	struct known known[KNOWN_MAX];
	size_t at; /* of these: the oldest */
};

struct edits *
edits_new(const struct edits_platform *platform, void *arg)
{
	struct edits *edits = xcalloc(1, sizeof(*edits));

	edits->platform = *platform;
	edits->arg = arg;
	edits->arena = arena_new(NEWS_ARENA_BYTES);
	return edits;
}

void
edits_free(struct edits **slot)
{
	struct edits *edits = STEAL(*slot);

	if (!edits)
		return;
	for (size_t i = 0; i < IN_FLIGHT_MAX; i++)
		arena_free(&edits->under_way[i].arena);
	arena_free(&edits->arena);
	xfree(&edits);
}

static struct known *
know(struct edits *edits, const char *message_id)
{
	struct known *known;

	for (size_t i = 0; i < KNOWN_MAX; i++)
		if (strcmp(edits->known[i].message_id, message_id) == 0)
			return &edits->known[i];
	known = &edits->known[edits->at];
	edits->at = (edits->at + 1) % KNOWN_MAX;
	snprintf(
	    known->message_id, sizeof(known->message_id), "%s", message_id);
	known->next_ms = 0;
	known->shown[0] = '\0';
	return known;
}

static struct edit *
find_under_way(struct edits *edits, const char *message_id)
{
	for (size_t i = 0; i < IN_FLIGHT_MAX; i++)
		if (edits->under_way[i].arena &&
		    strcmp(edits->under_way[i].message_id, message_id) == 0)
			return &edits->under_way[i];
	return NULL;
}

static struct edit *
find_free(struct edits *edits)
{
	for (size_t i = 0; i < IN_FLIGHT_MAX; i++)
		if (!edits->under_way[i].arena)
			return &edits->under_way[i];
	return NULL;
}

/* Only its first message grows: what does not fit follows at the end. */
static bool
render(struct edits *edits, struct edit *edit, const char *text)
{
	const struct edits_platform *p = &edits->platform;
	struct split_part *parts;
	struct markup markup;

	markup_parse(&markup, text, strlen(text), p->markup_flags, edit->arena);
	if (split_markup(&markup, &p->split, edit->arena, &parts) == 0)
		return false;
	edit->written = parts[0].written;
	edit->plain = parts[0].plain;
	return true;
}

/* A message that is full says the same again and again. */
static bool
is_news(struct known *known, const char *written)
{
	char hex[ID_SHA256_HEX_SIZE];

	id_sha256_hex(hex, written, strlen(written));
	if (strcmp(hex, known->shown) == 0)
		return false;
	memcpy(known->shown, hex, sizeof(hex));
	return true;
}

static void
begin(struct edits *edits, struct edit *edit, struct known *known,
    const struct turn_progress *progress)
{
	struct arena *arena = arena_new(EDIT_ARENA_BYTES);

	*edit = (struct edit){
		.edits = edits,
		.arena = arena,
		.chat_id = arena_strdup(arena, progress->chat_id),
		.message_id = arena_strdup(arena, progress->edit_id),
	};
	if (!render(edits, edit, progress->text) ||
	    !is_news(known, edit->written) ||
	    !edits->platform.show(edits->arg, edit))
		arena_free(&edit->arena);
}

void
edits_take(struct edits *edits, const struct envelope *news)
{
	struct turn_progress progress;
	struct edit *edit = find_free(edits);
	int64_t now_ms = clock_mono_ms();
	struct known *known;
	struct err err;

	arena_reset(edits->arena);
	if (turn_progress_decode(&progress, news->body, edits->arena, &err) <
	    0) {
		log_warn("progress-unread", "why=%s", log_quote(err.text));
		return;
	}
	if (!*progress.text || !*progress.edit_id)
		return;
	known = know(edits, progress.edit_id);
	/* What is left out is said again, and more, in a second. */
	if (!edit || now_ms < known->next_ms ||
	    find_under_way(edits, progress.edit_id))
		return;
	known->next_ms = now_ms + edits->platform.every_ms(progress.chat_id);
	begin(edits, edit, known, &progress);
}

void
edits_shown(struct edit *edit, int64_t pause_ms)
{
	struct known *known = know(edit->edits, edit->message_id);
	void (*then)(void *arg) = edit->then;
	void *arg = edit->then_arg;

	if (pause_ms < 0)
		known->next_ms = INT64_MAX;
	else if (pause_ms > 0 && known->next_ms != INT64_MAX)
		known->next_ms = clock_mono_ms() + pause_ms;
	edit->then = NULL;
	arena_free(&edit->arena);
	if (then)
		then(arg);
}

void
edits_end(struct edits *edits, const char *message_id, void (*fn)(void *arg),
    void *arg)
{
	struct edit *edit = find_under_way(edits, message_id);

	know(edits, message_id)->next_ms = INT64_MAX;
	if (!edit) {
		fn(arg);
		return;
	}
	/* One row at a time changes a message. */
	assert(!edit->then);
	edit->then = fn;
	edit->then_arg = arg;
}
