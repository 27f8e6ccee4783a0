#ifndef TASK_ENGINE_KNOWLEDGE_TEXT_FILE_H
#define TASK_ENGINE_KNOWLEDGE_TEXT_FILE_H

#include <stddef.h>

struct arena;
struct complaints;
struct err;

/* A text for the model that people keep in a file. */
struct text_file {
	int dir_fd;	   /* AT_FDCWD: path is the operator's own word */
	const char *path;  /* beneath dir_fd; "": there is none */
	const char *about; /* its name in the log */
	size_t max_bytes;
};

/*
 * Its text, trimmed and shortened to max_bytes (system.h); "" when it is empty;
 * NULL when there is none, or none that can be used, which is said once.
 */
const char *text_file_read(const struct text_file *file,
    struct complaints *complaints, struct arena *arena);

/* Says once why something is not used; that it is absent needs no words. */
void text_file_complain(
    struct complaints *complaints, const char *about, const struct err *err);

#endif
