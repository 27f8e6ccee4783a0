#ifndef TASK_ENGINE_TURN_TRACE_H
#define TASK_ENGINE_TURN_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "proto/bounds.h"
#include "services/task-engine/knowledge/origin.h"
#include "services/task-engine/store/usage.h"

struct buf;
struct err;
struct trace_turn;
struct turn;

/*
 * What a turn worked with: noted on the way, kept when it ends, in the same
 * transaction. Of what was said only where it came from and how long it is.
 */
enum trace_section {
	SECTION_BASELINE,
	SECTION_PROMPT_FILE,
	SECTION_PROMPT, /* of /prompt set */
	SECTION_SOUL,
	SECTION_RULES,
	SECTION_SKILL,
	SECTION_PASSAGE,
	SECTION_SUMMARY,
	SECTION_REFINED, /* a summary that a model put in words */
	SECTION_TAIL,
	SECTION_TASK,	 /* that is run */
	SECTION_MESSAGE, /* that is answered */
	SECTION_TOOL,	 /* what one returned */
	SECTION_COUNT
};

struct noted_part {
	enum trace_section section;
	struct origin origin;
	size_t bytes;
	bool is_left_out; /* for the budget */
};

struct turn_notes {
	struct noted_part parts[BOUND_TRACE_PARTS];
	size_t n_parts;
	struct tokens used; /* whatever of it is recorded already */
	int64_t began_mono_ms, waited_ms;
	int64_t search_ms, model_ms;
	int64_t since_mono_ms; /* the search, call or tool under way */
	bool is_answered;      /* by a model */
};

/* More than fit a trace are not noted. */
void turn_note(struct turn *turn, const struct noted_part *part);

/* It lives in the turn's arena. */
void turn_trace(const struct turn *turn, struct trace_turn *out);
/* Within a transaction. */
int
turn_trace_store(struct turn *turn, int64_t now_ms, struct err *err) MUST_CHECK;

/* Appends "; based on file "a.md", message of guest "telegram:7"": what the
 * asker did not write and the model was shown. Nothing if it was not. */
void turn_say_based_on(const struct turn *turn, struct buf *out);

#endif
