#ifndef TASK_ENGINE_KNOWLEDGE_COMPLAINTS_H
#define TASK_ENGINE_KNOWLEDGE_COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What is wrong with things that are looked at again and again, so that each
 * trouble is said once and not at every look: of a bounded number of things.
 */
enum { COMPLAINTS_MAX = 1024 };

struct complaints {
	struct complaint {
		char *about, *why;
	} rows[COMPLAINTS_MAX];
	size_t n;
};

void complaints_release(struct complaints *complaints);

/* Whether that is news. Of more things than fit nothing is. */
bool complaint_is_new(
    struct complaints *complaints, const char *about, const char *why);

/* It is well again: what is wrong with it the next time is news. */
void complaint_over(struct complaints *complaints, const char *about);

#endif
