/* Long answers, shown while they are made. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/turn.h"
#include "services/task-engine/config.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/partials.h"
#include "services/task-engine/knowledge/confidence.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/llm/partial.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/turn/turn.h"

enum {
	/* A platform takes one change of a message in a second: what comes a
	 * little late would be left out. */
	EVERY_MS = 1200,
	/* Shorter ones are soon whole. */
	LEAST_BYTES = 200,
	/* Of a message's 4096 characters, and of what they may need. */
	MOST_BYTES = 12 * 1024,
};

static const char goes_on[] = " …";

static bool
may_grow(const struct turn *turn)
{
	return turn->turns->options.cfg->llm_show_after_s > 0 &&
	       turn->work.kind == TURN_ANSWER && turn->work.has_message &&
	       connector_edits(turn->work.context.connector) &&
	       connector_is_told(turn->work.message.instance) &&
	       !turn->shown.is_given_up;
}

/* One that the model doubts is not given, so not shown either. */
static void
add_trusted(const struct turn *turn, const char *text, struct buf *out)
{
	const char *rest;
	int64_t said = confidence_begin(text, &rest);

	if (turn->limits.min_confidence == 0 ||
	    (said != CONFIDENCE_UNSAID && said >= turn->limits.min_confidence))
		buf_adds(out, rest);
}

/* What is certain of the answer so far, "" if that is nothing. */
static void
add_text(const struct turn *turn, struct buf *out)
{
	const struct talk *talk = &turn->talk;
	AUTO(buf_release)
	struct buf all = { 0 }, visible = { 0 };

	buf_init(&all);
	buf_init(&visible);
	if (talk->said)
		buf_addf(&all, "%s%s", talk->said, talk->trail);
	buf_adds(&all, llm_said(turn->call));
	blame_set(turn->work.turn_id);
	partial_visible(&visible, all.data, MOST_BYTES);
	add_trusted(turn, visible.data, out);
	blame_clear();
	while (out->size && strchr(" \t\n", out->data[out->size - 1]))
		buf_truncate(out, out->size - 1);
}

/* An answer is no worse for not being watched. */
static void
give_up(struct turn *turn, const struct err *err)
{
	turn->shown.is_given_up = true;
	log_warn("answer-unshown", "turn=%" PRId64 " why=%s",
	    turn->work.turn_id, log_quote(err->text));
}

static void
begin(struct turn *turn, const char *text)
{
	const struct turns_options *o = &turn->turns->options;
	int64_t for_ms = clock_mono_ms() - turn->notes.began_mono_ms;
	struct err err;

	if (for_ms < 1000 * o->cfg->llm_show_after_s ||
	    strlen(text) < LEAST_BYTES)
		return;
	if (partials_post(o->store, &turn->work, text, clock_unix_ms(), &err) <
	    0)
		give_up(turn, &err);
	else
		turn->shown.is_begun = true;
}

/* 1: it is not shown yet. An earlier try of the turn may have begun it. */
static int
find(struct turn *turn, struct err *err)
{
	const char *edit_id = "";
	int got;

	if (turn->shown.edit_id)
		return 0;
	got = partials_find(turn->turns->options.store, &turn->work,
	    turn->arena, &edit_id, err);
	if (got == 0) {
		turn->shown.is_begun = true;
		if (*edit_id)
			turn->shown.edit_id = edit_id;
	}
	return got == 0 && !*edit_id ? 1 : got;
}

static void
grow(struct turn *turn, const char *text)
{
	struct err err;
	int got = find(turn, &err);

	if (got < 0) {
		give_up(turn, &err);
		return;
	}
	if (got == 1 && !turn->shown.is_begun)
		begin(turn, text);
	if (got == 1 ||
	    (turn->shown.text && strcmp(turn->shown.text, text) == 0))
		return;
	turn->shown.text = arena_strdup(turn->arena, text);
	turn_tell(turn,
	    &(struct turn_progress){ .chat_id = turn->work.context.chat_id,
		.state = "working",
		.text = text,
		.edit_id = turn->shown.edit_id });
}

void
turns_show(void *arg)
{
	struct turns *turns = arg;

	if (turns->n_running == 0)
		timer_stop(turns->shown);
	for (struct turn *t = turns->running; t; t = t->next) {
		AUTO(buf_release)
		struct buf text = { 0 };

		if (!t->call || !may_grow(t))
			continue;
		buf_init(&text);
		add_text(t, &text);
		if (!text.size)
			continue;
		buf_adds(&text, goes_on);
		grow(t, text.data);
	}
}

void
turns_shown_open(struct turns *turns)
{
	turns->shown = timer_new(turns->options.loop, turns_show, turns);
}

void
turn_show(const struct turn *turn)
{
	if (may_grow(turn) && !timer_is_running(turn->turns->shown))
		timer_start(turn->turns->shown, EVERY_MS, EVERY_MS);
}
