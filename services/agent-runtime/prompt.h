#ifndef AGENT_RUNTIME_PROMPT_H
#define AGENT_RUNTIME_PROMPT_H

/*
 * Lines from a person: with line editing and a history that lasts (file
 * <data>/run/chat_history, mode 0600) on a terminal, plain ones otherwise.
 */
struct prompt;

struct prompt *prompt_open(const char *data_dir);
/* The next line without its end, valid until the next call; NULL: no more. A
 * line of more than 1 MiB is refused with a word on stderr, and skipped. */
const char *prompt_read(struct prompt *prompt);
void prompt_close(struct prompt **prompt);

#endif
