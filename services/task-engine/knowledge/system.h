#ifndef TASK_ENGINE_KNOWLEDGE_SYSTEM_H
#define TASK_ENGINE_KNOWLEDGE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

/*
 * The system message: pure assembly, in one place and one order, which is that
 * of the parts below with our own rules before the skills. docs/prompts.md
 * tells it to people.
 */
enum system_part {
	SYSTEM_BASELINE,
	SYSTEM_PROMPT_FILE,
	SYSTEM_POLICY, /* what /prompt set */
	SYSTEM_SOUL_FILE,
	SYSTEM_SKILL,
	SYSTEM_PART_COUNT
};

struct system_item {
	enum system_part part;
	const char *label;  /* "For everybody", "jq.md"; "" for no line */
	const char *text;   /* not empty */
	const char *source; /* path, variable; "": said in a chat */
	bool is_left_out;   /* set by system_prompt */
};

struct system_in {
	/* Files of one part: what overrides comes later. Skills: what was
	 * found first comes first. */
	struct system_item *items;
	size_t n_items;
	const char *fence; /* of prompt.h */
	bool has_tools;	   /* beside the message */
	bool asks_confidence;
	int64_t now_ms;
	size_t max_bytes;
};

/*
 * Appends the message. When it is longer than max_bytes whole items are left
 * out, the weakest first: skills, last found first; SOUL files, then prompt
 * files, what is overridden first; what /prompt set; the baseline. Never our
 * rules, and so it may be longer all the same. Returns how many.
 */
size_t system_prompt(struct system_in *in, struct buf *out);

/*
 * The text, or when it is longer than max_bytes its beginning: whole sentences,
 * lines of lists, paragraphs and blocks of code. "": not one of them fits. It
 * lives in the arena.
 */
const char *
system_shorten(const char *text, size_t max_bytes, struct arena *arena);

#endif
