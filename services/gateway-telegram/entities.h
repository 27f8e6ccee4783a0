#ifndef GATEWAY_TELEGRAM_ENTITIES_H
#define GATEWAY_TELEGRAM_ENTITIES_H

#include <stdbool.h>

struct arena;
struct json;
struct telegram_me;

/*
 * A message's text with what its entities say. Pure. They count in UTF-16
 * units; those that point outside of the text are ignored.
 */
struct telegram_text {
	const char *text; /* Markdown; "" when there is none */
	bool is_mention;  /* of us, or a command that names us */
	bool names_other; /* a command that names another bot */
};

void telegram_text_read(struct telegram_text *out, const char *text,
    const struct json *entities, const struct telegram_me *me,
    struct arena *arena);

/* The text as a quote, below a line that says whose it is. */
const char *
telegram_text_quote(const char *text, const char *head, struct arena *arena);

#endif
