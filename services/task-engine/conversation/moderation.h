#ifndef TASK_ENGINE_CONVERSATION_MODERATION_H
#define TASK_ENGINE_CONVERSATION_MODERATION_H

#include <stddef.h>

/*
 * How bad a message looks, by rules that are data: what a moderator is helped
 * with, and nothing that anybody is punished by. Pure.
 */
enum moderation_severity {
	MODERATION_LOW,
	MODERATION_MEDIUM,
	MODERATION_HIGH,
	MODERATION_CRITICAL,
	MODERATION_SEVERITY_COUNT
};

extern const struct moderation_step {
	const char *name; /* "low" to "critical" */
	const char *action;
} moderation_steps[MODERATION_SEVERITY_COUNT];

enum { MODERATION_MAX_LABELS = 8 };

struct moderation {
	enum moderation_severity severity; /* of the worst that was found */
	const char *labels[MODERATION_MAX_LABELS];
	size_t n_labels;
};

void moderation_judge(struct moderation *out, const char *text);

#endif
