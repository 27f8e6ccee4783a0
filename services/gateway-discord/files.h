#ifndef GATEWAY_DISCORD_FILES_H
#define GATEWAY_DISCORD_FILES_H

#include <stdbool.h>

#include "libcommon/defs.h"

struct arena;
struct connector;
struct err;
struct loop;
struct message_inbound;

/*
 * Markdown files that messages bring: fetched from Discord's own hosts alone,
 * without our token and within 2 MiB, and put to the engine before the message
 * that names them. What cannot be had is said in the message; nothing else
 * waits for it but its own chat.
 */
struct files;
struct file_set; /* those of one message */

struct files_options {
	const char *api_base; /* files may lie there too: a double's do */
	const char *ca_file;
	/* All of a message are done. */
	void (*done)(void *arg);
	void *arg;
};
int files_open(struct files **files_out, struct loop *loop,
    struct connector *connector, const struct files_options *options,
    struct err *err) MUST_CHECK;
void files_close(struct files **files);

/* What is passed lives until files_forget. NULL: there is nothing to fetch. */
struct file_set *
files_begin(struct files *files, struct message_inbound *message,
    const char *const *urls, struct arena *arena);
bool files_are_done(const struct file_set *set); /* true for NULL */
void files_forget(struct file_set **set);

#endif
