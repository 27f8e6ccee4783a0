#ifndef TASK_ENGINE_KNOWLEDGE_SUMMARY_H
#define TASK_ENGINE_KNOWLEDGE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

/*
 * What is kept of a conversation beyond its last messages, taken from people's
 * own sentences, whole and in their words. Pure. It is what people said, and
 * no more to be believed than that.
 */
enum summary_kind {
	SUMMARY_FACT,	  /* a decision, or what is to be remembered */
	SUMMARY_TASK,	  /* what somebody is to do, or will */
	SUMMARY_QUESTION, /* that nobody has answered */
	SUMMARY_KIND_COUNT
};

/* As rows name it: "fact" "task" "question"; a constant. */
const char *summary_kind_name(enum summary_kind kind);
enum summary_kind summary_kind_parse(const char *name);

struct summary_item {
	enum summary_kind kind;
	const char *who;
	const char *text; /* one line */
};

enum { SUMMARY_ITEMS_A_MESSAGE = 4, SUMMARY_MAX_ITEM_BYTES = 240 };

/*
 * The first of its sentences that are of a kind; too long ones are left out
 * whole, and so are commands and code. Returns how many; items has room for
 * SUMMARY_ITEMS_A_MESSAGE. They live in the arena.
 */
size_t summary_extract(
    const char *text, struct summary_item *items, struct arena *arena);

/* What the last messages speak of most: words of several of them, the most
 * frequent first, at most limit. */
size_t summary_topics(const char *const *texts, size_t n_texts,
    const char **topics, size_t limit, struct arena *arena);

struct summary_in {
	const struct summary_item *items; /* of each kind the newest first */
	size_t n_items;
	const char *const *topics, *const *people;
	size_t n_topics, n_people;
};

/* Appends Markdown, what matters most first, so that whoever has little room
 * leaves out its last lines. */
void summary_body(const struct summary_in *in, struct buf *out);

/*
 * Whether what a model made of a summary may take its place: headings and
 * items of lists, a line each, at least one item, in all at most max_bytes.
 * Anything else is talk.
 */
bool summary_is_sound(const char *text, size_t max_bytes);

#endif
