#ifndef TASK_ENGINE_CONVERSATION_MARKS_H
#define TASK_ENGINE_CONVERSATION_MARKS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How ids, tokens and the fixed words of commands look when a person writes
 * them. Pure, on folded words (ASCII lower case) unless it says otherwise.
 *
 * These only recognise: whether such a thing exists is looked up elsewhere,
 * among what the asker may see. A short id is at least four characters of the
 * random part.
 */
enum { MARK_ID_MAX = 64, MARK_TOKEN_MIN = 8, MARK_TOKEN_MAX = 64 };

/* "act_9f3c…" with four characters or more. */
bool mark_is_action(const char *word);

/*
 * A task's id or the beginning of one ("9f3c", "task-9f3c-…"). Four letters
 * that could be a word ("face", "dead") are none: behind a slash they are.
 */
bool mark_is_task(const char *word);

/*
 * A pairing token as it is said in a sentence, not folded: ASCII letters and
 * digits, with a digit among them or all in capitals. "immediately" is none.
 */
bool mark_is_token(const char *word, size_t size);

bool mark_is_role(const char *word); /* a guest has none */
/* A Markdown file, or a document's short id ("#a1b2c3"). */
bool mark_is_document(const char *word);
/* Something of the network: a URL, or a name with a dot in it. */
bool mark_is_site(const char *word);

#endif
