#ifndef TASK_ENGINE_KNOWLEDGE_PROMPT_H
#define TASK_ENGINE_KNOWLEDGE_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/*
 * What the model is sent: pure assembly. What comes from files and from people
 * stands between marks that carry a random word, so that no text can end its
 * own quotation; an item that holds the word all the same is left out. Items
 * go in whole or not at all.
 */
struct quote {
	const char *label; /* "file docs/a.md:12", "guest alice" */
	const char *text;
	bool is_shown; /* set by prompt_user */
};

struct prompt_in {
	const char *fence;	/* the random word */
	struct quote *passages; /* best first */
	size_t n_passages;
	const char *summary; /* lines, what matters most first; "": none */
	size_t *summary_bytes_out; /* of it that are shown; NULL: no matter */
	struct quote *tail;	   /* oldest first */
	size_t n_tail;
	const char *asker;
	const char *question; /* whole, whatever the limits */
	size_t max_bytes;     /* of everything */
	/* what a question at most takes of it: a long one leaves room too */
	size_t max_question_bytes;
	size_t max_passages_bytes;
	size_t max_summary_bytes;
	size_t max_tail_bytes;
	size_t max_tail_lines;
	bool is_refined;      /* the summary: a model put it in words */
	bool is_memory_first; /* in room, when there is none for all */
};

/* Appends the user message: passages, the summary and the end of what was said
 * before, the question; and marks what of the quotes is in it. */
void prompt_user(const struct prompt_in *in, struct buf *out);

/* Whole lines, at most max_bytes. It lives in the arena. */
const char *
prompt_excerpt(const char *text, size_t max_bytes, struct arena *arena);

/*
 * The same of the section that the text begins with: without its heading, and
 * no further than the next one.
 */
const char *
prompt_section(const char *text, size_t max_bytes, struct arena *arena);

/* Who speaks, fit for a label: the role first, behind a name it could be part
 * of one. */
const char *
prompt_speaker(const char *role, const char *name, struct arena *arena);

/* One line of text fit for a label: no controls, at most max_bytes. */
const char *
prompt_label(const char *text, size_t max_bytes, struct arena *arena);

#endif
